"""A film's last steps on both databases, with files and a Discord that fail as they are told to."""

import asyncio
from datetime import UTC, datetime, timedelta
from errno import ENOSPC
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest
from sqlalchemy import update

from bot.db.database import Database
from bot.db.film_models import UNFADED, FilmRow, Transition
from bot.db.models import Generation, Status
from bot.films.finishing import Finishing
from bot.films.queue import FilmQueue
from bot.films.redoing import Redoing
from bot.films.rows import Film
from bot.films.runner import MAX_ATTEMPTS, MAX_ENDINGS, FilmRunner
from bot.films.service import Films
from bot.films.shot_files import ShotFiles
from bot.films.troubles import GIVEN_UP, after_redo
from bot.jobs.ports import ARRIVAL, DeliveryPostponedError, FilmPort, Posted, UndeliverableError
from bot.jobs.steps.timing import Patience, Timing
from bot.jobs.steps.upload import Upload
from bot.media.downloads import Downloads, FileGoneError, MediaError
from bot.media.files import NO_ROOM, Clip, VideoStore
from bot.media.joining import Joiner, JoiningStoppedError, JoiningTimeoutError
from bot.provider.catalogue import CATALOGUE
from bot.provider.client import VeoClient
from bot.provider.errors import UnknownTaskError
from bot.provider.models import Task
from tests.bot.clocks import StoppedClock
from tests.bot.films.test_films import accept, desk, end, films, found
from tests.bot.films.test_redoing import redoing, redone
from tests.bot.troubles import busy_thread

__all__ = ["desk", "films", "redoing"]

Trouble = Exception | None
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Disk(VideoStore):
    """Files that are where they are asked for, except those at addresses with a trouble."""

    def __init__(self, folder: Path) -> None:
        super().__init__(cast("Downloads", None), folder)
        self.troubles: dict[str, Exception] = {}
        self.asked: list[str] = []

    async def fetch(self, generation_id: str, url: str) -> Clip:
        self.asked.append(url)
        if url in self.troubles:
            raise self.troubles[url]
        return Clip(self.path(generation_id), 1, 4, 16, 16)


class Scissors(Joiner):
    """Joins nothing, and knows how many were to be."""

    counts: ClassVar[list[int]] = []
    troubles: ClassVar[list[Exception]] = []
    fading: ClassVar[list[Exception]] = []  # what crossfades end with

    async def join(self, clips: Any, output: Path, transition: Transition = Transition.CUT) -> Clip:
        self.counts.append(len(clips))
        if transition is Transition.CROSSFADE and self.fading:
            raise self.fading[0]
        if self.troubles:
            raise self.troubles[0]
        await asyncio.to_thread(output.write_bytes, b"\0\0\0\0ftyp")
        return Clip(output, 8, 8, 16, 16)


