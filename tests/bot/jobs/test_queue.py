"""The queue: who carries what, and every change of a state."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.db.database import Database
from bot.db.models import AT_PROVIDER, Generation, Status
from bot.failures import FailureKind
from bot.jobs.queue import GenerationQueue, LeaseLostError, SlotLostError
from bot.provider.costs import CostSource
from tests.bot.clocks import StoppedClock
from tests.bot.engine import LEASE
from tests.bot.rows import insert, reread
from tests.bot.troubles import Logs

pytestmark = pytest.mark.both_engines

TICK = timedelta(microseconds=1)

OpenQueue = Callable[..., GenerationQueue]


@pytest.fixture
def open_queue(database: Database, clock: StoppedClock) -> OpenQueue:
    """Open the queue as another process sees it."""

    def build(owner: str, max_running: int = 100) -> GenerationQueue:
        return GenerationQueue(database, owner, max_running=max_running, lease=LEASE, clock=clock)

    return build


@pytest.fixture
def queue(open_queue: OpenQueue) -> GenerationQueue:
    """The queue as this process sees it."""
    return open_queue("one")


async def insert_due(database: Database, clock: StoppedClock, **changes: Any) -> Generation:
    return await insert(database, **{"created_at": clock(), "not_before": clock(), **changes})


async def claim_ids(queue: GenerationQueue, most: int = 100) -> list[str]:
    return [row.id for row in await queue.claim(most)]


async def test_the_oldest_is_claimed_first(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    ages = (2, 5, 1, 4, 3)
    rows = {
        age: await insert_due(database, clock, created_at=clock() - timedelta(minutes=age)) for age in ages
    }
    assert await claim_ids(queue, 2) == [rows[5].id, rows[4].id]
    assert await claim_ids(queue) == [rows[3].id, rows[2].id, rows[1].id]


async def test_what_was_begun_goes_before_what_waits(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    await insert_due(database, clock, created_at=clock() - timedelta(hours=1))
    begun = await insert_due(database, clock, status=Status.SUCCEEDED)
    assert await claim_ids(queue, 1) == [begun.id]


async def test_nothing_is_claimed_before_its_time(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    row = await insert_due(database, clock, not_before=clock() + timedelta(seconds=5))
    assert await claim_ids(queue) == []
    clock.advance(timedelta(seconds=5))
    assert await claim_ids(queue) == [row.id]


async def test_what_is_not_due_is_not_claimed_beside_what_is(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    await insert_due(database, clock, not_before=clock() + timedelta(seconds=5))
    due = await insert_due(database, clock)
    assert await claim_ids(queue) == [due.id]


async def test_what_is_delivered_is_left_alone(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    await insert_due(database, clock, status=Status.SUCCEEDED, delivered_at=clock())
    assert await claim_ids(queue) == []


async def test_two_processes_never_carry_the_same_generation(
    open_queue: OpenQueue, database: Database, clock: StoppedClock
) -> None:
    rows = {(await insert_due(database, clock)).id for _ in range(20)}
    claims = await asyncio.gather(*(claim_ids(open_queue(f"owner {number % 2}"), 3) for number in range(10)))
    claimed = [name for names in claims for name in names]
    assert len(claimed) == len(set(claimed)), "a row was given to two"
    assert set(claimed) == rows, "a row was given to nobody"


async def test_a_claim_is_written_down_as_a_lease(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    await insert_due(database, clock)
    (claimed,) = await queue.claim(1)
    row = await reread(database, claimed.id)
    assert (row.lease_owner, row.lease_until) == ("one", clock() + LEASE)
    assert (claimed.lease_owner, claimed.lease_until) == (row.lease_owner, row.lease_until)


async def test_an_expired_lease_is_taken_over(
    queue: GenerationQueue, open_queue: OpenQueue, database: Database, clock: StoppedClock
) -> None:
    row = await insert_due(database, clock, status=Status.RUNNING)
    await queue.claim(1)
    clock.advance(LEASE)
    assert await claim_ids(open_queue("two")) == [], "the lease has not ended yet"
    clock.advance(TICK)
    assert await claim_ids(open_queue("two")) == [row.id]


async def test_a_renewed_lease_is_kept(
    queue: GenerationQueue, open_queue: OpenQueue, database: Database, clock: StoppedClock
) -> None:
    row = await insert_due(database, clock)
    await queue.claim(1)
    clock.advance(LEASE - TICK)
    await queue.renew([row.id])
    clock.advance(LEASE)
    assert await claim_ids(open_queue("two")) == []


async def test_renewing_touches_nobody_elses_leases(
    queue: GenerationQueue, open_queue: OpenQueue, database: Database, clock: StoppedClock
) -> None:
    row = await insert_due(database, clock)
    await queue.claim(1)
    clock.advance(LEASE - TICK)
    await open_queue("two").renew([row.id])
    clock.advance(2 * TICK)
    assert await claim_ids(open_queue("three")) == [row.id]


async def test_no_more_than_max_running_are_at_the_provider_over_all_processes(
    open_queue: OpenQueue, database: Database, clock: StoppedClock
) -> None:
    for status in AT_PROVIDER:
        await insert_due(database, clock, status=status, lease_owner="x", lease_until=clock() + LEASE)
    for _ in range(10):
        await insert_due(database, clock)
    one, two = open_queue("one", max_running=5), open_queue("two", max_running=5)
    first = await claim_ids(one, 2)
    second = await claim_ids(two)
    assert (len(first), len(second)) == (2, 1), "two were running, so three slots are left for both"
    assert await claim_ids(one) == []


async def test_a_place_at_the_provider_frees_when_a_video_is_made(
    open_queue: OpenQueue, database: Database, clock: StoppedClock
) -> None:
    queue = open_queue("one", max_running=1)
    first = await insert_due(database, clock, created_at=clock() - timedelta(minutes=1))
    second = await insert_due(database, clock)
    (claimed,) = await queue.claim(10)
    assert claimed.id == first.id
    running = await queue.move(claimed, Status.RUNNING)
    assert await claim_ids(queue) == []
    await queue.move(running, Status.SUCCEEDED)
    assert await claim_ids(queue) == [second.id]


async def test_results_are_delivered_even_when_the_provider_is_full(
    open_queue: OpenQueue, database: Database, clock: StoppedClock
) -> None:
    for _ in range(3):
        await insert_due(database, clock, status=Status.RUNNING)
    done = await insert_due(database, clock, status=Status.FAILED)
    claimed = await claim_ids(open_queue("one", max_running=1))
    assert done.id in claimed
    assert len(claimed) == 4, "running rows of a dead process are taken up whatever the limit says"


@pytest.mark.parametrize("most", [0, 1, 3])
async def test_a_claim_is_never_larger_than_asked(
    queue: GenerationQueue, database: Database, clock: StoppedClock, most: int
) -> None:
    for status in (Status.QUEUED, Status.RUNNING, Status.FAILED, Status.QUEUED):
        await insert_due(database, clock, status=status)
    assert len(await queue.claim(most)) == most


async def test_a_move_changes_the_state_and_starts_counting_anew(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    await insert_due(database, clock, attempts=4)
    (claimed,) = await queue.claim(1)
    moved = await queue.move(claimed, Status.SUBMITTING, submitted_at=clock())
    row = await reread(database, claimed.id)
    for seen in (moved, row):
        assert (seen.status, seen.submitted_at, seen.attempts) == (Status.SUBMITTING, clock(), 0)


async def test_a_note_keeps_the_state_and_the_count(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    await insert_due(database, clock, status=Status.RUNNING, attempts=4)
    (claimed,) = await queue.claim(1)
    await queue.update(claimed, thread_id=8)
    row = await reread(database, claimed.id)
    assert (row.status, row.thread_id, row.attempts) == (Status.RUNNING, 8, 4)


@pytest.mark.parametrize(("source", "kept"), [(CostSource.LEDGER, 5.0), (CostSource.CREATE, None)])
async def test_a_failure_is_written_with_its_reason_and_time_and_what_was_really_charged(
    queue: GenerationQueue,
    database: Database,
    clock: StoppedClock,
    logs: Logs,
    source: CostSource,
    kept: float | None,
) -> None:
    told = {"credits_used": 5.0, "cost_source": source}
    await insert_due(database, clock, status=Status.RUNNING, **told)
    (claimed,) = await queue.claim(1)
    await queue.fail(claimed, FailureKind.UNMADE, "It rains")
    row = await reread(database, claimed.id)
    assert (row.status, row.failure_kind, row.failure_reason) == (
        Status.FAILED,
        FailureKind.UNMADE,
        "It rains",
    )
    assert (row.finished_at, row.credits_used) == (clock(), kept)
    assert [line["kind"] for line in logs if line["event"] == "failed"] == ["unmade"], "the log has no reason"


Change = Callable[[GenerationQueue, Generation], Any]
CHANGES: dict[str, Change] = {
    "move": lambda queue, row: queue.move(row, Status.SUCCEEDED),
    "update": lambda queue, row: queue.update(row, thread_id=8),
    "fail": lambda queue, row: queue.fail(row, FailureKind.LATE, None),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_who_lost_the_lease_changes_nothing(
    queue: GenerationQueue, open_queue: OpenQueue, database: Database, clock: StoppedClock, change: Change
) -> None:
    await insert_due(database, clock, status=Status.RUNNING)
    (mine,) = await queue.claim(1)
    clock.advance(LEASE + TICK)
    await open_queue("two").claim(1)
    before = await reread(database, mine.id)
    with pytest.raises(LeaseLostError):
        await change(queue, mine)
    after = await reread(database, mine.id)
    assert (after.status, after.thread_id, after.lease_owner) == (before.status, before.thread_id, "two")


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_a_state_that_was_changed_meanwhile_is_not_overwritten(
    queue: GenerationQueue, database: Database, clock: StoppedClock, change: Change
) -> None:
    await insert_due(database, clock)
    (stale,) = await queue.claim(1)
    await queue.move(stale, Status.SUBMITTING)
    with pytest.raises(LeaseLostError):
        await change(queue, stale)
    assert (await reread(database, stale.id)).status is Status.SUBMITTING


async def test_a_row_that_is_gone_is_reported_as_lost(queue: GenerationQueue) -> None:
    with pytest.raises(LeaseLostError):
        await queue.get("nothing")


@pytest.mark.parametrize(("failed", "attempts"), [(True, 3), (False, 2)])
async def test_what_is_released_can_be_taken_up_after_its_wait(
    queue: GenerationQueue,
    open_queue: OpenQueue,
    database: Database,
    clock: StoppedClock,
    *,
    failed: bool,
    attempts: int,
) -> None:
    row = await insert_due(database, clock, attempts=2)
    await queue.claim(1)
    await queue.release(row, timedelta(seconds=5), failed=failed)
    assert await claim_ids(open_queue("two")) == [], "its wait is not over"
    clock.advance(timedelta(seconds=5))
    (taken,) = await open_queue("two").claim(1)
    assert (taken.id, taken.attempts, taken.lease_owner) == (row.id, attempts, "two")


async def test_only_the_owner_releases(
    queue: GenerationQueue, open_queue: OpenQueue, database: Database, clock: StoppedClock
) -> None:
    row = await insert_due(database, clock)
    await queue.claim(1)
    await open_queue("two").release(row, timedelta(), failed=True)
    await open_queue("two").release_all()
    kept = await reread(database, row.id)
    assert (kept.lease_owner, kept.attempts) == ("one", 0)


async def test_a_process_that_ends_leaves_its_work_to_the_next(
    queue: GenerationQueue, open_queue: OpenQueue, database: Database, clock: StoppedClock
) -> None:
    rows = [(await insert_due(database, clock)).id for _ in range(3)]
    await queue.claim(10)
    await queue.release_all()
    assert sorted(await claim_ids(open_queue("two"))) == sorted(rows)


async def test_a_slot_that_another_took_meanwhile_is_waited_for_again(
    open_queue: OpenQueue, database: Database, clock: StoppedClock
) -> None:
    stalled, quick = open_queue("one", max_running=1), open_queue("two", max_running=1)
    await insert_due(database, clock, user_id=1)
    (old,) = await stalled.claim(1)
    clock.advance(LEASE + TICK)
    first = await insert_due(database, clock, user_id=2, created_at=clock() - timedelta(hours=1))
    (new,) = await quick.claim(1)
    assert new.id == first.id
    with pytest.raises(SlotLostError):
        await stalled.take_slot(old)
    await quick.take_slot(new)
    with pytest.raises(SlotLostError):
        await stalled.take_slot(old)
    assert (await reread(database, old.id)).status is Status.QUEUED


async def test_a_slot_that_nobody_took_is_used_after_the_lease(
    open_queue: OpenQueue, database: Database, clock: StoppedClock
) -> None:
    queue = open_queue("one", max_running=1)
    await insert_due(database, clock)
    (row,) = await queue.claim(1)
    clock.advance(LEASE + TICK)
    sent = await queue.take_slot(row, submission=1)
    assert (sent.status, sent.submission) == (Status.SUBMITTING, 1)
