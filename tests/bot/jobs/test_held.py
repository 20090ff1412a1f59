"""Whose a row is: asked before a call, and when a claim that is out of date lays it down."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.db.database import Database
from bot.db.models import Status
from bot.jobs.cancellation import Cancellation
from bot.jobs.queue import GenerationQueue, LeaseLostError
from tests.bot.clocks import StoppedClock
from tests.bot.engine import LEASE
from tests.bot.rows import insert, reread


@pytest.fixture
def queue(database: Database, clock: StoppedClock) -> GenerationQueue:
    """The queue as this process sees it."""
    return GenerationQueue(database, "one", max_running=100, lease=LEASE, clock=clock)


async def test_what_was_cancelled_and_claimed_again_is_not_released_by_the_claim_before(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    row = await insert(database, not_before=clock(), status=Status.RUNNING)
    (before,) = await queue.claim(1)
    await Cancellation(database, work=asyncio.Event(), clock=clock).cancel(row.guild_id, row.id, 77)
    (after,) = await queue.claim(1)
    await queue.release(before, timedelta(minutes=5), failed=True)
    kept = await reread(database, row.id)
    assert (kept.lease_owner, kept.not_before, kept.attempts) == ("one", clock(), 0)
    await queue.release(after, timedelta(minutes=5), failed=True)
    released = await reread(database, row.id)
    assert (released.lease_owner, released.attempts) == (None, 1)


async def test_what_is_held_can_be_told_from_what_is_not(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    await insert(database, not_before=clock())
    (mine,) = await queue.claim(1)
    await queue.ensure_held(mine)
    other = GenerationQueue(database, "two", max_running=100, lease=LEASE, clock=clock)
    with pytest.raises(LeaseLostError):
        await other.ensure_held(mine)
    moved = await queue.move(mine, Status.SUBMITTING)
    await queue.ensure_held(moved)
    with pytest.raises(LeaseLostError):
        await queue.ensure_held(mine)


@pytest.mark.both_engines
async def test_a_database_that_cannot_be_read_is_no_reason_to_stop(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    await insert(database, not_before=clock())
    (mine,) = await queue.claim(1)
    await database.write(lambda session: session.execute(text("ALTER TABLE generations RENAME TO hidden")))
    await queue.ensure_held(mine)
