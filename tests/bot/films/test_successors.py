"""What is told below a shot whose model is gone: another model, none, or that it isn't up to the models."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.films.service import Films
from bot.films.successors import FilmSuccessors
from bot.policy.store import RecentPolicies
from bot.provider.catalogue import CATALOGUE
from tests.bot.clocks import StoppedClock
from tests.bot.films.test_films import IMAGE, desk, films, found
from tests.bot.films.test_redo import FRAME, made
from tests.bot.quoting import Desk

__all__ = ["desk", "films"]
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("after", "words", "gone", "has_others"),
    [
        (timedelta(), "a fox", {FRAME}, True),
        (timedelta(), "a fox", {model.id for model in CATALOGUE}, False),
        (2 * DAY, "a fox", {FRAME}, None),
        (timedelta(), "", {FRAME}, None),
    ],
    ids=["another one makes it", "none makes it", "its image is gone", "its words are gone"],
)
async def test_a_shot_has_another_model_unless_it_cannot_be_redone_anyway(
    films: Films,
    desk: Desk,
    database: Database,
    clock: StoppedClock,
    after: timedelta,
    words: str,
    gone: set[str],
    *,
    has_others: bool | None,
) -> None:
    film = await made(films, database, clock, failed=1, image=IMAGE)
    values: dict[str, Any] = {"model": FRAME, "failure_kind": FailureKind.MODEL_GONE, "prompt": words}
    change = update(Generation).where(Generation.status == Status.FAILED).values(values)
    await database.write(lambda session: session.execute(change))
    desk.prices.gone = frozenset(gone)
    successors = FilmSuccessors(CATALOGUE, desk.prices, RecentPolicies(database), films.find, clock)
    shot = (await found(films, film)).shots[0]
    clock.advance(after)
    instead, told = await successors.look(shot)
    assert (instead is not None, told) == (has_others is True, has_others)
