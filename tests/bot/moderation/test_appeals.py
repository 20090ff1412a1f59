"""When a member can ask a moderator: one open appeal, and a pause after a decline."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.admission.appeals import ANSWER_TIME, PAUSE, block_rule, deletion_rule
from bot.db.database import Database
from bot.db.guild_models import AppealDecision, AppealRow
from bot.moderation.appeal_decisions import FOLLOW_UP, AppealClosedError, AppealNotFoundError
from bot.moderation.appeals import Appeals, Situation, check_appeal
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.deletion_appeals import CannotAskError
from bot.moderation.follow_ups import Case
from bot.moderation.service import Moderation
from bot.privacy.appeals import drop_appeals
from bot.privacy.service import Privacy
from cogs.appeals.answer_text import render_decision
from cogs.appeals.appeal_text import render_appeal
from tests.bot.appealing import ALICE, ELSEWHERE, MONA, NICK, asked, is_settled, refused, rows
from tests.bot.clocks import StoppedClock, until
from tests.bot.moderator_channels import (
    CHANNEL,
    GUILD,
    TICK,
    RecordingModeratorChannel,
    add_report,
    running,
    set_channel,
    shown,
)
from tests.bot.rows import insert

FREE = Situation(has_channel=True, open_until=None, declined_at=None)


@pytest.fixture
def appeals(database: Database, clock: StoppedClock) -> Appeals:
    """The service with a clock that stands still."""
    return Appeals(database, clock)


def test_one_open_appeal_and_a_pause_after_a_decline(clock: StoppedClock) -> None:
    now = clock()
    assert check_appeal(FREE, now) is None
    assert check_appeal(Situation(has_channel=False, open_until=None, declined_at=None), now) is not None
    assert check_appeal(Situation(has_channel=True, open_until=now, declined_at=None), now) is not None
    for ago, may in ((PAUSE - timedelta(seconds=1), False), (PAUSE, True)):
        declined = Situation(has_channel=True, open_until=None, declined_at=now - ago)
        assert (check_appeal(declined, now) is None) is may


async def test_moderators_read_the_prompt_and_the_last_ten_requests_of_the_member_the_newest_first(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    mine = {"guild_id": GUILD, "user_id": ALICE.user_id}
    for number in range(12):
        at = clock() - timedelta(hours=1 + number)
        await insert(database, **mine, prompt=f"wish {number}", created_at=at)
    await insert(database, **{**mine, "user_id": NICK.user_id}, prompt="another member's", created_at=clock())
    await insert(database, **{**mine, "guild_id": GUILD + 1}, prompt="another server's", created_at=clock())
    appeal = await appeals.get(GUILD, await asked(appeals, database, clock))
    assert appeal is not None
    before, after = render_appeal(appeal).split("Their last requests:\n")
    assert before.endswith("\n> a dragon\n")
    lines = after.split("\n")[:-1]  # the last one has the appeal's ID
    assert [line.rsplit("> ", 1)[1] for line in lines] == [f"wish {number}" for number in range(10)]


async def test_of_two_moderators_at_once_one_decides(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    appeal_id = await asked(appeals, database, clock)
    outcomes = await asyncio.gather(
        appeals.decide(MONA, appeal_id, AppealDecision.ALLOW),
        appeals.decide(NICK, appeal_id, AppealDecision.DECLINE),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, AppealClosedError) for outcome in outcomes) == 1


async def test_what_follows_a_decision_is_done_once_though_the_process_ended_right_after_it(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    moderator_channel, appeal_id = RecordingModeratorChannel(), await asked(appeals, database, clock)
    async with running(database, moderator_channel, clock):
        await shown(moderator_channel, "it is a play")
        await until("it is posted", lambda: is_settled(database))
        await appeals.decide(MONA, appeal_id, AppealDecision.ALLOW)
        assert not await is_settled(database)
        clock.advance(FOLLOW_UP)
        told = clock()
        await until("it is followed up", lambda: is_settled(database))
        assert moderator_channel.told == [ALICE.user_id]
        await shown(moderator_channel, f"allow: {told}")
    [row] = await rows(database)
    assert (row.told_at, row.post_at, row.channel_id, row.message_id) == (told, None, CHANNEL, 5001)


@pytest.mark.both_engines
async def test_a_decision_that_comes_before_the_message_was_written_down_is_followed_up_too(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    class QuickModerators(RecordingModeratorChannel):
        async def post_case(self, channel_id: int, case: Case) -> int:
            message_id = await super().post_case(channel_id, case)
            clock.advance(TICK)
            await appeals.decide(MONA, str(case.row.id), AppealDecision.ALLOW)
            return message_id

    moderator_channel, _ = QuickModerators(), await asked(appeals, database, clock)
    async with running(database, moderator_channel, clock):
        await until("the message is written down", lambda: has_message(database))
        clock.advance(FOLLOW_UP)
        await until("it is followed up", lambda: is_settled(database))
    assert moderator_channel.told == [ALICE.user_id]


async def test_what_was_followed_up_is_left_alone(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    appeal_id = await asked(appeals, database, clock)
    await appeals.decide(MONA, appeal_id, AppealDecision.ALLOW)
    await appeals.record_notified(appeal_id)
    await appeals.record_shown((await rows(database))[0])
    assert await is_settled(database)


async def has_message(database: Database) -> bool:
    return all(row.message_id is not None for row in await rows(database))


async def test_another_server_decides_nothing(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    appeal_id = await asked(appeals, database, clock)
    with pytest.raises(AppealNotFoundError):
        await appeals.decide(ELSEWHERE, appeal_id, AppealDecision.ALLOW)


@pytest.mark.both_engines
async def test_there_is_nothing_to_lift_after_a_deletion(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    appeal_id = await asked(appeals, database, clock)
    rule = update(AppealRow).values(rule=deletion_rule("b" * 16))
    await database.write(lambda session: session.execute(rule))
    with pytest.raises(AppealNotFoundError):
        await appeals.decide(MONA, appeal_id, AppealDecision.LIFT)
    [row] = await rows(database)
    assert row.decision is None


async def test_only_what_was_deleted_after_a_report_can_be_asked_about(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    await set_channel(database, GUILD, CHANNEL)
    video = await insert(database, guild_id=GUILD, user_id=ALICE.user_id, removed_at=clock())
    with pytest.raises(CannotAskError, match="after a report"):
        await appeals.offer_deletion(ALICE, video.id)
    await add_report(database, "r" * 16, clock(), video.id, deleted_by=MONA.user_id)
    for stranger in (MONA, Moderator(GUILD + 1, ALICE.user_id)):
        with pytest.raises(CannotAskError, match="Only the member"):
            await appeals.offer_deletion(stranger, video.id)
    assert [row.id for row in await rows(database)] == []
    offered = await appeals.offer_deletion(ALICE, video.id)
    await appeals.ask(ALICE, offered, "it is a play")
    await appeals.decide(MONA, offered, AppealDecision.ALLOW)
    with pytest.raises(CannotAskError, match="already asked a moderator about this video"):
        await appeals.offer_deletion(ALICE, video.id)


async def test_nobody_asks_about_anothers_request(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    appeal_id = await refused(database, clock)
    with pytest.raises(CannotAskError):
        await appeals.ask(MONA, appeal_id, "it is a play")


@pytest.mark.both_engines
async def test_deleting_ones_data_takes_appeals_along_but_not_the_pause(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    appeal_id = await asked(appeals, database, clock)
    await appeals.decide(MONA, appeal_id, AppealDecision.DECLINE, "no")
    await refused(database, clock, "b" * 16)
    privacy = Privacy(database, clock)
    exported = await privacy.export(ALICE.user_id)
    assert [(one["id"], one["why"], one["answer"]) for one in exported["appeals"]] == [
        (appeal_id, "it is a play", "no"),
        ("b" * 16, None, None),
    ]
    await privacy.forget(ALICE.user_id)
    [left] = await rows(database)
    assert (left.id, left.prompt, left.why, left.words) == (appeal_id, "", None, None)
    new = await refused(database, clock, "c" * 16)
    with pytest.raises(CannotAskError):
        await appeals.ask(ALICE, new, "it is a play")
    clock.advance(PAUSE)
    assert await database.write(lambda session: drop_appeals(session, clock(), None)) == 2
    assert await rows(database) == []


async def test_old_appeals_are_dropped_once_they_are_over(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    appeal_id = await asked(appeals, database, clock)
    await appeals.decide(MONA, appeal_id, AppealDecision.ALLOW)
    keep = timedelta(hours=1)
    clock.advance(keep)
    assert await database.write(lambda session: drop_appeals(session, clock(), keep)) == 0, "it still holds"
    clock.advance(PAUSE)
    assert await database.write(lambda session: drop_appeals(session, clock(), None)) == 0
    assert await database.write(lambda session: drop_appeals(session, clock(), keep)) == 1


async def test_a_question_whose_time_is_over_keeps_its_member_from_no_other(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    old = await asked(appeals, database, clock)
    clock.advance(ANSWER_TIME)
    new = await refused(database, clock, "b" * 16)
    await appeals.ensure_possible(ALICE, new)
    await appeals.ask(ALICE, new, "it is a play")
    assert {row.id: row.decision for row in await rows(database)} == {old: AppealDecision.LAPSE, new: None}


async def test_who_asks_ends_no_question_of_others(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    await asked(appeals, database, clock)
    clock.advance(ANSWER_TIME)
    other = await refused(database, clock, "b" * 16, user_id=NICK.user_id)
    await appeals.ask(NICK, other, "it is a play")
    assert {row.decision for row in await rows(database)} == {None}


@pytest.mark.parametrize("decision", [AppealDecision.LIFT, AppealDecision.ALLOW])
async def test_a_block_that_is_over_is_not_said_to_be_ended(
    appeals: Appeals, database: Database, clock: StoppedClock, decision: AppealDecision
) -> None:
    moderation = Moderation(Decisions(database, clock))
    await moderation.block(MONA, ALICE.user_id, clock() + TICK)
    [(_, block)] = await moderation.list_blocked(GUILD)
    appeal_id = await asked(appeals, database, clock, rule=block_rule(block))
    assert "That block has ended" not in await shown_text(appeals, appeal_id)
    clock.advance(TICK)
    assert "That block has ended" in await shown_text(appeals, appeal_id)
    await appeals.decide(MONA, appeal_id, decision)
    assert "That block has ended" in await shown_text(appeals, appeal_id)
    [entry] = await moderation.list_log(GUILD, size=1)
    assert entry.old is None


async def test_what_was_allowed_for_less_than_the_block_says_so(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    appeal_id = await asked(appeals, database, clock)
    await Moderation(Decisions(database, clock)).block(MONA, ALICE.user_id, clock() + timedelta(days=5))
    appeal = await appeals.decide(MONA, appeal_id, AppealDecision.ALLOW)
    assert "The permission expires before the block ends." in render_decision(appeal, "Ours")
    assert "They're blocked for longer than that." in await shown_text(appeals, appeal_id)


async def shown_text(appeals: Appeals, appeal_id: str) -> str:
    appeal = await appeals.get(GUILD, appeal_id)
    assert appeal is not None
    return render_appeal(appeal)
