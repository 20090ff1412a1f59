"""A clock that jumps, either way, neither stops the work nor doubles it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.clock import Clock
from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.jobs.closures import LONGEST_WAIT
from bot.jobs.queue import GenerationQueue
from bot.jobs.runner import HELD
from sandbox.provider import Fault, Kind, Provider
from tests.bot.clocks import StoppedClock, until
from tests.bot.engine import LEASE, Engine, MakeEngine
from tests.bot.rows import insert, reread
from tests.bot.troubles import Logs, busy_thread, count_events, count_tracebacks, locked

pytestmark = pytest.mark.both_engines

HOURS = timedelta(hours=5)
TICK = timedelta(microseconds=1)


@pytest.fixture
def queue(database: Database, clock: StoppedClock) -> GenerationQueue:
    """The queue as this process sees it."""
    return GenerationQueue(database, "one", max_running=100, lease=LEASE, clock=clock)


async def insert_left(database: Database, clock: Clock, **changes: Any) -> Generation:
    """Write a due row that another process holds."""
    times = {"created_at": clock(), "not_before": clock()}
    return await insert(database, lease_owner="dead", **{**times, **changes})


async def all_delivered(engine: Engine, *rows: Generation) -> None:
    async def look() -> bool:
        engine.work.set()
        return all([(await engine.row(row.id)).delivered_at is not None for row in rows])

    await until("all are delivered", look)


async def claimed_again(engine: Engine, row: Generation) -> None:
    """Return when the runner has looked for due rows after the clock jumped ahead."""

    async def look() -> bool:
        engine.work.set()
        lease_until = (await engine.row(row.id)).lease_until
        return lease_until is not None and lease_until > engine.clock()

    await until("the lease is ours again", look)


def carriers_of(row: Generation) -> int:
    return sum(task.get_name() == f"run {row.id}" for task in asyncio.all_tasks())


async def test_a_row_is_carried_once_however_often_the_clock_jumps_ahead(
    make_engine: MakeEngine, provider: Provider
) -> None:
    engine = make_engine(deadline=timedelta(days=1))
    provider.hold = True
    row = await insert(engine.database)
    async with engine.running():
        await provider.called("retrieve")
        for _ in range(3):
            engine.clock.advance(HOURS)
            await claimed_again(engine, row)
            assert carriers_of(row) == 1
        provider.release()
        await all_delivered(engine, row)
    assert len(engine.delivery.videos) == 1
    assert provider.count("create") == 1


async def test_a_long_upload_is_not_begun_again_when_the_clock_jumps_ahead(engine: Engine) -> None:
    row = await insert(engine.database)
    engine.delivery.open_gate.clear()

    async def is_posting() -> bool:
        return engine.delivery.tries == 1

    async with engine.running():
        await until("it is being posted", is_posting)
        engine.clock.advance(HOURS)
        await claimed_again(engine, row)
        assert (engine.delivery.tries, carriers_of(row)) == (1, 1)
        engine.delivery.open_gate.set()
        await all_delivered(engine, row)
    assert (engine.delivery.tries, len(engine.delivery.videos)) == (1, 1)


@pytest.mark.parametrize("kind", ["create", "retrieve", "cdn"])
async def test_a_clock_that_is_set_back_does_not_stop_the_work(
    engine: Engine, provider: Provider, kind: Kind
) -> None:
    row = await insert(engine.database)
    provider.faults.add(kind, Fault.hang())
    async with engine.running():
        await provider.called(kind)
        engine.clock.advance(-HOURS)
        provider.faults.clear()
        await all_delivered(engine, row)
    after = await engine.row(row.id)
    assert (after.status, len(engine.delivery.videos)) == (Status.SUCCEEDED, 1)
    assert provider.count("create") == 1


@pytest.mark.parametrize("status", Status)
async def test_a_lease_from_a_clock_that_was_set_back_is_over(
    queue: GenerationQueue, database: Database, clock: StoppedClock, status: Status
) -> None:
    row = await insert_left(database, clock, status=status, lease_until=clock() + HOURS)
    assert [claimed.id for claimed in await queue.claim(10)] == [row.id]
    assert (await reread(database, row.id)).lease_until == clock() + LEASE


async def test_a_lease_that_may_be_true_is_respected(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    row = await insert_left(database, clock, lease_until=clock() + 2 * LEASE, not_before=clock() - TICK)
    assert await queue.claim(10) == []
    clock.advance(-TICK)
    assert [claimed.id for claimed in await queue.claim(10)] == [row.id]


async def test_a_wait_from_a_clock_that_was_set_back_is_over(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    row = await insert(database, not_before=clock() + LONGEST_WAIT)
    assert await queue.claim(10) == [], "it may be a true wait"
    clock.advance(-TICK)
    assert [claimed.id for claimed in await queue.claim(10)] == [row.id]


async def test_no_wait_is_longer_than_what_is_believed(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    row = await insert(database, not_before=clock())
    await queue.claim(1)
    await queue.release(row, timedelta(days=400), failed=False)
    assert await queue.claim(1) == []
    clock.advance(LONGEST_WAIT)
    assert len(await queue.claim(1)) == 1


async def test_only_what_is_named_is_kept(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    carried, dropped = [await insert(database, not_before=clock()) for _ in range(2)]
    await queue.claim(10)
    clock.advance(LEASE)
    await queue.renew([carried.id])
    await queue.renew([])
    clock.advance(TICK)
    other = GenerationQueue(database, "two", max_running=100, lease=LEASE, clock=clock)
    assert [row.id for row in await other.claim(10)] == [dropped.id]


async def test_what_is_carried_long_is_kept(make_engine: MakeEngine, provider: Provider) -> None:
    engine = make_engine(lease=timedelta(seconds=1))
    provider.hold = True
    row = await insert(engine.database)

    async with engine.running():
        await provider.called("retrieve")
        first = (await engine.row(row.id)).lease_until
        assert first is not None

        async def is_renewed() -> bool:
            lease_until = (await engine.row(row.id)).lease_until
            return lease_until is not None and lease_until > first

        await until("the lease is renewed", is_renewed)
    assert provider.count("create") == 1


@pytest.mark.usefixtures("disk")
async def test_a_lease_that_cannot_be_renewed_is_told_in_one_line(
    make_engine: MakeEngine, database_url: str, logs: Logs, provider: Provider
) -> None:
    engine = make_engine(lease=timedelta(seconds=1))
    provider.hold = True
    await insert(engine.database)

    async def has_failed() -> bool:
        return count_events(logs, "could not renew leases") > 0

    async with engine.running():
        await provider.called("retrieve")
        async with locked(database_url):
            await until("a lease could not be renewed", has_failed)
    assert count_tracebacks(logs, "could not renew leases") == 0


@pytest.mark.usefixtures("disk")
async def test_a_row_that_could_not_be_released_is_taken_up_after_its_lease(
    make_engine: MakeEngine, database_url: str, logs: Logs, provider: Provider
) -> None:
    engine = make_engine(lease=timedelta(seconds=1))
    row = await insert(engine.database)
    engine.delivery.trouble = [RuntimeError("nobody foresaw this")]
    engine.delivery.open_gate.clear()

    async def is_posting() -> bool:
        return engine.delivery.tries == 1

    async def is_dropped() -> bool:
        return count_events(logs, "could not release the generation") == 1 and engine.runner.is_idle

    async with engine.running():
        await until("it is being posted", is_posting)
        async with locked(database_url):
            engine.delivery.open_gate.set()
            await until("it could not be released", is_dropped)
        assert (await engine.row(row.id)).lease_owner == "one"
        await all_delivered(engine, row)
    assert len(engine.delivery.videos) == 1
    assert provider.count("create") == 1


async def test_a_start_says_why_requests_of_a_killed_process_stand_still(engine: Engine, logs: Logs) -> None:
    left = timedelta(seconds=42)
    await insert_left(engine.database, engine.clock, lease_until=engine.clock() + left)
    await insert_left(engine.database, engine.clock, lease_until=engine.clock() + left / 2)
    await insert_left(engine.database, engine.clock, lease_until=engine.clock() - TICK)  # free

    async def is_told() -> bool:
        return count_events(logs, HELD) == 1

    async with engine.running():
        await until("it is told", is_told)
    (line,) = [line for line in logs if line["event"] == HELD]
    assert line["requests"] == 2
    assert 0 < line["seconds"] <= 42


async def test_a_start_after_an_orderly_stop_says_nothing_of_leases(
    make_engine: MakeEngine, provider: Provider, logs: Logs
) -> None:
    engine = make_engine()
    provider.hold = True
    await insert(engine.database)
    for calls in (1, 2):
        async with engine.running():
            await provider.called("retrieve", calls)
        engine.restart()
    assert count_events(logs, HELD) == 0


@pytest.mark.sqlite_only
async def test_a_claim_that_waited_for_its_turn_holds_its_rows_for_a_whole_lease(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    row = await insert(database, created_at=clock(), not_before=clock())
    async with busy_thread(database):
        claiming = asyncio.create_task(queue.claim(100))
        await asyncio.sleep(0)
        clock.advance(2 * LEASE)
    assert [claimed.id for claimed in await claiming] == [row.id]
    lease_until = (await reread(database, row.id)).lease_until
    assert lease_until == clock() + LEASE, "others take it up while this process runs it"
