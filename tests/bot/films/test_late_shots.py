"""Films that are joined once more for a shot whose video came after their end, on both databases."""

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.db.database import Database, open_database
from bot.db.film_models import FilmRow
from bot.db.models import Generation, Status
from bot.films.late_shots import LateShots, open_card
from bot.films.redoing import Redoing
from bot.films.rows import Film
from bot.films.service import Films
from bot.films.troubles import CARD, GIVEN_UP, UNNOTICED
from bot.jobs.ports import ARRIVAL, DeliveryPostponedError, Posted
from bot.jobs.queue import LeaseLostError
from bot.media.files import Clip
from cogs.cards.film_message import FilmMessage
from tests.bot.clocks import StoppedClock
from tests.bot.films.test_films import accept, desk, end, film_queue, films, found
from tests.bot.films.test_finishing import World, world
from tests.bot.films.test_redoing import note_post, posted, redoing, redone

__all__ = ["desk", "films", "redoing", "world"]

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


async def test_a_card_is_edited_until_it_says_that_a_late_shot_is_not_waited_for_any_more(
    film: Film, database: Database, clock: StoppedClock, world: World
) -> None:
    day_ago = (clock() - timedelta(days=1)).isoformat()
    await change(database, FilmRow, film.row.id, troubles={CARD: day_ago}, attempts=8)
    await database.write(lambda session: open_card(session, film.row.id, clock()))
    world.card_trouble = DeliveryPostponedError("Discord is away")
    assert (await world.look(film)).delivered_at is None, "an old trouble with the card counts for this one"
    row = await world.look(film, timedelta(minutes=5))
    assert (row.delivered_at, world.cards, world.posts) == (clock(), 1, 0)


async def test_a_card_that_another_process_shows_while_the_wait_ends_is_shown_once_more(
    film: Film, database: Database, clock: StoppedClock
) -> None:
    await change(database, FilmRow, film.row.id, delivered_at=None, lease_owner=None, lease_until=None)
    queue = film_queue(database, clock)
    claimed = await queue.claim()
    assert claimed is not None
    await database.write(lambda session: open_card(session, film.row.id, clock()))
    with pytest.raises(LeaseLostError):
        await queue.end(claimed.row)
    again = await queue.claim()
    assert again is not None
    assert not again.row.troubles, "a film that was never ended is joined as before"


async def test_a_film_that_was_opened_for_its_card_is_joined_with_a_shot_that_comes_all_the_same(
    film: Film, database: Database, clock: StoppedClock, world: World
) -> None:
    await database.write(lambda session: open_card(session, film.row.id, clock()))
    await come(database, film.shots[1])
    await LateShots(database, clock).open_film(film.row.id)
    await change(database, Generation, film.shots[1].id, delivered_at=clock())
    row = await world.look(film)
    assert (world.posts, row.joined_shots) == (1, [shot.id for shot in film.shots])


async def test_the_card_of_a_film_that_was_removed_says_that_a_late_shot_is_not_waited_for_any_more(
    film: Film, database: Database, clock: StoppedClock, world: World
) -> None:
    await change(database, FilmRow, film.row.id, removed_at=clock())
    await database.write(lambda session: open_card(session, film.row.id, clock()))
    row = await world.look(film)
    assert (row.delivered_at, world.cards, world.posts) == (clock(), 1, 0)


async def test_the_card_of_a_film_whose_words_are_forgotten_stays(
    film: Film, films: Films, database: Database, clock: StoppedClock
) -> None:
    await change(database, FilmRow, film.row.id, erased_at=clock())
    await database.write(lambda session: open_card(session, film.row.id, clock()))
    assert _ended_at(await found(films, film)) is not None


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


async def test_a_shot_that_comes_while_another_process_notes_the_end_opens_the_film(
    film: Film, films: Films, database: Database, database_url: str, clock: StoppedClock
) -> None:
    running = {"delivered_at": None, "lease_owner": "other", "lease_until": clock() + timedelta(minutes=1)}
    await change(database, FilmRow, film.row.id, **running)
    await come(database, film.shots[1])
    began, ends = threading.Event(), threading.Event()

    def end_slowly(session: Session) -> None:
        row = session.get_one(FilmRow, film.row.id, with_for_update=True)
        row.delivered_at, row.lease_owner, row.lease_until = clock(), None, None
        session.flush()
        began.set()
        assert ends.wait(60)

    async with open_database(database_url) as other:
        ending = asyncio.create_task(asyncio.to_thread(asyncio.run, _write(database_url, end_slowly)))
        assert await asyncio.to_thread(began.wait, 60)
        opening = asyncio.create_task(LateShots(other, clock).open_film(film.row.id))
        await asyncio.wait({opening}, timeout=0.5)  # it looks at the film, which seems to be open
        ends.set()
        await asyncio.gather(ending, opening)
    assert _ended_at(await found(films, film)) is None, "its shot is posted, and it's never joined with that"


