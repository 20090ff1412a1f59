"""The figures of films: each shot is a request there, whether it's accepted, withdrawn or finished."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.db.database import Database
from bot.films.redoing import Redoing
from bot.films.service import Films
from bot.metrics.metrics import REGISTRY
from tests.bot.clocks import StoppedClock
from tests.bot.films.test_films import accept, desk, films
from tests.bot.films.test_redoing import posted, redoing, redone

__all__ = ["desk", "films", "redoing"]


@pytest.fixture
def counted() -> Callable[[], tuple[float, float]]:
    """Return how many requests were accepted, and how many withdrawn, since the test began."""

    def look() -> tuple[float, float]:
        accepted = REGISTRY.get_sample_value("veobot_requests_accepted_total") or 0.0
        labels = {"status": "withdrawn"}
        return accepted, REGISTRY.get_sample_value("veobot_requests_finished_total", labels) or 0.0

    before = look()
    return lambda: (look()[0] - before[0], look()[1] - before[1])


async def test_each_shot_of_a_film_is_accepted_and_withdrawn(
    films: Films, counted: Callable[[], tuple[float, float]]
) -> None:
    film = await accept(films, 3)
    assert counted() == (3, 0)
    await films.withdraw(film.row.id)
    await films.withdraw(film.row.id)
    assert counted() == (3, 3)


async def test_only_the_takes_of_shots_that_are_redone_are_accepted(
    films: Films,
    redoing: Redoing,
    database: Database,
    clock: StoppedClock,
    counted: Callable[[], tuple[float, float]],
) -> None:
    film = await posted(films, database, clock)
    clock.advance(timedelta(minutes=1))
    await redone(redoing, film, 2, 3)
    assert counted() == (3 + 2, 0)