class World:
    """Discord and the provider, as the films' last steps see them."""

    def __init__(self, folder: Path, queue: FilmQueue, clock: StoppedClock, films: Films) -> None:
        self.disk = Disk(folder)
        self.joiner = Scissors()
        self.joiner.counts.clear()
        self.joiner.troubles.clear()
        self.joiner.fading[:] = [JoiningTimeoutError("crossfades take too long")]
        self.films = films
        self.clock = clock
        self.address = ""  # the provider's, where it's asked for another one
        self.attachment: str | None = None
        self.posted: Posted | None = None
        self.post_trouble: Trouble = None
        self.removal_trouble: Trouble = None
        self.replacing_trouble: Trouble = None
        self.card_trouble: Trouble = None
        self.shown: FilmRow | None = None
        self.posts = self.taken_down = self.cards = self.replaced = 0
        files = ShotFiles(self.disk, self.disk, cast("VeoClient", self), self.find_attachment)
        port, upload = cast("FilmPort", self), cast("Upload[FilmRow]", self)
        patience = Patience(clock, lambda: clock().timestamp())
        finishing = Finishing(queue, files, self.disk, self.joiner, port, upload, Timing(), clock, patience)
        self.runner = FilmRunner(queue, finishing, work=asyncio.Event(), stopping=asyncio.Event())

    async def retrieve(self, *_: object) -> Task:
        if not self.address:
            raise UnknownTaskError("unknown")
        return Task(id="x", status="completed", video=self.address)

    async def find_attachment(self, _: Generation) -> str | None:
        return self.attachment

    async def find_result(self, row: FilmRow) -> Posted | None:
        is_later = self.posted is not None and self.posted.message_id > (row.result_id or 0)
        return self.posted if is_later else None

    async def post(self, row: FilmRow, _: Clip, begin: Any) -> Posted:
        await begin(row)
        if self.post_trouble is not None:
            raise self.post_trouble
        self.posts += 1
        return Posted(99, 10)

    async def take_down(self, _: FilmRow) -> None:
        if self.removal_trouble is not None:
            raise self.removal_trouble
        self.taken_down += 1

    async def show_replaced(self, _: FilmRow) -> None:
        if self.replacing_trouble is not None:
            raise self.replacing_trouble
        self.replaced += 1

    async def show_film(self, row: FilmRow) -> None:
        self.shown, trouble, self.card_trouble = row, self.card_trouble, None
        if trouble is not None:
            raise trouble
        self.cards += 1

    async def look(self, film: Film, after: timedelta = timedelta()) -> FilmRow:
        self.clock.advance(after)
        await self.runner.look()
        return (await found(self.films, film)).row


