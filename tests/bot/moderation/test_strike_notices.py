"""Members are told of strikes that no refusal told them of: each once, whatever Discord says meanwhile."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.db.database import Database
from bot.db.guild_models import StrikeKind
from bot.db.transactions import Work
from bot.jobs.ports import DeliveryPostponedError, UndeliverableError
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.strike_notices import GIVE_UP_AFTER, RETRY, Notice, StrikeNotices
from bot.moderation.strikes import Strikes
from bot.policy.strike_rows import Act, Struck, give_strike
from tests.bot.clocks import StoppedClock

GUILD, ALICE, MONA = 1, 3, Moderator(1, 9)
LATER = DeliveryPostponedError("Discord is down")


class RecordingMessages:
    """Remembers what members were told; `troubles`: what goes wrong, one for each message."""

    def __init__(self) -> None:
        self.told: list[int] = []
        self.tries = 0
        self.troubles: list[Exception] = []

    async def tell_strike(self, notice: Notice) -> None:
        self.tries += 1
        await asyncio.sleep(0)  # another process may look meanwhile
        if self.troubles:
            raise self.troubles.pop(0)
        self.told.append(notice.struck.active.count)


@pytest.fixture
def messages() -> RecordingMessages:
    """Direct messages that remember."""
    return RecordingMessages()


@pytest.fixture
async def notices(database: Database, messages: RecordingMessages, clock: StoppedClock) -> StrikeNotices:
    """The outbox of a server that gives strikes; one waits in it."""
    await Strikes(Decisions(database, clock)).change(MONA, is_on=True)
    await give(database, clock, StrikeKind.REPORT, "video:1")
    return StrikeNotices(database, messages, asyncio.Event(), clock)


async def give(
    database: Database, clock: StoppedClock, kind: StrikeKind, source: str, *, is_answered: bool = False
) -> Struck:
    act, now = Act(GUILD, ALICE, kind, source, is_answered=is_answered), clock()
    struck = await database.write(lambda session: give_strike(session, act, now), GUILD)
    assert struck is not None, "it is off"
    return struck


async def look_often(notices: StrikeNotices, clock: StoppedClock, span: timedelta = 3 * RETRY) -> None:
    """Let several processes look at once, again and again."""
    until = clock() + span
    while clock() < until:
        await asyncio.gather(notices.look(), notices.look())
        clock.advance(RETRY)


async def test_a_strike_is_told_once(
    database: Database, notices: StrikeNotices, messages: RecordingMessages, clock: StoppedClock
) -> None:
    struck = await give(database, clock, StrikeKind.WORD, "interaction:1", is_answered=True)
    await Strikes(Decisions(database, clock)).record_shown(struck.strike_id)
    await look_often(notices, clock)
    assert messages.told == [2], "one was told by the refusal, and both count"


async def test_a_strike_whose_refusal_was_never_shown_is_told_by_a_message(
    database: Database, notices: StrikeNotices, messages: RecordingMessages, clock: StoppedClock
) -> None:
    await notices.look()
    await give(database, clock, StrikeKind.WORD, "interaction:1", is_answered=True)
    await notices.look()
    assert messages.told == [1], "its answer may be on its way"
    await look_often(notices, clock)
    assert messages.told == [1, 2]


async def test_a_strike_whose_claim_waited_for_its_turn_is_told_by_one_process(
    database: Database,
    notices: StrikeNotices,
    messages: RecordingMessages,
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write, tell = database.write, messages.tell_strike

    async def write_slowly(work: Work[Any], lock: int | None = None) -> Any:
        clock.advance(2 * RETRY)
        return await write(work, lock)

    async def tell_slowly(notice: Notice) -> None:
        monkeypatch.undo()
        await notices.look()
        await tell(notice)

    monkeypatch.setattr(database, "write", write_slowly)
    monkeypatch.setattr(messages, "tell_strike", tell_slowly)
    await notices.look()
    assert messages.told == [1]


async def test_it_is_told_later_where_discord_is_down(
    notices: StrikeNotices, messages: RecordingMessages, clock: StoppedClock
) -> None:
    messages.troubles = [LATER]
    await notices.look()
    await notices.look()
    assert (messages.tries, messages.told) == (1, []), "it isn't asked again at once"
    await look_often(notices, clock)
    assert (messages.tries, messages.told) == (2, [1])


async def test_a_member_who_takes_no_messages_is_not_asked_again(
    notices: StrikeNotices, messages: RecordingMessages, clock: StoppedClock
) -> None:
    messages.troubles = [UndeliverableError("closed")]
    await look_often(notices, clock)
    assert (messages.tries, messages.told) == (1, [])


async def test_after_a_day_nobody_is_told(
    notices: StrikeNotices, messages: RecordingMessages, clock: StoppedClock
) -> None:
    clock.advance(GIVE_UP_AFTER)
    messages.troubles = [LATER]
    await look_often(notices, clock)
    assert (messages.tries, messages.told) == (1, [])


@pytest.mark.both_engines
async def test_what_was_forgiven_or_is_off_is_not_told(
    database: Database, notices: StrikeNotices, messages: RecordingMessages, clock: StoppedClock
) -> None:
    strikes = Strikes(Decisions(database, clock))
    await strikes.forgive(MONA, ALICE)
    await give(database, clock, StrikeKind.SAFETY, "request:2")
    await strikes.change(MONA, is_on=False)
    await look_often(notices, clock)
    assert messages.tries == 0


async def test_a_strike_that_has_faded_is_not_told_though_another_counts(
    database: Database, notices: StrikeNotices, messages: RecordingMessages, clock: StoppedClock
) -> None:
    clock.advance(timedelta(days=6))
    await give(database, clock, StrikeKind.SAFETY, "request:2")
    clock.advance(timedelta(days=1))
    await look_often(notices, clock)
    assert messages.told == [1], "only the newer one counts"
