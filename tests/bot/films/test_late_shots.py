"""Films that are joined once more for a shot whose video came after their end, on both databases."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.db.database import Database
from bot.db.film_models import FilmRow
from bot.db.models import Generation, Status
from bot.films.late_shots import LateShots
from bot.films.rows import Film
from bot.films.service import Films
from bot.films.troubles import GIVEN_UP, UNNOTICED
from bot.media.files import Clip
from cogs.cards.film_message import FilmMessage
from tests.bot.clocks import StoppedClock
from tests.bot.films.test_films import accept, desk, end, film_queue, films, found
from tests.bot.films.test_redoing import note_post

__all__ = ["desk", "films"]

pytestmark = pytest.mark.both_engines


async def change(database: Database, table: type[FilmRow | Generation], name: str, **values: object) -> None:
    statement = update(table).where(table.id == name).values(values)
    await database.write(lambda session: session.execute(statement))


async def come(database: Database, shot: Generation) -> None:
    """Let a shot's video come after its time, without its message yet."""
    await change(database, Generation, shot.id, status=Status.SUCCEEDED, delivered_at=None, failure_kind=None)


@pytest.fixture
async def film(films: Films, database: Database, clock: StoppedClock) -> Film:
    """A film that was posted without its second shot."""
    film = await accept(films, 2)
    await films.attach_card(film.row.id, 10)
    for shot, status in zip(film.shots, (Status.SUCCEEDED, Status.FAILED), strict=True):
        await end(database, clock, shot, status, awaits_id=None)
    await note_post(film_queue(database, clock), await found(films, film), 99, clock)
    return await found(films, film)


async def test_a_film_waits_for_a_shot_that_came_late_and_is_joined_with_it(
    film: Film, database: Database, clock: StoppedClock
) -> None:
    await change(database, FilmRow, film.row.id, troubles={GIVEN_UP: ""}, attempts=8)
    await come(database, film.shots[1])
    await LateShots(database, clock).open_film(film.row.id)
    queue = film_queue(database, clock)
    assert await queue.claim() is None, "its shot isn't posted yet"
    await change(database, Generation, film.shots[1].id, delivered_at=clock())
    claimed = await queue.claim()
    assert claimed is not None
    assert (claimed.has_news, claimed.row.troubles, claimed.row.attempts) == (True, None, 0)


async def test_a_message_that_nobody_noted_is_looked_for_as_one_without_the_late_shot(
    film: Film, films: Films, database: Database, clock: StoppedClock
) -> None:
    await change(database, FilmRow, film.row.id, posting_at=clock())
    await come(database, film.shots[1])
    await LateShots(database, clock).open_film(film.row.id)
    assert (await found(films, film)).row.troubles == {UNNOTICED: film.shots[0].id}


async def test_a_shot_that_comes_while_its_film_ends_is_waited_for(
    film: Film, films: Films, database: Database, clock: StoppedClock
) -> None:
    await change(database, FilmRow, film.row.id, delivered_at=None, lease_owner=None, lease_until=None)
    queue = film_queue(database, clock)
    claimed = await queue.claim()
    assert claimed is not None
    await come(database, film.shots[1])
    await LateShots(database, clock).open_film(film.row.id)
    await queue.end(claimed.row)
    row = (await found(films, film)).row
    assert (row.delivered_at, row.lease_owner) == (None, None)


@pytest.mark.parametrize("gone", ["removed_at", "erased_at"])
async def test_a_film_that_is_gone_or_forgotten_stays_so(
    film: Film, films: Films, database: Database, clock: StoppedClock, gone: str
) -> None:
    await change(database, FilmRow, film.row.id, **{gone: clock()})
    await come(database, film.shots[1])
    await LateShots(database, clock).open_film(film.row.id)
    assert _ended_at(await found(films, film)) is not None


async def test_a_film_of_which_a_shot_is_forgotten_stays_as_it_is(
    film: Film, films: Films, database: Database, clock: StoppedClock
) -> None:
    await change(database, Generation, film.shots[0].id, erased_at=clock())
    await come(database, film.shots[1])
    await LateShots(database, clock).open_film(film.row.id)
    assert _ended_at(await found(films, film)) is not None


async def test_discord_does_not_take_a_film_with_a_late_shot_for_the_one_before(
    film: Film, films: Films, database: Database
) -> None:
    clip = Clip(Path("film.mp4"), 1, 4, 16, 16)
    before = FilmMessage(film, clip).nonce
    await come(database, film.shots[1])
    after = FilmMessage(await found(films, film), clip).nonce
    assert before != after
    assert max(len(before), len(after)) <= 25


def _ended_at(film: Film) -> datetime | None:
    return film.row.delivered_at
