"""The outbox of the moderators' channel: everything once, and in order."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from bot.clock import utc_now
from bot.db.database import Database, open_database
from bot.db.guild_models import ReportRow
from bot.db.models import Generation
from bot.db.transactions import Work
from bot.moderation.decisions import Moderator
from bot.moderation.outbox import RETRY
from bot.moderation.outbox_relay import LOOK_SIZE
from bot.moderation.report_decisions import ReportDecision
from bot.moderation.reported import ReportedVideo
from bot.moderation.reports import Reports
from tests.bot.clocks import StoppedClock
from tests.bot.moderator_channels import (
    CHANNEL,
    GUILD,
    TICK,
    RecordingModeratorChannel,
    add_entry,
    add_report,
    all_due_was_tried,
    recorded,
    running,
    set_channel,
    shown,
)
from tests.bot.rows import insert

pytestmark = pytest.mark.both_engines


@pytest.mark.usefixtures("outbox_relay")
async def test_entries_and_reports_are_shown_oldest_first(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock
) -> None:
    texts = [f"number {number}" for number in range(2 * LOOK_SIZE + 5)]
    start = clock()
    for number, text in enumerate(texts):
        add = add_report if number % 3 == 0 else add_entry
        await add(database, text, start + number * TICK)
    clock.advance(timedelta(minutes=5))
    await shown(moderator_channel, *texts)
    await recorded(database, *texts)


@pytest.mark.usefixtures("outbox_relay")
async def test_where_a_report_is_shown_is_written_down(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock
) -> None:
    await add_report(database, "cruel", clock())
    await recorded(database, "cruel")
    row = await database.read(lambda session: session.get_one(ReportRow, "cruel"))
    assert (row.channel_id, row.message_id, row.post_at) == (CHANNEL, 4001, None)
    [reported] = moderator_channel.reports
    assert reported.generation is not None
    assert reported.generation.id == row.generation_id


@pytest.mark.usefixtures("outbox_relay")
async def test_what_is_not_due_is_not_shown(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock
) -> None:
    await add_report(database, "later", clock() + TICK)
    await all_due_was_tried(database, moderator_channel, clock())
    assert moderator_channel.in_channel(CHANNEL) == []
    clock.advance(TICK)
    await shown(moderator_channel, "later")


@pytest.mark.usefixtures("outbox_relay")
async def test_a_report_of_a_video_that_is_gone_is_shown(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock
) -> None:
    row = await insert(database)
    await add_report(database, "gone", clock() + TICK, row.id)
    await database.write(lambda session: session.execute(delete(Generation)))
    clock.advance(TICK)
    await shown(moderator_channel, "gone")
    assert moderator_channel.reports[0].generation is None


@pytest.mark.usefixtures("outbox_relay")
async def test_without_a_channel_nothing_is_due_any_more(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock
) -> None:
    await add_entry(database, "entry", clock() + TICK)
    await add_report(database, "report", clock() + TICK)
    await set_channel(database, GUILD, None)
    clock.advance(TICK)
    await recorded(database, "entry", "report")
    assert moderator_channel.tries == []


@pytest.mark.usefixtures("patient_locks")
async def test_two_processes_show_everything_once(
    database: Database, database_url: str, moderator_channel: RecordingModeratorChannel
) -> None:
    await set_channel(database, GUILD, CHANNEL)
    texts = [f"number {number}" for number in range(40)]
    for text in texts:
        await add_report(database, text, utc_now())
    async with (
        open_database(database_url) as other,
        running(database, moderator_channel),
        running(other, moderator_channel),
        running(other, moderator_channel),
    ):
        await recorded(database, *texts)
    assert sorted(moderator_channel.in_channel(CHANNEL)) == sorted(texts)


async def test_the_feed_stops_at_once(
    database: Database, moderator_channel: RecordingModeratorChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.moderation.outbox_relay.LOOK_INTERVAL", 60)
    async with asyncio.timeout(20), running(database, moderator_channel):
        await asyncio.sleep(0)


async def test_what_is_decided_while_a_report_is_shown_is_shown_after_that(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock
) -> None:
    await set_channel(database, GUILD, CHANNEL)
    await add_report(database, "cruel", clock())
    reports, by = Reports(database, clock), Moderator(GUILD, 5)
    post = moderator_channel.post_report

    async def decided_meanwhile(channel_id: int, reported: ReportedVideo) -> int:
        if not moderator_channel.reports:
            await reports.decide(by, "cruel", ReportDecision.DISMISS)
        return await post(channel_id, reported)

    moderator_channel.post_report = decided_meanwhile
    async with running(database, moderator_channel, clock):
        await shown(moderator_channel, "cruel", "cruel")
        await recorded(database, "cruel")
    assert [reported.report.dismissed_by for reported in moderator_channel.reports] == [None, 5]


async def test_what_waited_for_its_turn_stays_with_the_process_that_shows_it(
    database: Database,
    moderator_channel: RecordingModeratorChannel,
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await set_channel(database, GUILD, CHANNEL)
    await add_report(database, "cruel", clock())
    write, post = database.write, moderator_channel.post_report
    due_at = list[datetime | None]()

    async def write_slowly(work: Work[Any], lock: int | None = None) -> Any:
        clock.advance(2 * RETRY)
        return await write(work, lock)

    async def look_when_due(channel_id: int, reported: ReportedVideo) -> int:
        monkeypatch.undo()
        due_at.append(await database.read(lambda session: session.scalar(select(ReportRow.post_at))))
        return await post(channel_id, reported)

    moderator_channel.post_report = look_when_due
    monkeypatch.setattr(database, "write", write_slowly)
    async with running(database, moderator_channel, clock):
        await shown(moderator_channel, "cruel")
    assert due_at == [clock() + RETRY], "another process shows it, too"
