"""An appeal that is decided or forgotten just while its message is written: what is shown last is the end."""

import asyncio
from datetime import datetime

import pytest
from sqlalchemy import delete

from bot.db.database import Database
from bot.db.guild_models import AppealDecision, AppealRow
from bot.jobs.ports import DeliveryPostponedError, UndeliverableError
from bot.moderation.appeal_decisions import Appeal
from bot.moderation.appeals import Appeals
from bot.moderation.deletion_appeals import CannotAskError
from bot.moderation.follow_ups import Case
from bot.moderation.outbox import GIVE_UP_AFTER, REFUSED_WAIT, RETRY
from bot.privacy.service import Privacy
from tests.bot.appealing import ALICE, MONA, asked, is_settled, refused, rows
from tests.bot.clocks import StoppedClock, until
from tests.bot.moderator_channels import (
    CHANNEL,
    GUILD,
    TICK,
    RecordingModeratorChannel,
    failing_in,
    running,
    set_channel,
)

pytestmark = pytest.mark.both_engines


class Channel:
    """What moderators see; as on Discord, the same nonce is the same message."""

    def __init__(self) -> None:
        self.messages: dict[int, str] = {}
        self.nonces: dict[tuple[str, int, int | None], int] = {}


class Relay(RecordingModeratorChannel):
    """One process's way to the channel, where posting may take long or lose its answer."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self.channel = channel
        self.gate = asyncio.Event()
        self.gate.set()
        self.posting = asyncio.Event()
        self.lost: list[Exception] = []

    async def post_case(self, channel_id: int, case: Case) -> int:
        self.posting.set()
        await self.gate.wait()
        row, channel = case.row, self.channel
        if row.message_id in channel.messages:
            message_id = row.message_id
            channel.messages[message_id] = said(case)
        else:
            nonce = (row.id, channel_id, row.message_id)
            message_id = channel.nonces.setdefault(nonce, 5000 + len(channel.nonces))
            channel.messages.setdefault(message_id, said(case))
        if self.lost:
            raise self.lost.pop()
        return message_id

    async def update_case(self, case: Case) -> None:
        await self._try(case.row.channel_id or 0)
        if case.row.message_id is not None:
            self.channel.messages[case.row.message_id] = said(case)


def said(case: Case) -> str:
    why = case.row.why if isinstance(case, Appeal) else None
    return f"{case.row.decision or 'open'}: {why or ''}"


@pytest.fixture
def channel() -> Channel:
    """The moderators' channel, empty."""
    return Channel()


@pytest.fixture
def relay(channel: Channel) -> Relay:
    """The way to it."""
    return Relay(channel)


@pytest.fixture
def appeals(database: Database, clock: StoppedClock) -> Appeals:
    """The service with a clock that stands still."""
    return Appeals(database, clock)


async def reads(database: Database, channel: Channel, *texts: str) -> None:
    """Wait until nothing is left to do and moderators see just that."""

    async def look() -> bool:
        return await is_settled(database) and list(channel.messages.values()) == list(texts)

    await until(f"moderators read {texts}, not {channel.messages}", look, seconds=10)


async def test_a_question_forgotten_while_one_process_posts_it_shows_no_words(
    appeals: Appeals, database: Database, clock: StoppedClock, channel: Channel, relay: Relay
) -> None:
    other = Relay(channel)
    relay.gate.clear()
    await set_channel(database, GUILD, CHANNEL)
    async with running(database, relay, clock):
        await asked(appeals, database, clock)
        await asyncio.wait_for(relay.posting.wait(), 10)
        async with running(database, other, clock):
            await Privacy(database, clock).forget(ALICE.user_id)
            await until("it is followed up", lambda: is_settled(database))
            relay.gate.set()
            await reads(database, channel, "withdraw: ")


@pytest.mark.parametrize("error", [DeliveryPostponedError("answer lost", None), TimeoutError()])
async def test_a_question_forgotten_after_a_lost_answer_shows_no_words(
    appeals: Appeals,
    database: Database,
    clock: StoppedClock,
    channel: Channel,
    relay: Relay,
    error: Exception,
) -> None:
    relay.lost = [error]
    async with running(database, relay, clock):
        await asked(appeals, database, clock)
        await until("Discord has it", lambda: has_messages(channel))
        await Privacy(database, clock).forget(ALICE.user_id)

        async def has_no_words() -> bool:
            clock.advance(RETRY)  # the lost answer may be noted only now, and the row waits since
            return await is_settled(database) and list(channel.messages.values()) == ["withdraw: "]

        await until("its words are gone", has_no_words, seconds=10)
    [row] = await rows(database)
    assert (row.channel_id, row.message_id) == (CHANNEL, 5000)


async def is_due(database: Database, at: datetime) -> bool:
    return [row.post_at for row in await rows(database)] == [at]


