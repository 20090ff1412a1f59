"""What moderators make of reports: each decision once, with its row of the audit trail."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.db.database import Database, open_database
from bot.db.guild_models import Action, ReportRow
from bot.db.models import NOBODY
from bot.errors import DatabaseBusyError
from bot.moderation.decisions import Decisions, Moderator, OwnCaseError
from bot.moderation.report_decisions import (
    BLOCK_TIME,
    NobodyToBlockError,
    ReportClosedError,
    ReportDecision,
    ReportNotFoundError,
)
from bot.moderation.reports import Reports
from bot.moderation.undo import Undo
from bot.policy.documents import Block, tell_block
from tests.bot.clocks import StoppedClock
from tests.bot.moderator_channels import CHANNEL, OTHER_CHANNEL, set_channel
from tests.bot.reporting import (
    MONA,
    NICK,
    REPORTER,
    audit_rows,
    get_block,
    insert_video,
    report_of,
    reread_report,
    set_block,
)
from tests.bot.rows import reread
from tests.bot.troubles import locked

DELETE, BLOCK, DISMISS = ReportDecision.DELETE, ReportDecision.BLOCK, ReportDecision.DISMISS


@pytest.fixture
def reports(database: Database, clock: StoppedClock) -> Reports:
    """The service with a clock that stands still."""
    return Reports(database, clock)


async def test_deleting_removes_the_video_and_writes_it_down(
    reports: Reports, database: Database, clock: StoppedClock
) -> None:
    video = await insert_video(database)
    report = await report_of(reports, video)
    decided = await reports.decide(MONA, report.id, DELETE)
    row = await reread(database, video.id)
    assert (row.removed_at, row.video_url, row.result_id) == (clock(), None, 70)
    assert decided.generation is not None
    assert (decided.generation.removed_at, decided.report.deleted_by) == (clock(), MONA.user_id)
    [entry] = await audit_rows(database)
    assert (entry.action, entry.actor_id, entry.at) == (Action.VIDEO_DELETE, MONA.user_id, clock())
    assert (entry.subject, entry.reason) == (f"generation:{video.id}", f"report {report.id}")
    assert entry.new == {"user_id": video.user_id}


@pytest.mark.parametrize("decision", ReportDecision)
async def test_a_moderator_does_not_decide_about_their_own_video(
    reports: Reports, database: Database, decision: ReportDecision
) -> None:
    video = await insert_video(database, user_id=MONA.user_id)
    report = await report_of(reports, video)
    with pytest.raises(OwnCaseError, match=r"your own video, so another moderator has to decide\. Nothing"):
        await reports.decide(MONA, report.id, decision)
    row = await reread_report(database, report.id)
    assert (row.deleted_by, row.blocked_by, row.dismissed_by) == (None, None, None)
    assert (await reread(database, video.id)).removed_at is None
    assert await audit_rows(database) == []
    await reports.decide(NICK, report.id, decision)


async def test_a_deleted_video_is_deleted_in_all_its_reports(reports: Reports, database: Database) -> None:
    video, other = await insert_video(database), await insert_video(database)
    first, second = await report_of(reports, video), await report_of(reports, video, REPORTER + 1)
    elsewhere = await report_of(reports, other)
    await reports.decide(MONA, first.id, DELETE)
    assert (await reread_report(database, second.id)).deleted_by == MONA.user_id
    assert (await reread_report(database, elsewhere.id)).deleted_by is None
    with pytest.raises(ReportClosedError, match="<@98> has already deleted this video"):
        await reports.decide(NICK, second.id, DELETE)


async def test_a_report_in_a_former_moderators_channel_stays_there(
    reports: Reports, database: Database
) -> None:
    await set_channel(database, 1, CHANNEL)
    video = await insert_video(database)
    clicked, *others = [await report_of(reports, video, REPORTER + number) for number in range(3)]
    for report, channel_id in zip(others, (CHANNEL, OTHER_CHANNEL), strict=True):
        shown = update(ReportRow).where(ReportRow.id == report.id)
        shown = shown.values(message_id=7, channel_id=channel_id, post_at=None)
        await database.write(lambda session, shown=shown: session.execute(shown))
    await reports.decide(MONA, clicked.id, DELETE)
    rows = [await reread_report(database, report.id) for report in others]
    assert [row.deleted_by for row in rows] == [MONA.user_id] * 2
    assert [row.post_at is not None for row in rows] == [True, False]


async def test_blocking_holds_for_a_day_and_writes_it_down(
    reports: Reports, database: Database, clock: StoppedClock
) -> None:
    video = await insert_video(database)
    report = await report_of(reports, video)
    await reports.decide(MONA, report.id, BLOCK)
    block = await get_block(database, video.user_id)
    assert block is not None
    assert (block.since, block.until) == (clock(), clock() + BLOCK_TIME)
    assert (await reread(database, video.id)).removed_at is None, "blocking is not deleting"
    [entry] = await audit_rows(database)
    assert (entry.action, entry.subject) == (Action.BLOCK, f"member:{video.user_id}")
    assert entry.old is None
    assert entry.new == tell_block(block)


@pytest.mark.parametrize("hours", [25, None], ids=str)
async def test_a_longer_block_is_not_shortened(
    reports: Reports, database: Database, clock: StoppedClock, hours: int | None
) -> None:
    until = None if hours is None else clock() + timedelta(hours=hours)
    longer = Block(since=clock() - timedelta(days=1), until=until, reason="before")
    video = await insert_video(database)
    await set_block(database, video.user_id, longer)
    report = await report_of(reports, video)
    decided = await reports.decide(MONA, report.id, BLOCK)
    assert decided.was_blocked, "moderators would read that it's for 24 hours"
    shown = await reports.get(1, report.id)
    assert shown is not None
    assert shown.was_blocked
    assert await get_block(database, video.user_id) == longer
    [entry] = await audit_rows(database)
    assert entry.old == entry.new, "the trail tells of a change that there was not"


@pytest.mark.parametrize("hours", [-1, 0, 1, 23])
async def test_a_shorter_block_is_prolonged(
    reports: Reports, database: Database, clock: StoppedClock, hours: int
) -> None:
    shorter = Block(since=clock() - timedelta(days=1), until=clock() + timedelta(hours=hours))
    video = await insert_video(database)
    await set_block(database, video.user_id, shorter)
    await reports.decide(MONA, (await report_of(reports, video)).id, BLOCK)
    block = await get_block(database, video.user_id)
    assert block is not None
    assert block.until == clock() + BLOCK_TIME


async def test_nobody_is_blocked_for_a_video_whose_member_was_forgotten(
    reports: Reports, database: Database
) -> None:
    video = await insert_video(database, user_id=NOBODY)
    report = await report_of(reports, video)
    with pytest.raises(NobodyToBlockError):
        await reports.decide(MONA, report.id, BLOCK)
    assert (await reread_report(database, report.id)).blocked_by is None, "the decision was kept"
    assert await get_block(database, NOBODY) is None
    assert await audit_rows(database) == []


async def test_dismissing_changes_nothing_but_the_report(reports: Reports, database: Database) -> None:
    video = await insert_video(database)
    report = await report_of(reports, video)
    await reports.decide(MONA, report.id, DISMISS)
    assert (await reread_report(database, report.id)).dismissed_by == MONA.user_id
    row = await reread(database, video.id)
    assert (row.removed_at, row.video_url) == (None, video.video_url)
    [entry] = await audit_rows(database)
    assert (entry.action, entry.subject) == (Action.REPORT_DISMISS, f"generation:{video.id}")


@pytest.mark.parametrize(
    ("before", "then", "works"),
    [
        ([DELETE], DELETE, False),
        ([DELETE], BLOCK, True),
        ([DELETE], DISMISS, False),
        ([BLOCK], DELETE, True),
        ([BLOCK], BLOCK, False),
        ([BLOCK], DISMISS, False),
        ([DISMISS], DELETE, False),
        ([DISMISS], BLOCK, False),
        ([DISMISS], DISMISS, False),
        ([DELETE, BLOCK], DISMISS, False),
        ([BLOCK, DELETE], DELETE, False),
        ([BLOCK, DELETE], BLOCK, False),
    ],
)
async def test_each_decision_works_once_and_nothing_after_a_dismissal(
    reports: Reports, database: Database, before: list[ReportDecision], then: ReportDecision, *, works: bool
) -> None:
    report = await report_of(reports, await insert_video(database))
    for decision in before:
        await reports.decide(MONA, report.id, decision)
    if works:
        await reports.decide(NICK, report.id, then)
    else:
        with pytest.raises(ReportClosedError, match=f"<@{MONA.user_id}> has already") as refusal:
            await reports.decide(NICK, report.id, then)
        assert str(refusal.value).endswith("Nothing changed.")
    assert len(await audit_rows(database)) == len(before) + works
    row = await reread_report(database, report.id)
    decided_by_nick = [row.deleted_by, row.blocked_by, row.dismissed_by].count(NICK.user_id)
    assert decided_by_nick == works, "a decision that did not work was written down"


@pytest.mark.both_engines
@pytest.mark.parametrize("decision", ReportDecision)
@pytest.mark.usefixtures("patient_locks")
async def test_of_moderators_who_decide_at_once_one_does(
    database: Database, database_url: str, decision: ReportDecision
) -> None:
    report = await report_of(Reports(database), await insert_video(database))
    async with open_database(database_url) as other:
        clicks = [(Reports(database), MONA), (Reports(other), NICK)] * 3
        outcomes = await asyncio.gather(
            *(service.decide(who, report.id, decision) for service, who in clicks), return_exceptions=True
        )
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert [type(error) for error in refused] == [ReportClosedError] * (len(clicks) - 1)
    assert len(await audit_rows(database)) == 1, "it was done more than once"


@pytest.mark.parametrize("decision", ReportDecision)
async def test_another_servers_report_looks_like_one_that_never_was(
    reports: Reports, database: Database, decision: ReportDecision
) -> None:
    report = await report_of(reports, await insert_video(database))
    texts: set[str] = set()
    for name in (report.id, "0123456789abcdef"):
        with pytest.raises(ReportNotFoundError) as refusal:
            await reports.decide(Moderator(guild_id=2, user_id=5), name, decision)
        texts.add(str(refusal.value))
    assert len(texts) == 1
    row = await reread_report(database, report.id)
    assert (row.deleted_by, row.blocked_by, row.dismissed_by) == (None, None, None)


async def test_a_block_that_is_undone_is_shown_so_though_the_video_was_deleted(
    reports: Reports, database: Database, clock: StoppedClock
) -> None:
    report = await report_of(reports, await insert_video(database))
    await reports.decide(MONA, report.id, BLOCK)
    await reports.decide(MONA, report.id, DELETE)
    blocked, _deleted = await audit_rows(database)
    await Undo(Decisions(database, clock)).undo(NICK, blocked.id)
    row = await reread_report(database, report.id)
    assert (row.blocked_by, row.deleted_by) == (None, MONA.user_id)
    assert row.post_at == clock(), "its message still says that the member is blocked"


async def test_a_report_whose_block_is_put_back_says_who_decided_it(
    reports: Reports, database: Database, clock: StoppedClock
) -> None:
    video = await insert_video(database)
    report = await report_of(reports, video)
    await reports.decide(MONA, report.id, BLOCK)
    undo = Undo(Decisions(database, clock))
    for blocked_by in (None, MONA.user_id, None, MONA.user_id):
        newest = (await audit_rows(database))[-1]
        await undo.undo(NICK, newest.id)
        row = await reread_report(database, report.id)
        assert (row.blocked_by, row.post_at) == (blocked_by, clock())
        assert (await get_block(database, video.user_id) is None) == (blocked_by is None)
        clock.advance(timedelta(minutes=1))


async def test_a_dismissed_report_stays_so_when_its_block_is_put_back(
    reports: Reports, database: Database, clock: StoppedClock
) -> None:
    report = await report_of(reports, await insert_video(database))
    await reports.decide(MONA, report.id, BLOCK)
    undo = Undo(Decisions(database, clock))
    await undo.undo(NICK, (await audit_rows(database))[-1].id)
    undone = (await audit_rows(database))[-1]
    await reports.decide(NICK, report.id, DISMISS)
    await undo.undo(NICK, undone.id)
    row = await reread_report(database, report.id)
    assert (row.blocked_by, row.dismissed_by) == (None, NICK.user_id)


@pytest.mark.usefixtures("disk")
async def test_while_nothing_can_be_written_nothing_is_decided(
    reports: Reports, database: Database, database_url: str
) -> None:
    video = await insert_video(database)
    report = await report_of(reports, video)
    async with locked(database_url):
        with pytest.raises(DatabaseBusyError):
            await reports.decide(MONA, report.id, DELETE)
        with pytest.raises(DatabaseBusyError):
            await report_of(reports, video, REPORTER + 1)
    assert (await reread(database, video.id)).removed_at is None
    assert await audit_rows(database) == []
    await reports.decide(MONA, report.id, DELETE)
