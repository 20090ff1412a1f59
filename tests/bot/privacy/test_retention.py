"""Words go when their time is over, in small steps, whatever the database has."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from bot.admission.limits import LONGEST_WINDOW
from bot.clock import utc_now
from bot.db.database import Database
from bot.db.guild_models import ReportRow
from bot.db.models import NOBODY, Generation
from bot.db.state import PREVIEWS, get_state, keep_state
from bot.media.files import VideoStore
from bot.media.orphaned_files import OrphanedFiles
from bot.privacy.erasure import BATCH
from bot.privacy.retention import Retention
from tests.bot.clocks import StoppedClock, until
from tests.bot.erasable import ALICE, DAY, columns_of, insert_delivered, insert_report, links_of
from tests.bot.rows import PROMPT, new_row, reread
from tests.bot.troubles import Logs, count_events, count_tracebacks, locked

pytestmark = pytest.mark.both_engines

KEEP = timedelta(days=90)
TICK = timedelta(microseconds=1)
LINK = "https://cdn.discordapp.com/ephemeral-attachments/1/2/cat.png"


@pytest.fixture
def stopping() -> asyncio.Event:
    """Ends the clean-up."""
    return asyncio.Event()


@pytest.fixture
def retention(
    database: Database, store: VideoStore, clock: StoppedClock, stopping: asyncio.Event
) -> Retention:
    """The clean-up with a clock that stands still."""
    return Retention(
        database, store, OrphanedFiles(database, store), keep=KEEP, stopping=stopping, clock=clock
    )


@asynccontextmanager
async def running(retention: Retention, stopping: asyncio.Event) -> AsyncGenerator[None]:
    """Clean up beside the test; at the end stop and wait for it."""
    task = asyncio.create_task(retention.run())
    try:
        yield
    finally:
        stopping.set()
        await task


async def is_erased(database: Database, generation: Generation) -> bool:
    row = await reread(database, generation.id)
    assert (row.erased_at is not None) is (row.prompt == ""), "the row says something else than it holds"
    return row.prompt == ""


async def test_words_are_kept_for_their_time_and_no_longer(
    retention: Retention, database: Database, clock: StoppedClock
) -> None:
    row = await insert_delivered(database, delivered_at=clock())
    clock.advance(KEEP - TICK)
    await retention.clean()
    assert not await is_erased(database, row)
    clock.advance(TICK)
    await retention.clean()
    after = await reread(database, row.id)
    assert (after.prompt, after.video_url, after.erased_at, after.erase_at) == ("", None, clock(), None)
    assert set(links_of(after)) == {None}
    assert (after.user_id, after.interaction_id) == (ALICE, row.interaction_id), "nobody asked for that"


async def test_a_preview_that_cannot_be_saved_any_more_goes_and_no_other_note(
    retention: Retention, database: Database, clock: StoppedClock
) -> None:
    seconds = int(clock().timestamp())
    ended, lasting, other = f"{PREVIEWS}{seconds - 1}-a", f"{PREVIEWS}{seconds + 1}-b", "worker:1"
    for name in (ended, lasting, other):
        await keep_state(database, name, "a moderator's reason")
    await retention.clean()
    left = [name for name in (ended, lasting, other) if await get_state(database, name) is not None]
    assert left == [lasting, other]


async def test_without_a_time_words_are_kept_until_the_member_asks(
    database: Database, store: VideoStore, clock: StoppedClock, stopping: asyncio.Event
) -> None:
    retention = Retention(
        database, store, OrphanedFiles(database, store), keep=None, stopping=stopping, clock=clock
    )
    kept = await insert_delivered(database)
    asked = await insert_delivered(database, erase_at=clock())
    clock.advance(KEEP * 100)
    await retention.clean()
    assert not await is_erased(database, kept)
    assert await is_erased(database, asked)


async def test_links_to_images_go_once_they_are_dead(
    retention: Retention, database: Database, clock: StoppedClock
) -> None:
    in_an_hour = int((clock() + timedelta(hours=1)).timestamp())
    signed = await insert_delivered(
        database, picture_urls=[f"{LINK}?ex={in_an_hour:x}", LINK], created_at=clock()
    )
    unsigned = await insert_delivered(database, picture_urls=[LINK], created_at=clock())
    waiting = await insert_delivered(
        database, picture_urls=[LINK], created_at=clock() - KEEP, delivered_at=None, prompt="still needed"
    )

    async def kept() -> list[str]:
        rows = [await reread(database, row.id) for row in (signed, unsigned, waiting)]
        assert all(row.prompt for row in rows), "the words went too"
        return [row.id for row in rows if row.picture_urls]

    await retention.clean()
    assert await kept() == [signed.id, unsigned.id, waiting.id]
    clock.advance(timedelta(hours=1))
    await retention.clean()
    assert await kept() == [unsigned.id, waiting.id]
    clock.advance(DAY)
    await retention.clean()
    assert await kept() == [waiting.id], "a restart would not find what the video is made from"
    stored = await database.read(
        lambda session: session.scalar(text("SELECT count(*) FROM generations WHERE picture_urls IS NULL"))
    )
    assert stored == 2, "a JSON null is not nothing"


async def test_many_links_are_forgotten(
    retention: Retention, database: Database, clock: StoppedClock
) -> None:
    await database.write(
        lambda session: session.add_all(
            new_row(picture_urls=[LINK], created_at=clock() - DAY, delivered_at=clock())
            for _ in range(2 * BATCH + 1)
        )
    )
    await retention.clean()

    def work(session: Session):
        left = select(func.count()).select_from(Generation).where(Generation.picture_urls.is_not(None))
        assert session.scalar(left) == 0

    await database.read(work)


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("state", ["waiting", "late"])
async def test_what_is_on_its_way_keeps_its_words_until_it_has_arrived(
    retention: Retention, database: Database, clock: StoppedClock, state: str, *, asked: bool
) -> None:
    times = {"waiting": {"delivered_at": None}, "late": {"late_until": clock() + DAY}}[state]
    row = await insert_delivered(database, erase_at=clock() if asked else None, **times)
    clock.advance(KEEP)
    await retention.clean()
    assert not await is_erased(database, row)
    await database.write(
        lambda session: session.execute(
            update(Generation).values(late_until=None, delivered_at=clock() if asked else clock() - KEEP)
        )
    )
    await retention.clean()
    assert await is_erased(database, row)


async def test_what_a_member_asked_to_forget_is_nobodys_once_it_counts_no_more(
    retention: Retention, database: Database, clock: StoppedClock
) -> None:
    asked_at = clock()
    row = await insert_delivered(
        database, created_at=clock(), erase_at=clock(), cancelled_by=ALICE, credits_used=5.0
    )
    clock.advance(LONGEST_WINDOW - TICK)
    await retention.clean()
    before = await reread(database, row.id)
    assert (before.user_id, before.interaction_id) == (ALICE, row.interaction_id), "it still counts"
    clock.advance(TICK)
    await retention.clean()
    after = await reread(database, row.id)
    assert (after.user_id, after.channel_id, after.cancelled_by) == (NOBODY, NOBODY, NOBODY)
    assert after.interaction_id < 0
    assert (after.guild_id, after.credits_used, after.erase_at) == (1, 5.0, asked_at)
    await retention.clean()
    assert columns_of(await reread(database, row.id)) == columns_of(after), "it is done once"


async def test_nobodys_rows_do_not_tell_who_cancelled_but_a_moderator_is_still_named(
    retention: Retention, database: Database, clock: StoppedClock
) -> None:
    long_ago = {"created_at": clock() - LONGEST_WINDOW, "erase_at": clock()}
    by_moderator = await insert_delivered(database, cancelled_by=77, **long_ago)
    by_nobody = await insert_delivered(database, **long_ago)
    await retention.clean()
    assert (await reread(database, by_moderator.id)).cancelled_by == 77
    assert (await reread(database, by_nobody.id)).cancelled_by is None


@pytest.mark.parametrize("decision", [{"dismissed_by": 77}, {"deleted_by": 77}])
async def test_links_and_the_member_outlive_the_words_until_the_report_is_decided(
    retention: Retention, database: Database, clock: StoppedClock, decision: dict[str, Any]
) -> None:
    row = await insert_delivered(database, created_at=clock() - LONGEST_WINDOW, erase_at=clock())
    await insert_report(database, row)
    await retention.clean()
    held = await reread(database, row.id)
    assert (held.prompt, held.user_id, links_of(held)) == ("", ALICE, links_of(row))
    await database.write(lambda session: session.execute(update(ReportRow).values(decision)))
    await retention.clean()
    after = await reread(database, row.id)
    assert (after.user_id, set(links_of(after))) == (NOBODY, {None})


async def test_many_are_forgotten_without_keeping_others_from_writing(
    retention: Retention, database: Database, clock: StoppedClock
) -> None:
    many = 3 * BATCH + 50
    long_ago = clock() - LONGEST_WINDOW
    await database.write(
        lambda session: session.add_all(
            new_row(delivered_at=long_ago, created_at=long_ago, erase_at=long_ago) for _ in range(many)
        )
    )
    erased: list[int] = []
    cleaning = asyncio.create_task(retention.clean())
    query = select(func.count()).select_from(Generation).where(Generation.prompt == "")
    while not cleaning.done():
        erased.append(await database.write(lambda session: session.scalar(query)) or 0)
    await cleaning
    assert {BATCH, 2 * BATCH, 3 * BATCH, many} <= set(erased)

    def work(session: Session):
        owners = session.execute(select(Generation.user_id, Generation.prompt).distinct()).all()
        ids = session.scalar(select(func.count(Generation.interaction_id.distinct())))
        return ids, owners

    ids, owners = await database.read(work)
    assert [tuple(row) for row in owners] == [(NOBODY, "")]
    assert ids == many


async def test_it_cleans_up_at_once_and_again_and_again(
    retention: Retention, database: Database, stopping: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.privacy.retention.CLEAN_INTERVAL", 0.01)
    first = await insert_delivered(database, erase_at=utc_now())
    async with running(retention, stopping):
        await until("the first is forgotten", lambda: is_erased(database, first))
        second = await insert_delivered(database, erase_at=utc_now())
        await until("the second is forgotten", lambda: is_erased(database, second))


async def test_it_ends_when_the_program_stops_however_long_the_pause(
    retention: Retention, database: Database, stopping: asyncio.Event
) -> None:
    row = await insert_delivered(database, erase_at=utc_now())
    async with running(retention, stopping):
        await until("the row is forgotten", lambda: is_erased(database, row))


async def test_it_stops_between_two_batches(
    retention: Retention, database: Database, stopping: asyncio.Event
) -> None:
    row = await insert_delivered(database, erase_at=utc_now())
    stopping.set()
    await retention.run()
    assert not await is_erased(database, row), "a stopping program begins nothing"


@pytest.mark.usefixtures("disk")
async def test_it_goes_on_after_a_locked_database(
    retention: Retention,
    database: Database,
    database_url: str,
    stopping: asyncio.Event,
    logs: Logs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.privacy.retention.RETRY_INTERVAL", 0.01)
    row = await insert_delivered(database, erase_at=utc_now())

    async def has_failed() -> bool:
        return count_events(logs, "could not delete prompts and links") > 1

    async with AsyncExitStack() as stack:
        async with locked(database_url):
            await stack.enter_async_context(running(retention, stopping))
            await until("it fails twice", has_failed)
            assert (await reread(database, row.id)).prompt == PROMPT
        await until("the row is forgotten", lambda: is_erased(database, row))
    assert count_tracebacks(logs, "could not delete prompts and links") == 0
