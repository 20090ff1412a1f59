"""What is left of a member's requests once they asked to delete their data."""

import asyncio
import threading
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from bot.clock import utc_now
from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.errors import DatabaseBusyError
from bot.privacy.erasure import BATCH
from bot.privacy.service import Forgotten, Privacy
from tests.bot.clocks import StoppedClock
from tests.bot.erasable import ALICE, BOB, DAY, columns_of, insert_delivered, insert_report, links_of
from tests.bot.rows import PROMPT, new_row, reread
from tests.bot.troubles import locked


@pytest.fixture
def privacy(database: Database, clock: StoppedClock) -> Privacy:
    """The service with a clock that stands still."""
    return Privacy(database, clock)


async def test_somebody_unknown_gets_an_empty_export(privacy: Privacy, database: Database) -> None:
    await insert_delivered(database)
    exported = await privacy.export(BOB)
    assert (exported["requests"], exported["reports"], exported["limits"]) == ([], [], [])
    assert await privacy.forget(BOB) == Forgotten(now=0, later=0)


async def test_words_and_links_are_forgotten_and_what_counts_is_kept(
    privacy: Privacy, database: Database, clock: StoppedClock
) -> None:
    row = await insert_delivered(
        database,
        credits_used=5.0,
        submitted_at=clock(),
        model="google/veo-3.0-fast",
        source_id="0123456789abcdef",
        continues_id="0123456789abcdef",
        continues_post=[16, 17],
        earlier_posts=[[14, 15]],
        picture_urls=["https://cdn.discordapp.com/cat.png"],
    )
    before = columns_of(row)
    assert await privacy.forget(ALICE) == Forgotten(now=1, later=0)
    after = columns_of(await reread(database, row.id))
    changed = {key: value for key, value in after.items() if value != before[key]}
    assert changed == {
        "prompt": "",
        "options": {"duration": 4, "generate_audio": False},
        "video_url": None,
        "provider_id": None,
        "card_id": None,
        "thread_id": None,
        "result_id": None,
        "result_channel_id": None,
        "earlier_posts": None,
        "source_id": None,
        "continues_id": None,
        "continues_post": None,
        "picture_urls": None,
        "erase_at": clock(),
        "erased_at": clock(),
    }


async def test_what_continues_a_forgotten_video_leads_to_its_message_no_more(
    privacy: Privacy, database: Database
) -> None:
    gone = await insert_delivered(database)
    changes = {"user_id": BOB, "continues_post": [13, 12]}
    next_one = await insert_delivered(database, **changes, continues_id=gone.id)
    other = await insert_delivered(database, **changes, continues_id="f" * 16)
    await privacy.forget(ALICE)
    after = [await reread(database, row.id) for row in (next_one, other)]
    assert [row.continues_post for row in after] == [None, [13, 12]]
    assert after[0].continues_id == gone.id


@pytest.mark.parametrize(
    "state",
    [
        {"status": Status.QUEUED, "delivered_at": None},
        {"status": Status.SUCCEEDED, "delivered_at": None},
        {"status": Status.FAILED, "late_until": utc_now() + DAY},
    ],
    ids=["waiting", "being posted", "late"],
)
async def test_what_is_still_on_its_way_keeps_its_words_until_it_has_arrived(
    privacy: Privacy, database: Database, clock: StoppedClock, state: dict[str, Any]
) -> None:
    row = await insert_delivered(database, **state)
    assert await privacy.forget(ALICE) == Forgotten(now=0, later=1)
    after = await reread(database, row.id)
    assert (after.prompt, after.erase_at, after.erased_at) == (PROMPT, clock(), None)
    assert links_of(after) == links_of(row)
    assert after.options == row.options


