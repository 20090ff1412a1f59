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

from bot.admission.context import Requester
from bot.db.film_models import FilmRow
from bot.films import acceptance, service
from bot.films import queue as film_queue
from bot.films.finishing import Finishing
from bot.films.late_shots import LateShots
from bot.films.offers import fetch_clicked
from bot.films.queue import FilmQueue
from bot.films.rows import Film
from bot.jobs.steps.late import LateWatch
from bot.moderation.reviews import Reviews
from tests.simulation.planting import Bug, all_of, instead


async def _post_unseen(self: Finishing, film: Film) -> Any:
    """Post a film without a look for what an earlier try has posted."""
    joined, clip = await self._join(film)
    if clip is None:
        return joined.row, None
    return joined.row, await self._upload.post(joined.row, clip, self._begin_posting)


def _fetch_agreed(
    session: Session, requester: Requester, film_id: str, revision: int, now: datetime
) -> FilmRow:
    """Take a click on an offer that was agreed to before, as long as its words are there."""
    row = session.get(FilmRow, film_id)
    is_taken = row is not None and row.accepted_at is not None and row.prompts
    return row if row and is_taken else fetch_clicked(session, requester, film_id, revision, now)


def _change_agreed(session: Session, row: FilmRow, values: Mapping[str, Any]) -> FilmRow:
    """Change an offer, and keep its words, without which nobody could agree to it twice."""
    kept = {name: value for name, value in values.items() if name != "prompts"}
    changed = update(FilmRow).where(FilmRow.id == row.id).values(kept).returning(FilmRow)
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
    """Ignore a late shot."""


async def _nothing_to_do(*_: Any) -> None:
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
    "a film's card is not told that a late shot never comes": instead(LateWatch, "_to_film", lambda *_: None),
    "a late shot does not open its film": instead(LateShots, "open_film", _leave_ended),
    "reviews never end by themselves": instead(Reviews, "look", _nothing_to_do),
}
