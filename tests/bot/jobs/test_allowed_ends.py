"""A request that a moderator allowed once, and what its end without a video means for that."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.admission.appeals import RELEASE_TIME
from bot.db.guild_models import AppealDecision
from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.jobs.cancellation import Cancellation
from bot.jobs.queue import GenerationQueue
from bot.jobs.retirement import Retirement
from bot.moderation.service import Moderation
from bot.requests.repeats import spec_of
from bot.requests.spec import RequestSpec
from tests.bot.engine import LEASE
from tests.bot.rows import MODEL, insert, new_requester, reread
from tests.bot.striking import ALICE, MONA, SPEC, Room

REFUSED = "The prompt was blocked by our safety filters."
BROKEN = "Internal server error"


@pytest.fixture
def queue(room: Room) -> GenerationQueue:
    """The queue of the room."""
    return GenerationQueue(room.database, "one", max_running=100, lease=LEASE, clock=room.clock)


async def allowed(room: Room, **values: Any) -> Generation:
    """Let a moderator allow the request, and the member send it again; return it, due now."""
    await room.answer(await room.refused(), AppealDecision.ALLOW)
    return await sent(room, **values)


async def sent(room: Room, spec: RequestSpec = SPEC, **values: Any) -> Generation:
    """Send a request, which is accepted; return it, due now."""
    room.sent += 1
    accepted = await room.service.request(new_requester(interaction_id=room.sent), spec)
    changes: dict[str, Any] = {"card_id": 55, "not_before": room.clock(), **values}
    changed = update(Generation).where(Generation.id == accepted.id).values(changes).returning(Generation)
    return await room.database.write(lambda session: session.scalars(changed).one())


async def fail(queue: GenerationQueue, reason: str) -> None:
    due = await queue.claim(100)
    assert due, "nothing is there that could fail"
    for claimed in due:
        await queue.fail(claimed, FailureKind.UNMADE, reason)


async def test_what_a_moderator_allowed_gives_no_strike_where_the_provider_refuses_it(
    room: Room, queue: GenerationQueue
) -> None:
    await room.climb(None)
    await allowed(room)
    await fail(queue, REFUSED)
    assert (await room.count_strikes(), await room.block()) == (0, None)


async def test_an_allowed_block_spares_no_strike_of_the_provider(room: Room, queue: GenerationQueue) -> None:
    moderation = Moderation(room.decisions)
    await moderation.remove_word(MONA, "zebra")
    await moderation.block(MONA, ALICE.user_id, None)
    await allowed(room)
    await fail(queue, REFUSED)
    assert await room.count_strikes() == 1


@pytest.mark.both_engines
async def test_any_allowed_shot_spares_the_act_the_strike(room: Room, queue: GenerationQueue) -> None:
    film = {"film_id": "f" * 16, "created_at": room.clock() + timedelta(hours=1)}
    first = await allowed(room, shot=1, **film)
    other = {**film, "shot": 2, "prompt": "a fox", "not_before": room.clock()}
    await insert(room.database, guild_id=1, user_id=ALICE.user_id, **other)
    await fail(queue, REFUSED)
    assert await room.count_strikes() == 0
    redone = {**other, "created_at": first.created_at + timedelta(hours=1)}
    await insert(room.database, guild_id=1, user_id=ALICE.user_id, **redone)
    await fail(queue, REFUSED)
    assert await room.count_strikes() == 1, "a redo is an act of its own"


async def test_what_failed_can_be_sent_again_within_the_time_of_the_permission(
    room: Room, queue: GenerationQueue
) -> None:
    first = await allowed(room)
    await fail(queue, BROKEN)
    await sent(room)
    assert "strike" in str(await room.refused()), "it passes once at a time"
    await fail(queue, BROKEN)
    await sent(room, spec_of(await reread(room.database, first.id), room.clock()))
    await fail(queue, BROKEN)
    room.clock.advance(RELEASE_TIME - timedelta(minutes=2))
    await sent(room)
    await fail(queue, BROKEN)
    room.clock.advance(timedelta(minutes=1))
    await room.refused()


@pytest.mark.both_engines
async def test_what_was_cancelled_after_it_was_sent_uses_the_permission_up_unless_it_was_not_taken(
    room: Room, queue: GenerationQueue
) -> None:
    await cancel(room, await allowed(room, status=Status.SUBMITTING, submitted_at=room.clock()))
    await room.refused()
    [cancelled] = await queue.claim(100)
    await queue.update(cancelled, submitted_at=None)
    await sent(room)


@pytest.mark.both_engines
async def test_what_was_cancelled_for_free_can_be_sent_again(room: Room) -> None:
    await cancel(room, await allowed(room))
    again = await sent(room)
    await Cancellation(room.database, work=asyncio.Event(), clock=room.clock).cancel_waiting(1)
    assert (await sent(room)).id != again.id


async def test_what_ends_with_its_model_can_be_sent_again(room: Room) -> None:
    await allowed(room)
    await Retirement(room.database, LEASE, room.clock).end([MODEL])
    await sent(room)


async def cancel(room: Room, generation: Generation) -> None:
    cancellation = Cancellation(room.database, work=asyncio.Event(), clock=room.clock)
    await cancellation.cancel(1, generation.id, ALICE.user_id)