async def test_asking_again_forgets_what_has_arrived_since_and_nothing_twice(
    privacy: Privacy, database: Database, clock: StoppedClock
) -> None:
    gone = await insert_delivered(database)
    waiting = await insert_delivered(database, delivered_at=None)
    assert await privacy.forget(ALICE) == Forgotten(now=1, later=1)
    first = clock()
    clock.advance(timedelta(minutes=5))

    def work(session: Session):
        (session.get_one(Generation, waiting.id)).delivered_at = clock()

    await database.write(work)
    assert await privacy.forget(ALICE) == Forgotten(now=1, later=0)
    assert ((await reread(database, gone.id)).erased_at, (await reread(database, gone.id)).erase_at) == (
        first,
        first,
    )
    assert await privacy.forget(ALICE) == Forgotten(now=0, later=0)


async def test_the_message_of_a_reported_video_is_known_until_the_report_is_decided(
    privacy: Privacy, database: Database
) -> None:
    reported = await insert_delivered(database)
    await insert_report(database, reported, blocked_by=77)
    dismissed = await insert_delivered(database)
    await insert_report(database, dismissed, dismissed_by=77)
    deleted = await insert_delivered(database)
    await insert_report(database, deleted, deleted_by=77)
    assert await privacy.forget(ALICE) == Forgotten(now=3, later=0)
    after = await reread(database, reported.id)
    assert links_of(after) == links_of(reported), "moderators cannot take the video down any more"
    assert (after.prompt, after.video_url) == ("", None)
    for row in (dismissed, deleted):
        assert set(links_of(await reread(database, row.id))) == {None}


async def test_another_members_rows_stay_as_they_are(privacy: Privacy, database: Database) -> None:
    row = await insert_delivered(database, user_id=BOB)
    before = columns_of(row)
    await insert_delivered(database)
    await privacy.forget(ALICE)
    assert columns_of(await reread(database, row.id)) == before


@pytest.mark.sqlite_only
async def test_when_nothing_can_be_written_nothing_is_promised(
    privacy: Privacy, database: Database, database_url: str
) -> None:
    row = await insert_delivered(database)
    async with locked(database_url):
        with pytest.raises(DatabaseBusyError):
            await privacy.forget(ALICE)
    assert (await reread(database, row.id)).erase_at is None


@pytest.mark.sqlite_only
async def test_a_wish_that_can_be_recorded_and_no_more_is_fulfilled_later(
    privacy: Privacy, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.db.database.ANSWER_PATIENCE", 0.2)
    row = await insert_delivered(database)
    begin, end = threading.Event(), threading.Event()

    async def hold(until: threading.Event) -> None:
        await database.write(lambda _: until.wait(60))

    loop = asyncio.get_running_loop()
    holding = [asyncio.create_task(hold(begin))]

    commits = count(1)

    def hold_again(_: object) -> None:
        if next(commits) == 2:
            loop.call_soon_threadsafe(lambda: holding.append(loop.create_task(hold(end))))

    await asyncio.sleep(0)
    asking = asyncio.create_task(privacy.forget(ALICE))
    await asyncio.sleep(0)
    # Another writer comes while the wish is committed, and so before its fulfilment.
    event.listen(Engine, "commit", hold_again)
    begin.set()
    assert await asking == Forgotten(now=0, later=1)
    event.remove(Engine, "commit", hold_again)
    end.set()
    await asyncio.gather(*holding)
    assert (await reread(database, row.id)).erase_at is not None
    assert await privacy.forget(ALICE) == Forgotten(now=1, later=0)


@pytest.mark.both_engines
async def test_many_requests_are_forgotten_in_one_go(privacy: Privacy, database: Database) -> None:
    many = 2 * BATCH + 50
    await database.write(
        lambda session: session.add_all(new_row(user_id=ALICE, delivered_at=utc_now()) for _ in range(many))
    )
    assert await privacy.forget(ALICE) == Forgotten(now=many, later=0)

    def work(session: Session):
        assert set(session.scalars(select(Generation.prompt))) == {""}

    await database.read(work)
