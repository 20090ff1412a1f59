"""Planted bugs in the code of films and of reviews, as those in `bugs.py`."""

# pyright: reportPrivateUsage=false, reportUnknownLambdaType=false
# A bug has the form of what it replaces, and uses what that uses.

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.db.film_models import FilmRow
from bot.films import acceptance, service
from bot.films.finishing import Finishing
from bot.films.rows import Film
from bot.moderation.reviews import Reviews
from tests.simulation.planting import Bug, all_of, instead


async def _post_unseen(self: Finishing, film: Film) -> Any:
    """Post a film without a look for what an earlier try has posted."""
    joined, clip = await self._join(film)
    if clip is None:
        return joined.row, None
    return joined.row, await self._upload.post(joined.row, clip, self._begin_posting)


def _fetch_agreed(session: Session, _: Any, film_id: str, __: int, ___: datetime) -> FilmRow:
    """Take a click on an offer that was agreed to before."""
    return session.get_one(FilmRow, film_id)


def _change_agreed(session: Session, row: FilmRow, values: Mapping[str, Any]) -> FilmRow:
    changed = update(FilmRow).where(FilmRow.id == row.id).values(values).returning(FilmRow)
    return session.scalars(changed.execution_options(populate_existing=True)).one()


def _nothing(*_: Any) -> None:
    """Open no review."""


async def _nothing_to_do(_: Reviews) -> None:
    """End no review."""


FILM_BUGS: Mapping[str, Bug] = {
    "a film's earlier post is not looked for": instead(Finishing, "_post_once", _post_unseen),
    "two clicks on a film's offer make it twice": all_of(
        instead(service, "fetch_clicked", _fetch_agreed),
        instead(acceptance, "change_offer", _change_agreed),
    ),
    "moderators do not see films first": instead(acceptance, "open_review", _nothing),
    "reviews never end by themselves": instead(Reviews, "look", _nothing_to_do),
}
