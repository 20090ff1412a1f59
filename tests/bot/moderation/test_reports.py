"""Reports: who may report what, and once."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from bot.clock import utc_now
from bot.db.database import Database, open_database
from bot.db.guild_models import ReportRow
from bot.db.models import NOBODY, Status
from bot.errors import BadInputError, UserError
from bot.jobs.ports import Posted
from bot.moderation.decisions import REASON_MAX_LENGTH, Decisions
from bot.moderation.outbox import NoChannelError, record_shown
from bot.moderation.report_decisions import ReportDecision
from bot.moderation.reports import AlreadyReportedError, NoVideoError, RemovedError, Reports
from bot.moderation.service import Moderation
from tests.bot.clocks import StoppedClock
from tests.bot.reporting import MONA, REPORTER, insert_video, report_of, reread_report
from tests.bot.rows import reread


@pytest.fixture
def reports(database: Database, clock: StoppedClock) -> Reports:
    """The service with a clock that stands still."""
    return Reports(database, clock)


@pytest.fixture
def moderation(database: Database, clock: StoppedClock) -> Moderation:
    """What sets the moderators' channel."""
    return Moderation(Decisions(database, clock))


async def test_a_report_is_written_down_and_due_where_moderators_have_a_channel(
    reports: Reports, moderation: Moderation, database: Database, clock: StoppedClock
) -> None:
    await moderation.change_settings(MONA, {"moderators_channel_id": 9})
    video = await insert_video(database)
    report = await reports.report(1, video.id, REPORTER, "  it is\u202e cruel  ")
    row = await reread_report(database, report.id)
    assert (row.guild_id, row.generation_id, row.reporter_id) == (1, video.id, REPORTER)
    assert (row.reason, row.created_at, row.post_at) == ("it is cruel", clock(), clock())
    assert (row.message_id, row.deleted_by, row.blocked_by, row.dismissed_by) == (None,) * 4


async def test_without_a_channel_it_waits_until_there_is_one(
    reports: Reports, moderation: Moderation, database: Database, clock: StoppedClock
) -> None:
    report = await report_of(reports, await insert_video(database))
    assert report.post_at is None
    clock.advance(timedelta(days=3))
    await moderation.change_settings(MONA, {"moderators_channel_id": 9})
    assert (await reread_report(database, report.id)).post_at == clock()


async def test_what_is_open_is_shown_again_though_its_message_may_be_there(
    reports: Reports, moderation: Moderation, database: Database, clock: StoppedClock
) -> None:
    lost, there, decided, unseen = [
        await report_of(reports, await insert_video(database), reporter_id=number) for number in range(4)
    ]
    with pytest.raises(NoChannelError):
        await reports.show_again(MONA)
    await moderation.change_settings(MONA, {"moderators_channel_id": 9})
    for report, channel_id in ((lost, 8), (there, 9), (decided, 8)):
        shown_at = Posted(70, channel_id)
        await database.write(partial(record_shown, row=report, until=None, shown_at=shown_at, now=clock()))
    await reports.decide(MONA, decided.id, ReportDecision.DISMISS)
    assert await reports.show_again(MONA) == (9, 3)
    due = [(await reread_report(database, report.id)).post_at for report in (lost, there, decided, unseen)]
    assert due == [clock(), clock(), None, clock()]


@pytest.mark.parametrize("reason", ["", "   \n", "\u202e\u200b", "\u3164"])
async def test_a_report_needs_a_reason(reports: Reports, database: Database, reason: str) -> None:
    video = await insert_video(database)
    with pytest.raises(BadInputError, match="Describe what's wrong"):
        await reports.report(1, video.id, REPORTER, reason)


async def test_a_reason_is_as_long_as_the_form_takes_and_no_longer(
    reports: Reports, database: Database
) -> None:
    video = await insert_video(database)
    with pytest.raises(BadInputError, match="5,000 characters"):
        await reports.report(1, video.id, REPORTER, "x" * 5000)
    longest = "x" * REASON_MAX_LENGTH
    assert (await reports.report(1, video.id, REPORTER, longest)).reason == longest


async def test_another_servers_video_looks_like_one_that_never_was(
    reports: Reports, database: Database
) -> None:
    video = await insert_video(database, guild_id=1)
    answers: set[tuple[type[UserError], str]] = set()
    for name in (video.id, "0123456789abcdef", "", "' OR 1=1 --"):
        with pytest.raises(UserError) as refusal:
            await reports.report(2, name, REPORTER, "cruel")
        answers.add((refusal.type, str(refusal.value)))
    assert len(answers) == 1, f"the answers tell servers apart: {answers}"


@pytest.mark.parametrize("status", Status)
async def test_only_a_video_that_is_posted_can_be_reported(
    reports: Reports, database: Database, status: Status
) -> None:
    row = await insert_video(database, status=status, result_id=None)
    with pytest.raises(NoVideoError):
        await report_of(reports, row)
    ended = await insert_video(database, status=status)
    if status is Status.SUCCEEDED:
        assert (await report_of(reports, ended)).generation_id == ended.id
    else:
        with pytest.raises(NoVideoError):
            await report_of(reports, ended)


async def test_a_removed_video_cannot_be_reported(reports: Reports, database: Database) -> None:
    video = await insert_video(database, removed_at=utc_now())
    with pytest.raises(RemovedError):
        await report_of(reports, video)


async def test_a_member_reports_a_video_once_and_several_members_may(
    reports: Reports, database: Database
) -> None:
    video = await insert_video(database)
    first = await report_of(reports, video)
    with pytest.raises(AlreadyReportedError):
        await report_of(reports, video)
    assert (await report_of(reports, video, REPORTER + 1)).id != first.id
    assert await report_of(reports, await insert_video(database)), "another video of the same member"


@pytest.mark.both_engines
@pytest.mark.usefixtures("patient_locks")
async def test_of_two_reports_at_once_one_is_written(database: Database, database_url: str) -> None:
    video = await insert_video(database)
    async with open_database(database_url) as other:
        services = [Reports(database), Reports(other)] * 3
        outcomes = await asyncio.gather(
            *(report_of(service, video) for service in services), return_exceptions=True
        )
    assert sum(isinstance(outcome, ReportRow) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyReportedError) for outcome in outcomes) == len(services) - 1


async def test_a_video_whose_link_was_deleted_is_found_by_the_message_that_was_clicked(
    reports: Reports, database: Database
) -> None:
    erased = await insert_video(
        database, result_id=None, result_channel_id=None, prompt="", erased_at=utc_now(), user_id=NOBODY
    )
    await reports.report(1, erased.id, REPORTER, "cruel", shown_at=Posted(message_id=71, channel_id=5))
    row = await reread(database, erased.id)
    assert (row.result_id, row.result_channel_id) == (71, 5)


async def test_a_link_that_is_known_is_not_replaced(reports: Reports, database: Database) -> None:
    video = await insert_video(database)
    await reports.report(1, video.id, REPORTER, "cruel", shown_at=Posted(message_id=71, channel_id=5))
    row = await reread(database, video.id)
    assert (row.result_id, row.result_channel_id) == (70, 2)


async def test_a_report_can_be_read_in_its_own_server_only(reports: Reports, database: Database) -> None:
    video = await insert_video(database)
    report = await report_of(reports, video)
    found = await reports.get(1, report.id)
    assert found is not None
    assert found.generation is not None
    assert (found.report.id, found.generation.id) == (report.id, video.id)
    assert await reports.get(2, report.id) is None
    assert await reports.get(1, "0123456789abcdef") is None
