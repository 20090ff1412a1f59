"""What follows the end of an appeal, where Discord takes nothing at first."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.db.database import Database
from bot.db.guild_models import AppealDecision, AppealRow
from bot.jobs.ports import DeliveryPostponedError
from bot.moderation.appeal_decisions import FOLLOW_UP
from bot.moderation.appeals import Appeals
from bot.moderation.outbox import GIVE_UP_AFTER, RETRY
from bot.privacy.appeals import end_unanswered
from bot.privacy.service import Privacy
from tests.bot.appealing import ALICE, MONA, asked, is_settled, rows
from tests.bot.clocks import StoppedClock, until
from tests.bot.moderator_channels import (
    CHANNEL,
    TICK,
    RecordingModeratorChannel,
    add_entry,
    all_due_was_tried,
    failing_in,
    shown,
)

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("outbox_relay")]


@pytest.fixture
def appeals(database: Database, clock: StoppedClock) -> Appeals:
    """The service with a clock that stands still."""
    return Appeals(database, clock)


async def decided(appeals: Appeals, database: Database, clock: StoppedClock) -> None:
    """Let an appeal be shown and allowed; what follows is due."""
    appeal_id = await asked(appeals, database, clock)
    await until("it is posted", lambda: is_settled(database))
    await appeals.decide(MONA, appeal_id, AppealDecision.ALLOW)
    await add_entry(database, "due then", clock() + FOLLOW_UP)
    clock.advance(FOLLOW_UP)


async def test_a_message_that_fails_for_now_is_sent_later_and_nothing_else_waits(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock, appeals: Appeals
) -> None:
    moderator_channel.dms = lambda: DeliveryPostponedError("overloaded", None)
    await decided(appeals, database, clock)
    await all_due_was_tried(database, moderator_channel, clock())
    await shown(moderator_channel, "due then")
    [row] = await rows(database)
    assert (row.told_at, row.post_at) == (None, clock() + RETRY)
    moderator_channel.dms = lambda: True
    clock.advance(RETRY)
    await until("it is followed up", lambda: is_settled(database))
    assert moderator_channel.told == [ALICE.user_id]


async def test_after_a_day_moderators_see_that_the_member_could_not_be_told(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock, appeals: Appeals
) -> None:
    moderator_channel.dms = lambda: DeliveryPostponedError("overloaded", None)
    await decided(appeals, database, clock)
    await all_due_was_tried(database, moderator_channel, clock())
    assert not await is_settled(database)
    clock.advance(GIVE_UP_AFTER)
    await until("it is given up", lambda: is_settled(database))
    await shown(moderator_channel, "allow: None")


async def test_a_channel_that_refuses_does_not_keep_a_member_from_being_told(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock, appeals: Appeals
) -> None:
    appeal_id = await asked(appeals, database, clock)
    await until("it is posted", lambda: is_settled(database))
    await appeals.decide(MONA, appeal_id, AppealDecision.ALLOW)
    moderator_channel.trouble = failing_in(CHANNEL, DeliveryPostponedError("overloaded", None))
    await add_entry(database, "an earlier one", clock() - TICK)
    await all_due_was_tried(database, moderator_channel, clock())
    clock.advance(RETRY)  # now both are due
    await until("the member is told", lambda: has_told(moderator_channel))


async def has_told(moderator_channel: RecordingModeratorChannel) -> bool:
    return moderator_channel.told == [ALICE.user_id]


async def test_the_member_is_told_where_nobody_wrote_down_that_it_was_posted(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock, appeals: Appeals
) -> None:
    await decided(appeals, database, clock)
    lost = update(AppealRow).values(channel_id=None, message_id=None, post_at=clock(), told_at=None)
    await until("it is followed up", lambda: is_settled(database))
    moderator_channel.told.clear()
    await database.write(lambda session: session.execute(lost))
    await until("the member is told", lambda: has_told(moderator_channel))
    await until("it is settled", lambda: is_settled(database))


async def test_who_gets_no_answer_is_told_and_who_deleted_their_data_is_not(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock, appeals: Appeals
) -> None:
    await asked(appeals, database, clock)
    await until("it is posted", lambda: is_settled(database))
    await Privacy(database, clock).forget(ALICE.user_id)
    await shown(moderator_channel, "withdraw: None")
    assert moderator_channel.told == []
    clock.advance(timedelta(days=1))
    await asked(appeals, database, clock, appeal_id="b" * 16)
    await until("it is posted", lambda: is_settled(database))
    clock.advance(timedelta(days=7))
    assert await database.write(lambda session: end_unanswered(session, clock(), None)) == 1
    await shown(moderator_channel, f"lapse: {clock()}")
    assert moderator_channel.told == [ALICE.user_id]
