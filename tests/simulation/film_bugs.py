"""Planted bugs in the code of films and of reviews, as those in `bugs.py`."""

# pyright: reportPrivateUsage=false, reportUnknownLambdaType=false
# ruff: noqa: ARG001
# A bug has the form of what it replaces, and uses what that uses.

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from bot.db.film_models import FilmRow
from bot.films import acceptance, service
from bot.films import queue as film_queue
from bot.films.finishing import Finishing
from bot.films.late_shots import LateShots
from bot.films.queue import FilmQueue
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


async def _begin_unwritten(self: FilmQueue, row: FilmRow, names: tuple[str, ...]) -> FilmRow | None:
    """Begin to post a film, and write nothing down before."""
    return await self._database.read(lambda session: session.get(FilmRow, row.id))


def _change_unowned(_: FilmQueue, film_id: str, values: Mapping[str, Any]) -> ReturningUpdate[FilmRow]:
    changed = update(FilmRow).where(FilmRow.id == film_id).values(values).returning(FilmRow)
    return changed.execution_options(populate_existing=True)


def _nothing(*_: Any) -> None:
    """Open no review."""


async def _leave_ended(_: LateShots, __: str) -> None:
    """Leave a film as it is, whatever shot still comes."""


async def _nothing_to_do(_: Reviews) -> None:
    """End no review."""


FILM_BUGS: Mapping[str, Bug] = {
    "a film's earlier post is not looked for": instead(Finishing, "_post_once", _post_unseen),
    "a film's post is not written down before": instead(FilmQueue, "begin_posting", _begin_unwritten),
    "films are run without a lease": all_of(
        instead(FilmQueue, "_change", _change_unowned),
        instead(film_queue, "_is_due", lambda *_: FilmRow.accepted_at.is_not(None)),
    ),
    "two clicks on a film's offer make it twice": all_of(
        instead(service, "fetch_clicked", _fetch_agreed),
        instead(acceptance, "change_offer", _change_agreed),
    ),
    "moderators do not see films first": instead(acceptance, "open_review", _nothing),
    "a late shot does not open its film": instead(LateShots, "open_film", _leave_ended),
    "reviews never end by themselves": instead(Reviews, "look", _nothing_to_do),
}
