"""What holds of a member's block once the strikes behind it are forgiven one after the other."""

import asyncio
from datetime import timedelta

from bot.db.guild_models import AppealDecision, AppealRow, StrikeKind
from bot.moderation.service import Moderation
from bot.policy.documents import Block
from bot.policy.strike_rows import Act, give_strike
from tests.bot.striking import ALICE, MONA, Room

DAY, TICK = timedelta(days=1), timedelta(minutes=1)


async def strike(room: Room, name: str, *, after: timedelta = TICK) -> str:
    """Give a strike that can be asked about; return the appeal's ID."""
    room.clock.advance(after)
    now, appeal_id = room.clock(), name * 16
    row = AppealRow(
        id=appeal_id,
        guild_id=1,
        user_id=ALICE.user_id,
        rule="word:zebra",
        prompt="a zebra",
        fingerprint=name,
        created_at=now,
    )
    act = Act(1, ALICE.user_id, StrikeKind.WORD, name, appeal_id=appeal_id)
    await room.database.write(lambda session: session.add(row))
    await room.database.write(lambda session: give_strike(session, act, now), 1)
    return appeal_id


async def allow(room: Room, appeal_id: str) -> Block | None:
    """Let the member ask and a moderator allow it; return the block that the member is told of."""
    room.clock.advance(TICK)
    await room.appeals.ask(ALICE, appeal_id, "please")
    appeal = await room.appeals.decide(MONA, appeal_id, AppealDecision.ALLOW)
    assert appeal.block == await room.block()
    return appeal.block


async def test_no_block_of_a_strike_that_was_forgiven_earlier_holds_again(room: Room) -> None:
    await room.climb(DAY, 2 * DAY, 3 * DAY)
    first, second, third = [await strike(room, name) for name in "abc"]
    held = await room.block()
    assert await allow(room, first) == held
    assert await allow(room, second) == held, "the third one's holds"
    assert await allow(room, third) is None


async def test_the_block_of_a_strike_that_was_not_forgiven_holds_again_and_so_does_a_moderators(
    room: Room,
) -> None:
    await room.climb(3 * DAY, 4 * DAY, 5 * DAY)
    await Moderation(room.decisions).block(MONA, ALICE.user_id, room.clock() + 2 * DAY)
    own = await room.block()
    first = await strike(room, "a")
    after_first = await room.block()
    second, third = await strike(room, "b"), await strike(room, "c")
    await allow(room, second)
    assert await allow(room, third) == after_first
    assert await allow(room, first) == own


async def test_strikes_of_the_same_moment_are_forgiven_one_after_the_other(room: Room) -> None:
    await room.climb(DAY, 2 * DAY)
    first, second = await strike(room, "a"), await strike(room, "b", after=timedelta())
    held = await room.block()
    async with asyncio.timeout(60):
        assert await allow(room, first) == held
        assert await allow(room, second) is None
