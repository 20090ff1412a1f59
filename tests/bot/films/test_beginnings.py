"""A shot begins with the last frame of what is still there, on every machine, and with no other one's."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, cast

import pytest
from sqlalchemy import update

from bot.clock import utc_now
from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.films.redoing import Redoing
from bot.films.rows import Film
from bot.films.service import Films
from bot.jobs.steps.base import StepPostponedError
from bot.media.downloads import FileGoneError, MediaError
from bot.media.image_links import frame_link
from bot.media.images import data_uri_of
from bot.media.last_frames import LastFrames, SlowFrameError, VideoSources
from sandbox.provider import Provider
from tests.bot.clocks import StoppedClock
from tests.bot.drawn import BLUE, RED, draw
from tests.bot.engine import BEYOND, Engine, MakeEngine
from tests.bot.films.test_films import accept, desk, end, film_queue, films, found
from tests.bot.films.test_redoing import redoing, redone
from tests.bot.rows import insert, reread

__all__ = ["desk", "films", "redoing"]

RED_FRAME, BLUE_FRAME = draw(colour=RED), draw(colour=BLUE)


class Frames(dict[str, bytes | MediaError]):
    """The last frames of videos by their addresses, or why they can't be had."""

    async def find(self, places: VideoSources, _: int) -> bytes:
        frame = self.get(places.address or "", FileGoneError("404"))
        if isinstance(frame, MediaError):
            raise frame
        return frame


@pytest.fixture
def frames() -> Frames:
    """The frames of a film's first two shots."""
    return Frames(a1=RED_FRAME, a2=BLUE_FRAME)


@pytest.fixture
def start(make_engine: MakeEngine, frames: Frames) -> Callable[..., Engine]:
    """Start processes, each with a disk of its own."""
    return partial(make_engine, last_frames=cast("LastFrames", frames))


@pytest.fixture
async def film(films: Films, database: Database, clock: StoppedClock) -> Film:
    """A film whose third shot may begin."""
    film = await accept(films, 3)
    await films.attach_card(film.row.id, 10)
    for shot in film.shots[:2]:
        await end(database, clock, shot, Status.SUCCEEDED, awaits_id=None, video_url=f"a{shot.shot}")
    await film_queue(database, clock).release_shots()
    return await found(films, film)


async def change(database: Database, row: Generation, **values: Any) -> None:
    statement = update(Generation).where(Generation.id == row.id).values(values)
    await database.write(lambda session: session.execute(statement))


async def step(engine: Engine, *, is_postponed: bool = False) -> None:
    """Let a process run the one row that is due as far as it goes."""
    claimed = await engine.claim()
    if is_postponed:
        with pytest.raises(StepPostponedError):
            await engine.workflow.run(claimed)
    else:
        await engine.workflow.run(claimed)
    await engine.queue.release_all()


def sent_images(provider: Provider) -> list[str]:
    bodies: list[Any] = [call.json for call in provider.calls if call.kind == "create"]
    return [body["image_url"] for body in bodies]


@pytest.mark.parametrize("other", ["one", "two"], ids=["one process", "two processes"])
async def test_a_shot_is_not_begun_with_the_frame_of_one_that_was_taken_down_while_it_waited(
    film: Film, start: Callable[..., Engine], database: Database, provider: Provider, other: str
) -> None:
    first, third = start(), film.shots[2]
    second = first if other == "one" else start(other)
    await step(first)
    assert (await reread(database, third.id)).status is Status.QUEUED
    await change(database, film.shots[1], removed_at=utc_now())
    await step(second, is_postponed=True)
    await film_queue(database, cast("StoppedClock", first.clock)).release_shots()
    await step(second)
    after = await first.delivered(third.id)
    assert (after.status, after.continues_id) == (Status.SUCCEEDED, film.shots[0].id)
    assert sent_images(provider) == [data_uri_of(RED_FRAME)]
    assert [*first.images.iterdir()] == []