@pytest.fixture
def world(
    tmp_path: Path,
    database: Database,
    clock: StoppedClock,
    films: Films,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    async def probe(path: Path) -> Clip:
        return Clip(path, 1, 8, 16, 16)

    monkeypatch.setattr("bot.films.finishing.probe", probe)
    queue = FilmQueue(database, "one", lease=timedelta(seconds=60), models=CATALOGUE, clock=clock)
    return World(tmp_path, queue, clock, films)


@pytest.fixture
async def film(films: Films, database: Database, clock: StoppedClock) -> Film:
    """A film whose two shots were made at `a1` and `a2`."""
    film = await accept(films, 2)
    await films.attach_card(film.row.id, 10)
    for shot in film.shots:
        await end(database, clock, shot, Status.SUCCEEDED, video_url=f"a{shot.shot}")
    return await found(films, film)


async def change(database: Database, film: Film, **values: Any) -> None:
    statement = update(FilmRow).where(FilmRow.id == film.row.id).values(values)
    await database.write(lambda session: session.execute(statement))


async def test_only_a_file_that_is_gone_for_long_is_left_out(film: Film, world: World) -> None:
    world.disk.troubles["a2"] = MediaError(NO_ROOM)
    for after in (timedelta(hours=5), timedelta(hours=1), timedelta(hours=1)):
        assert (await world.look(film, after)).lost_shots is None
    world.disk.troubles["a2"] = FileGoneError("404")
    for after in (timedelta(minutes=1), timedelta(minutes=14)):
        row = await world.look(film, after)
        assert (row.lost_shots, row.delivered_at) == (None, None)
    row = await world.look(film, timedelta(minutes=2))
    assert (row.lost_shots, world.joiner.counts, row.result_id) == ([2], [1], 99)


async def test_a_file_is_had_from_another_address_or_from_its_message(film: Film, world: World) -> None:
    world.disk.troubles = {url: FileGoneError("404") for url in ("a1", "a2")}
    world.address = "https://cdn.example.org/new.mp4"
    row = await world.look(film)
    assert (row.result_id, world.disk.asked) == (99, ["a1", world.address, "a2", world.address])


async def test_a_file_that_the_provider_has_no_more_is_had_from_its_message(film: Film, world: World) -> None:
    world.disk.troubles["a1"] = FileGoneError("404")
    world.attachment = "posted"
    row = await world.look(film)
    assert (row.result_id, row.lost_shots, world.disk.asked) == (99, None, ["a1", "posted", "a2"])


@pytest.mark.parametrize("is_whole", [True, False])
async def test_a_file_that_was_kept_since_it_was_posted_smaller_is_joined_without_asking_for_it(
    film: Film, world: World, monkeypatch: pytest.MonkeyPatch, *, is_whole: bool
) -> None:
    async def probe(path: Path) -> Clip:
        if not is_whole:
            raise MediaError("damaged")
        return Clip(path, 1, 4, 16, 16)

    monkeypatch.setattr("bot.films.shot_files.probe", probe)
    kept = world.disk.path(film.shots[0].id)
    kept.write_bytes(b"original")
    kept.with_suffix(".fit-9.mp4").write_bytes(b"smaller")
    world.disk.close(film.shots[0].id)
    row = await world.look(film)
    assert (row.result_id, row.lost_shots) == (99, None)
    assert world.disk.asked == (["a2"] if is_whole else ["a1", "a2"])


async def test_a_film_that_is_joined_anew_is_not_posted_in_a_form_of_an_earlier_one(
    film: Film, world: World
) -> None:
    """It's as long as before a shot was redone, and another process may have finished that one."""
    earlier = world.disk.path(film.row.id).with_suffix(".fit-100.mp4")
    earlier.write_bytes(b"the film before")
    world.post_trouble = LATER
    await world.look(film)
    assert world.joiner.counts == [2]
    assert not earlier.exists(), "the fitter takes what was made before for this film"
    same = world.disk.path(film.row.id).with_suffix(".fit-50.mp4")
    same.write_bytes(b"of this film")
    await world.look(film, timedelta(minutes=1))
    assert (world.joiner.counts, same.exists()) == ([2], True), "what was made of this film is of use"


async def test_a_film_of_which_no_file_is_left_ends_without_joining(film: Film, world: World) -> None:
    world.disk.troubles = {url: FileGoneError("404") for url in ("a1", "a2")}
    await world.look(film)
    await world.look(film, timedelta(minutes=16))
    row = await world.look(film, timedelta(minutes=16))
    assert (row.lost_shots, world.joiner.counts, row.result_id) == ([1, 2], [], None)
    assert row.delivered_at == world.clock()


async def test_a_film_that_was_not_posted_is_not_being_posted(film: Film, world: World) -> None:
    world.post_trouble = UndeliverableError("no permission")
    row = await world.look(film)
    assert (row.posting_at, row.delivered_at) == (None, None)
    world.post_trouble = DeliveryPostponedError("no answer")
    row = await world.look(film, timedelta(minutes=6))
    assert row.posting_at is not None
    world.disk.troubles["a1"] = MediaError("later")
    row = await world.look(film, timedelta(minutes=1))
    assert row.posting_at is not None, "Discord may still carry it out"
    row = await world.look(film, timedelta(minutes=5))
    assert row.posting_at is None, "a look showed that it isn't posted"
    assert await world.films.remove(film.row.id, film.row.user_id) is None


async def given_up_posting(film: Film, world: World) -> None:
    """Let Discord answer nothing for a day, so that nobody knows whether the film was posted."""
    world.post_trouble = DeliveryPostponedError("no answer")
    await world.look(film)
    row = await world.look(film, timedelta(hours=25))
    assert (row.posting_at is not None, row.delivered_at) == (True, world.clock())


async def test_of_a_film_whose_posting_was_given_up_it_stays_noted_that_it_may_be_posted(
    film: Film, world: World
) -> None:
    await given_up_posting(film, world)
    assert await world.films.remove(film.row.id, film.row.user_id) is not None


async def test_a_film_that_was_posted_unnoticed_is_not_taken_for_the_one_that_is_made_after_it(
    film: Film, world: World, redoing: Redoing, database: Database
) -> None:
    await given_up_posting(film, world)
    world.posted = Posted(98, 10)
    again = await redone(redoing, film, 2)
    await end(database, world.clock, again.shots[1], Status.SUCCEEDED, awaits_id=None, video_url="a3")
    row = await world.look(film)
    assert (row.result_id, row.joined_shots) == (98, [*film.names])
    world.post_trouble = None
    row = await world.look(film, timedelta(hours=1))
    assert (row.result_id, world.posts, world.replaced) == (99, 1, 1)
    assert row.joined_shots == [film.shots[0].id, again.shots[1].id]


async def test_a_film_that_was_posted_unnoticed_is_not_posted_again_where_no_new_shot_is_made(
    film: Film, world: World, redoing: Redoing, database: Database
) -> None:
    await given_up_posting(film, world)
    world.posted = Posted(98, 10)
    again = await redone(redoing, film, 2)
    await end(database, world.clock, again.shots[1], Status.FAILED, awaits_id=None)
    row = await world.look(film)
    assert (row.result_id, world.posts, row.delivered_at) == (98, 0, world.clock())


@pytest.mark.parametrize("is_posted", [True, False])
async def test_a_film_that_was_removed_is_not_posted(
    film: Film, world: World, database: Database, is_posted: bool
) -> None:
    await change(database, film, posting_at=world.clock(), removed_at=world.clock())
    world.posted = Posted(99, 10) if is_posted else None
    row = await world.look(film)
    if not is_posted:
        assert row.delivered_at is None, "Discord may still carry it out, and nobody would delete it then"
        row = await world.look(film, timedelta(minutes=5))
    assert (world.posts, row.result_id, row.delivered_at) == (0, 99 if is_posted else None, world.clock())


async def test_a_film_whose_shots_were_all_removed_waits_for_a_post_that_may_still_get_through(
    film: Film, world: World, database: Database, clock: StoppedClock
) -> None:
    world.post_trouble = DeliveryPostponedError("no answer")
    await world.look(film)
    for shot in film.shots:
        await end(database, clock, shot, Status.SUCCEEDED, removed_at=clock())
    assert (await world.look(film, timedelta(minutes=1))).delivered_at is None
    world.posted = Posted(98, 10)
    row = await world.look(film, timedelta(minutes=4))
    assert (row.result_id, row.delivered_at) == (98, clock()), "it stays in Discord, and nobody knows of it"


async def test_a_refused_try_does_not_hide_that_the_one_before_may_still_get_through(
    film: Film, world: World
) -> None:
    world.post_trouble = DeliveryPostponedError("no answer")
    await world.look(film)
    world.post_trouble = UndeliverableError("no permission")
    await world.look(film, timedelta(minutes=1))
    world.posted, world.post_trouble = Posted(98, 10), None
    row = await world.look(film, timedelta(minutes=5))
    assert (row.result_id, world.posts) == (98, 0), "it was posted twice"


@pytest.mark.both_engines
async def test_a_shot_that_is_taken_down_in_the_last_moment_is_not_posted(
    film: Film, world: World, database: Database, clock: StoppedClock
) -> None:
    queue = FilmQueue(database, "two", lease=timedelta(seconds=60), models=CATALOGUE, clock=clock)
    taken = await queue.claim()
    assert taken is not None
    await end(database, clock, film.shots[0], Status.SUCCEEDED, removed_at=clock())
    assert await queue.begin_posting(taken.row, taken.names) is None
    assert (await found(world.films, film)).row.posting_at is None
    rest = (film.shots[1].id,)
    begun = await queue.begin_posting(taken.row, rest)
    assert begun is not None
    assert begun.posting_at == clock()


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("film")
async def test_a_film_is_posted_from_the_moment_on_at_which_that_was_written_down(
    database: Database, clock: StoppedClock
) -> None:
    queue = FilmQueue(database, "two", lease=timedelta(seconds=60), models=CATALOGUE, clock=clock)
    taken = await queue.claim()
    assert taken is not None
    async with busy_thread(database):
        beginning = asyncio.create_task(queue.begin_posting(taken.row, taken.names))
        await asyncio.sleep(0)
        clock.advance(ARRIVAL)
    begun = await beginning
    assert begun is not None
    assert begun.posting_at == clock(), "another process no longer waits for the message"


async def test_a_removed_film_is_taken_down_however_long_discord_is_away(
    film: Film, world: World, database: Database
) -> None:
    await change(database, film, posting_at=world.clock(), removed_at=world.clock())
    world.posted, world.removal_trouble = Posted(99, 10), DeliveryPostponedError("503")
    for after in (timedelta(), timedelta(hours=1), timedelta(hours=22)):
        assert (await world.look(film, after)).delivered_at is None
    world.removal_trouble = None
    row = await world.look(film, timedelta(hours=2))
    assert (row.delivered_at, world.taken_down) == (world.clock(), 1)


async def test_a_film_whose_joining_hangs_is_tried_twice_whatever_failed_before(
    film: Film, world: World
) -> None:
    world.joiner.troubles.append(MediaError("ffmpeg was killed"))
    await world.look(film)
    world.joiner.counts.clear()
    world.joiner.troubles[:] = [JoiningTimeoutError("too long")]
    rows = [await world.look(film, timedelta(minutes=9)) for _ in range(4)]
    row = rows[-1]
    assert (world.joiner.counts, row.result_id) == ([2, 2], None)
    assert row.delivered_at is not None


@pytest.fixture
async def faded(film: Film, database: Database) -> Film:
    """A film whose member chose crossfades."""
    await change(database, film, transition=Transition.CROSSFADE)
    return film


async def test_a_film_whose_crossfades_take_too_long_is_posted_with_cuts(faded: Film, world: World) -> None:
    row = await world.look(faded)
    assert (world.joiner.counts, world.posts, row.joined_by) == ([2, 2], 1, Transition.CUT)


async def test_crossfades_that_take_too_long_are_not_tried_again_where_cuts_fail_too(
    faded: Film, world: World
) -> None:
    world.joiner.troubles[:] = [JoiningTimeoutError("too long")]
    row = await world.look(faded)
    world.joiner.counts.clear()
    world.joiner.troubles.clear()
    row = await world.look(faded, timedelta(minutes=9))
    assert (world.joiner.counts, world.posts, row.joined_by) == ([2], 1, Transition.CUT)


LATER = DeliveryPostponedError("503")


@pytest.mark.parametrize("trouble", [LATER, UndeliverableError("no permission"), OSError(ENOSPC, "full")])
async def test_whatever_else_is_in_the_way_crossfades_that_take_too_long_are_not_tried_again(
    faded: Film, world: World, trouble: Exception
) -> None:
    if isinstance(trouble, OSError):
        world.joiner.troubles[:] = [trouble]
    else:
        world.post_trouble = trouble
    await world.look(faded)
    world.joiner.counts.clear()
    world.joiner.troubles.clear()
    world.post_trouble = None
    row = await world.look(faded, timedelta(minutes=6))
    assert world.joiner.counts in ([], [2]), "crossfades were tried once more"
    assert (world.posts, row.joined_by, [*(row.troubles or {})][-1]) == (1, Transition.CUT, UNFADED)


async def test_a_film_that_is_given_up_with_cuts_is_shown_with_them(faded: Film, world: World) -> None:
    world.post_trouble = LATER
    await world.look(faded)
    await world.look(faded, timedelta(hours=25))
    assert world.shown is not None
    assert (world.shown.joined_by, world.shown.delivered_at) == (Transition.CUT, None)


async def test_crossfades_that_are_killed_twice_become_cuts(faded: Film, world: World) -> None:
    world.joiner.fading[:] = [JoiningStoppedError("no memory is left")]
    row = await world.look(faded)
    assert (world.joiner.counts, world.posts, row.joined_by) == ([2], 0, Transition.CROSSFADE)
    row = await world.look(faded, timedelta(minutes=9))
    assert (world.joiner.counts, world.posts, row.joined_by) == ([2, 2, 2], 1, Transition.CUT)


async def test_a_film_with_cuts_has_them_until_another_one_is_posted(
    faded: Film, world: World, database: Database
) -> None:
    row = await world.look(faded)
    redone = {"delivered_at": None, "troubles": after_redo(row, faded.names)}
    await change(database, faded, **redone)  # and the new take failed
    row = await world.look(faded)
    assert (world.posts, row.joined_by) == (1, Transition.CUT), "the card says that it has crossfades"
    await change(database, faded, **redone, joined_shots=["an older take"])
    world.joiner.fading.clear()
    world.post_trouble = LATER
    assert (await world.look(faded)).joined_by is Transition.CUT, "what is posted has cuts"
    world.post_trouble = None
    row = await world.look(faded, timedelta(minutes=6))
    assert (world.posts, row.joined_by) == (2, Transition.CROSSFADE)


async def test_another_film_whose_crossfades_fail_as_well_has_cuts(
    faded: Film, world: World, database: Database
) -> None:
    row = await world.look(faded)
    older = {"joined_shots": ["an older take"], "troubles": after_redo(row, faded.names)}
    await change(database, faded, delivered_at=None, **older)
    row = await world.look(faded)
    assert (world.posts, row.joined_by) == (2, Transition.CUT)
    assert world.joiner.counts == [2, 2, 2, 2]


async def test_a_film_that_would_be_the_same_is_not_posted_again(
    film: Film, world: World, database: Database
) -> None:
    world.disk.troubles["a2"] = FileGoneError("404")
    await world.look(film)
    row = await world.look(film, timedelta(minutes=16))
    assert (row.lost_shots, world.posts) == ([2], 1)
    await change(database, film, lost_shots=None, delivered_at=None, troubles=None)  # the new take failed
    await world.look(film)
    row = await world.look(film, timedelta(minutes=16))
    assert (row.lost_shots, world.posts, row.replaced_post) == ([2], 1, None)
    assert row.delivered_at is not None


async def test_another_film_is_not_posted_before_the_older_message_is_dealt_with(
    film: Film, world: World, database: Database
) -> None:
    await world.look(film)
    older = {"replaced_post": [10, 98], "joined_shots": [film.shots[0].id]}
    await change(database, film, **older, delivered_at=None)
    world.replacing_trouble = DeliveryPostponedError("503")
    row = await world.look(film)
    assert (row.replaced_post, world.posts) == ([10, 98], 1)
    world.replacing_trouble = None
    row = await world.look(film, timedelta(hours=1))
    assert (row.replaced_post, world.posts, world.replaced) == (None, 2, 2)


async def test_a_film_that_is_given_up_after_it_was_posted_has_its_post_on_its_card(
    film: Film, world: World, database: Database
) -> None:
    await change(database, film, attempts=MAX_ATTEMPTS)
    world.card_trouble = RuntimeError("nobody foresaw this")
    row = await world.look(film)
    assert (row.delivered_at, world.posts, world.cards) == (world.clock(), 1, 1)
    assert world.shown is not None
    assert world.shown.result_id == 99, "the card says that there is no film"


async def test_a_film_that_is_given_up_is_not_joined_again_while_its_card_cannot_be_edited(
    film: Film, world: World, database: Database
) -> None:
    world.joiner.troubles.append(MediaError("ffmpeg was killed"))
    await change(database, film, attempts=MAX_ATTEMPTS)
    for _ in range(3):
        world.card_trouble = DeliveryPostponedError("503", retry_after=60)
        row = await world.look(film, timedelta(minutes=1))
        assert (row.delivered_at, row.not_before) == (None, world.clock() + timedelta(minutes=1))
    assert (world.joiner.counts, world.cards) == ([2], 0)
    row = await world.look(film, timedelta(minutes=1))
    assert (row.delivered_at, world.joiner.counts, world.cards) == (world.clock(), [2], 1)


async def test_a_film_that_is_given_up_and_cannot_be_recorded_is_not_tried_at_every_look(
    film: Film, world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: FilmRow) -> None:
        raise RuntimeError("nobody foresaw this")

    await change(database, film, attempts=MAX_ATTEMPTS)
    monkeypatch.setattr(world, "show_film", broken)
    row = await world.look(film)
    assert (row.delivered_at, row.not_before > world.clock()) == (None, True)
    assert world.posts == 1


async def test_a_film_that_is_given_up_is_over_in_the_end_whatever_happens_to_its_card(
    film: Film, world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[FilmRow] = []

    async def broken(row: FilmRow) -> None:
        tries.append(row)
        raise RuntimeError("nobody foresaw this")

    world.joiner.troubles.append(MediaError("ffmpeg was killed"))
    await change(database, film, attempts=MAX_ATTEMPTS)
    monkeypatch.setattr(world, "show_film", broken)
    rows = [await world.look(film, timedelta(hours=1)) for _ in range(MAX_ENDINGS - MAX_ATTEMPTS + 1)]
    assert [row.delivered_at for row in rows[:-1]] == [None] * (len(rows) - 1)
    assert (rows[-1].delivered_at, rows[-1].lease_owner) == (world.clock(), None)
    assert len(tries) == len(rows) + 1, "each look is one try, but the last one's"


@pytest.mark.parametrize(
    ("broken", "values"),
    [
        ("find_result", {"posting_at": NOON}),
        ("take_down", {"removed_at": NOON, "result_id": 99}),
        ("show_replaced", {"replaced_post": [10, 98], "result_id": 99}),
    ],
)
async def test_a_film_whose_end_always_fails_has_its_card_and_leaves_no_file(
    film: Film,
    world: World,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
    values: dict[str, Any],
) -> None:
    async def fail(_: FilmRow) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(world, broken, fail)
    await change(database, film, attempts=MAX_ENDINGS, troubles={GIVEN_UP: ""}, **values)
    world.disk.path(film.row.id).write_bytes(b"joined")
    world.card_trouble = LATER
    row = await world.look(film)
    assert (row.delivered_at, world.cards) == (None, 0), "the card may take it in a minute"
    row = await world.look(film, timedelta(minutes=1))
    assert (row.delivered_at, world.cards) == (world.clock(), 1)
    assert row.posting_at == values.get("posting_at"), "whether it was posted isn't known, and was forgotten"
    assert not world.disk.path(film.row.id).exists()


async def test_a_film_whose_end_always_fails_does_not_wait_for_its_card_for_ever(
    film: Film, world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def later(_: FilmRow) -> None:
        raise LATER

    async def fail(_: FilmRow) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(world, "find_result", fail)
    monkeypatch.setattr(world, "show_film", later)
    given_up = {"attempts": MAX_ENDINGS, "troubles": {GIVEN_UP: ""}, "posting_at": world.clock()}
    await change(database, film, **given_up)
    for after, is_over in ((timedelta(), False), (timedelta(minutes=9), False), (timedelta(minutes=1), True)):
        assert ((await world.look(film, after)).delivered_at is not None) is is_over


async def test_a_film_that_is_given_up_has_the_post_that_nobody_noted_on_its_card(
    film: Film, world: World, database: Database
) -> None:
    await change(database, film, attempts=MAX_ATTEMPTS)
    world.post_trouble, world.posted = RuntimeError("after it was posted"), Posted(99, 10)
    row = await world.look(film)
    assert (row.result_id, row.posting_at, row.delivered_at) == (99, None, world.clock())
    assert (world.joiner.counts, world.shown and world.shown.result_id) == ([2], 99)


@pytest.mark.parametrize("is_posted", [True, False])
async def test_a_film_that_is_given_up_waits_for_a_discord_that_tells_whether_it_is_posted(
    film: Film, world: World, database: Database, monkeypatch: pytest.MonkeyPatch, *, is_posted: bool
) -> None:
    async def later(_: FilmRow) -> None:
        raise LATER

    await change(database, film, posting_at=world.clock(), troubles={GIVEN_UP: ""})
    with monkeypatch.context() as patch:
        patch.setattr(world, "find_result", later)
        row = await world.look(film)
    assert (row.delivered_at, row.posting_at is None) == (None, False)
    world.posted = Posted(99, 10) if is_posted else None
    row = await world.look(film, timedelta(hours=1))
    assert (row.delivered_at, row.result_id) == (world.clock(), 99 if is_posted else None)
    assert world.joiner.counts == [], "it's joined again"