async def test_a_film_whose_post_was_not_answered_before_a_shot_came_late_is_posted_again_with_it(
    film: Film, films: Films, database: Database, clock: StoppedClock, world: World
) -> None:
    free = {"delivered_at": None, "lease_owner": None, "lease_until": None}
    unanswered = {**free, "posting_at": clock(), "result_id": None, "joined_shots": None}
    await change(database, FilmRow, film.row.id, **unanswered)
    world.posted = Posted(98, 10)  # it has got through
    await come(database, film.shots[1])
    await LateShots(database, clock).open_film(film.row.id)
    await change(database, Generation, film.shots[1].id, delivered_at=clock())
    row = await world.look(await found(films, film))
    assert (world.posts, row.joined_shots) == (1, [shot.id for shot in film.shots])
    assert row.delivered_at is not None
    assert world.replaced == 1, "the message without the shot doesn't lead to the film"


async def test_a_film_with_a_late_shot_waits_for_the_message_before_that_may_still_get_through(
    film: Film, films: Films, database: Database, clock: StoppedClock, world: World
) -> None:
    free = {"delivered_at": None, "lease_owner": None, "lease_until": None}
    unanswered = {**free, "posting_at": clock(), "result_id": None, "joined_shots": None}
    await change(database, FilmRow, film.row.id, **unanswered)
    await come(database, film.shots[1])
    await LateShots(database, clock).open_film(film.row.id)
    await change(database, Generation, film.shots[1].id, delivered_at=clock())
    await world.look(await found(films, film))
    assert world.posts == 0, "the one before would stand beside it"
    world.posted = Posted(98, 10)
    row = await world.look(await found(films, film), ARRIVAL)
    assert (world.posts, world.replaced, row.joined_shots) == (1, 1, [shot.id for shot in film.shots])


@pytest.mark.parametrize("is_over", [True, False])
async def test_a_message_that_nobody_noted_goes_with_a_shot_of_it_that_is_removed(
    film: Film, films: Films, database: Database, clock: StoppedClock, world: World, *, is_over: bool
) -> None:
    free = {"delivered_at": clock() if is_over else None, "lease_owner": None, "lease_until": None}
    unanswered = {**free, "posting_at": clock(), "result_id": None, "joined_shots": None}
    await change(database, FilmRow, film.row.id, **unanswered)
    world.posted = Posted(98, 10)
    await come(database, film.shots[1])
    await LateShots(database, clock).open_film(film.row.id)
    assert await films.remove(film.row.id, 3, shot_id=film.shots[0].id) is not None
    await change(database, Generation, film.shots[0].id, removed_at=clock())
    await change(database, Generation, film.shots[1].id, delivered_at=clock())
    row = await world.look(await found(films, film))
    assert (row.result_id, world.taken_down, world.posts) == (98, 1, 0)


async def test_a_message_that_nobody_noted_shows_the_take_before_the_late_one(
    films: Films, database: Database, clock: StoppedClock, redoing: Redoing
) -> None:
    film = await redone(redoing, await posted(films, database, clock), 3)
    before, late = [take for take in film.takes if take.shot == 3]
    await end(database, clock, late, Status.FAILED, awaits_id=None)
    await change(database, FilmRow, film.row.id, delivered_at=clock(), posting_at=clock())
    await come(database, late)
    await LateShots(database, clock).open_film(film.row.id)
    unnoticed = ((await found(films, film)).row.troubles or {})[UNNOTICED].split()
    assert unnoticed == [film.shots[0].id, film.shots[1].id, before.id]


CLIP = Clip(Path("film.mp4"), 1, 4, 16, 16)


async def test_discord_does_not_take_a_film_with_a_late_shot_for_the_one_before(
    film: Film, films: Films, database: Database, clock: StoppedClock
) -> None:
    before = FilmMessage(film, CLIP).nonce
    await come(database, film.shots[1])
    await change(database, Generation, film.shots[1].id, delivered_at=clock())
    after = FilmMessage(await found(films, film), CLIP).nonce
    assert before != after
    forms = [FilmMessage(film, CLIP, with_words=False), FilmMessage(film, CLIP, with_file=False)]
    assert max(len(nonce) for nonce in (before, after, *(form.nonce for form in forms))) <= 25


async def test_discord_does_not_take_a_film_with_a_late_redone_shot_for_the_one_with_the_take_before(
    films: Films, database: Database, clock: StoppedClock, redoing: Redoing
) -> None:
    film = await redone(redoing, await posted(films, database, clock), 2, last=3)
    in_time, late = film.shots[1:]
    await end(database, clock, in_time, Status.SUCCEEDED, awaits_id=None)
    await end(database, clock, late, Status.FAILED, awaits_id=None)
    before = await found(films, film)
    await end(database, clock, late, Status.SUCCEEDED)
    after = await found(films, film)
    assert before.names != after.names
    assert FilmMessage(before, CLIP).nonce != FilmMessage(after, CLIP).nonce


async def test_a_film_does_not_say_that_it_has_a_shot_that_came_while_it_was_posted(
    film: Film, films: Films, database: Database
) -> None:
    before = FilmMessage(film, CLIP)
    await come(database, film.shots[1])
    message = FilmMessage(await found(films, film), CLIP)
    assert (message.content, message.nonce) == (before.content, before.nonce)
    assert "Shot 2 is missing." in message.content


async def _write(url: str, work: Callable[[Session], None]) -> None:
    async with open_database(url) as database:
        await database.write(work)


def _ended_at(film: Film) -> datetime | None:
    return film.row.delivered_at