async def test_a_shot_is_begun_with_the_frame_of_one_that_is_still_being_posted(
    film: Film, start: Callable[..., Engine], database: Database, provider: Provider
) -> None:
    engine = start()
    await step(engine)
    elsewhere = {"lease_owner": "other", "lease_until": utc_now() + timedelta(minutes=1)}
    await change(database, film.shots[1], delivered_at=None, result_id=None, **elsewhere)
    await engine.delivered(film.shots[2].id)
    assert sent_images(provider) == [data_uri_of(BLUE_FRAME)]


async def test_only_the_take_whose_frame_is_missing_is_left_out(
    film: Film,
    start: Callable[..., Engine],
    films: Films,
    redoing: Redoing,
    database: Database,
    clock: StoppedClock,
    frames: Frames,
) -> None:
    old, third = film.shots[1], film.shots[2]
    new = (await redone(redoing, film, 2)).shots[1]
    await end(database, clock, new, Status.SUCCEEDED, awaits_id=None, video_url="new")
    del frames["a2"]
    await step(start(), is_postponed=True)
    assert (await found(films, film)).row.frameless_shots == [old.id]
    await film_queue(database, clock).release_shots()
    assert (await reread(database, third.id)).continues_id == new.id


async def test_what_continues_a_films_shot_outside_of_it_changes_nothing_of_the_film(
    film: Film, start: Callable[..., Engine], films: Films, database: Database, frames: Frames
) -> None:
    source, third = film.shots[1], film.shots[2]
    await change(database, third, lease_owner="other", lease_until=utc_now() + timedelta(minutes=1))
    made_from = {"picture_urls": [frame_link(source.id)], "continues_id": source.id}
    again = await insert(database, status=Status.PREPARING, model=third.model, **made_from)
    del frames["a2"]
    ended = await start().delivered(again.id)
    assert (await found(films, film)).row.frameless_shots is None
    assert (ended.status, ended.failure_kind) == (Status.FAILED, FailureKind.VIDEO_GONE)


@pytest.mark.parametrize("trouble", [SlowFrameError("too slow"), MediaError("a full disk")], ids=type)
async def test_a_frame_that_the_disk_lost_is_fetched_again_as_at_first_and_for_as_long(
    film: Film,
    start: Callable[..., Engine],
    database: Database,
    provider: Provider,
    frames: Frames,
    trouble: MediaError,
) -> None:
    engine, third = start(), film.shots[2]
    await step(engine)
    engine.clock.advance(BEYOND)  # in the queue
    for path in engine.images.iterdir():
        path.unlink()
    frames["a2"] = trouble
    await step(engine, is_postponed=True)
    waiting = await reread(database, third.id)
    assert (waiting.status, waiting.awaits_id) == (Status.PREPARING, None)
    engine.clock.advance(BEYOND)
    if isinstance(trouble, SlowFrameError):
        await step(engine, is_postponed=True)
        await film_queue(database, cast("StoppedClock", engine.clock)).release_shots()
        await engine.delivered(third.id)
        assert sent_images(provider) == [data_uri_of(RED_FRAME)]
    else:
        ended = await engine.delivered(third.id)
        assert (ended.status, ended.failure_kind) == (Status.FAILED, FailureKind.VIDEO_GONE)
        assert sent_images(provider) == []


async def test_a_frame_that_the_disk_lost_is_sent_once_it_is_there_again(
    film: Film, start: Callable[..., Engine], provider: Provider, frames: Frames
) -> None:
    first, second = start(), start("two")
    await step(first)
    frames["a2"] = MediaError("later")
    await step(second, is_postponed=True)
    frames["a2"] = BLUE_FRAME
    await second.delivered(film.shots[2].id)
    assert sent_images(provider) == [data_uri_of(BLUE_FRAME)]


async def test_nothing_of_the_first_beginning_is_left_where_another_one_could_be_taken_for_it(
    film: Film, start: Callable[..., Engine], database: Database
) -> None:
    engine, third = start(), film.shots[2]
    await step(engine)
    (path,) = engine.images.iterdir()
    path.rename(engine.images / f"{third.id}-0")  # the name that the version before gave every image
    await change(database, film.shots[1], removed_at=utc_now())
    await step(engine, is_postponed=True)
    assert [*engine.images.iterdir()] == []