async def has_messages(channel: Channel) -> bool:
    return bool(channel.messages)


async def test_a_question_forgotten_before_it_was_posted_is_not_posted(
    appeals: Appeals, database: Database, clock: StoppedClock, channel: Channel, relay: Relay
) -> None:
    await asked(appeals, database, clock)
    await Privacy(database, clock).forget(ALICE.user_id)
    async with running(database, relay, clock):
        await reads(database, channel)


@pytest.mark.parametrize("error", [None, DeliveryPostponedError("answer lost", None)])
async def test_what_is_decided_while_its_message_is_shown_again_stays_decided(
    appeals: Appeals,
    database: Database,
    clock: StoppedClock,
    channel: Channel,
    relay: Relay,
    error: Exception | None,
) -> None:
    async with running(database, relay, clock):
        appeal_id = await asked(appeals, database, clock)
        await until("it is posted", lambda: is_settled(database))
        relay.posting.clear()
        relay.gate.clear()
        await appeals.show_again(MONA)
        await asyncio.wait_for(relay.posting.wait(), 10)
        await appeals.decide(MONA, appeal_id, AppealDecision.DECLINE)
        appeal = await appeals.get(GUILD, appeal_id)
        assert appeal is not None
        channel.messages[5000] = said(appeal)
        await appeals.record_notified(appeal_id)
        await appeals.record_shown(appeal.row)
        relay.lost = [error] if error else []
        relay.gate.set()
        await until("the late edit is over", lambda: reads_open_or_is_due(database, channel))
        clock.advance(RETRY)
        await reads(database, channel, "decline: it is a play")


async def reads_open_or_is_due(database: Database, channel: Channel) -> bool:
    return channel.messages[5000].startswith("open") or not await is_settled(database)


async def test_who_shows_a_decision_while_the_feed_writes_does_not_end_what_the_feed_has_to_do(
    appeals: Appeals, database: Database, clock: StoppedClock, relay: Relay
) -> None:
    relay.gate.clear()
    async with running(database, relay, clock):
        appeal_id = await asked(appeals, database, clock)
        await asyncio.wait_for(relay.posting.wait(), 10)
        await appeals.decide(MONA, appeal_id, AppealDecision.DECLINE)
        appeal = await appeals.get(GUILD, appeal_id)
        assert appeal is not None
        relay.trouble = failing_in(CHANNEL, DeliveryPostponedError("overloaded", None))
        clock.advance(TICK)
        relay.gate.set()
        await until("its end waits", lambda: is_due(database, clock() + RETRY))
        await appeals.record_shown(appeal.row)
        assert not await is_settled(database), "nobody shows the decision any more"


async def have_an_edit_refused(
    appeals: Appeals, database: Database, clock: StoppedClock, relay: Relay
) -> None:
    await asked(appeals, database, clock)
    await until("it is posted", lambda: is_settled(database))
    relay.trouble = failing_in(CHANNEL, UndeliverableError("missing access"))
    await Privacy(database, clock).forget(ALICE.user_id)
    await until("its end waits", lambda: is_due(database, clock() + REFUSED_WAIT))


async def test_an_edit_that_the_channel_refuses_is_tried_for_a_day(
    appeals: Appeals, database: Database, clock: StoppedClock, channel: Channel, relay: Relay
) -> None:
    async with running(database, relay, clock):
        await have_an_edit_refused(appeals, database, clock, relay)
        relay.trouble = lambda _: None
        clock.advance(REFUSED_WAIT)
        await reads(database, channel, "withdraw: ")


async def test_an_edit_that_the_channel_refuses_for_a_day_is_given_up(
    appeals: Appeals, database: Database, clock: StoppedClock, relay: Relay
) -> None:
    async with running(database, relay, clock):
        await have_an_edit_refused(appeals, database, clock, relay)
        clock.advance(GIVE_UP_AFTER)
        await until("it is given up", lambda: is_settled(database))


async def test_a_question_that_is_asked_while_its_member_deletes_their_data_is_withdrawn_or_not_sent(
    appeals: Appeals, database: Database, clock: StoppedClock
) -> None:
    for _ in range(10):
        appeal_id = await refused(database, clock)
        asked_it, forgot = await asyncio.gather(
            appeals.ask(ALICE, appeal_id, "it is a play"),
            Privacy(database, clock).forget(ALICE.user_id),
            return_exceptions=True,
        )
        assert not isinstance(forgot, BaseException)
        left = [row.decision for row in await rows(database)]
        if isinstance(asked_it, BaseException):
            assert isinstance(asked_it, CannotAskError), repr(asked_it)
            assert left == []
        else:
            assert left in ([None], [AppealDecision.WITHDRAW]), "the member was told that it was sent"
        await database.write(lambda session: session.execute(delete(AppealRow)))
