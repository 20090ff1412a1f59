"""PostgreSQL: who waits for whom, who does not, and that nothing is taken twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.clock import utc_now
from bot.db.database import LATE, Database, open_database
from bot.db.locks import Lock
from bot.db.models import Generation, Status
from bot.db.postgres import CONNECTIONS, MORE_CONNECTIONS
from bot.db.state import get_state, keep_state
from bot.errors import DatabaseBusyError
from bot.jobs.queue import GenerationQueue
from tests.bot.engine import LEASE
from tests.bot.rows import insert
from tests.bot.troubles import held
from tests.postgres import connect

A, B = 1, 2  # servers


pytestmark = pytest.mark.postgres_only


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """Another process's connection to the same database."""
    async with open_database(database_url) as other:
        yield other


async def test_writers_of_one_server_wait_for_each_other_over_all_processes(
    database: Database, database_url: str
) -> None:
    await _write(database, B)  # so that no time goes into connecting
    async with held(database_url, A):
        with pytest.raises(DatabaseBusyError) as refusal:
            await _write(database, A, patience=1)
    assert str(refusal.value) == LATE
    await _write(database, A, patience=5)  # the lock was given back


async def test_writers_of_one_server_wait_for_each_other_in_one_process(
    database: Database, database_url: str
) -> None:
    order: list[str] = []
    async with held(database_url, A):
        first = asyncio.create_task(database.write(lambda _: order.append("first"), A))
        await asyncio.sleep(0)
        second = asyncio.create_task(database.write(lambda _: order.append("second"), A))
        await asyncio.wait_for(_write(database, B), 20)
        assert order == [], "a transaction ran while another one held the server's lock"
    await asyncio.gather(first, second)
    assert order == ["first", "second"]


async def test_writers_of_different_servers_do_not_wait(
    database: Database, other: Database, database_url: str
) -> None:
    async with held(database_url, A):
        await _write(database, B, patience=5)
        await _write(other, None, patience=5)


async def test_a_server_with_a_crowd_does_not_keep_others_from_the_database(
    database: Database, database_url: str
) -> None:
    async with held(database_url, A):
        crowd = [
            asyncio.create_task(_write(database, A)) for _ in range(3 * (CONNECTIONS + MORE_CONNECTIONS))
        ]
        await asyncio.sleep(0)
        await asyncio.wait_for(_write(database, B), 20)
        assert await get_state(database, "colour") is None
        assert not any(task.done() for task in crowd)
    await asyncio.gather(*crowd)


async def _write(database: Database, lock: int | None, patience: float | None = None) -> None:
    await database.write(lambda session: session.execute(text("SELECT 1")), lock, patience=patience)


async def test_a_lock_ends_with_the_connection_that_held_it(database: Database, database_url: str) -> None:
    async with connect(database_url) as dying:
        await dying.execute("BEGIN")
        await dying.execute(f"SELECT pg_advisory_xact_lock({A})")
        with pytest.raises(DatabaseBusyError):
            await _write(database, A, patience=0.1)
        dying.terminate()
        await _write(database, A, patience=5)


async def test_a_note_is_kept_by_many_processes_at_once(database: Database, other: Database) -> None:
    for name in range(10):
        await asyncio.gather(
            *(keep_state(each, str(name), str(value)) for value in range(4) for each in (database, other))
        )
        assert await get_state(other, str(name)) in {"0", "1", "2", "3"}


def queue_of(database: Database, owner: str, max_running: int = 1000) -> GenerationQueue:
    return GenerationQueue(database, owner, max_running=max_running, lease=LEASE)


async def insert_many(database: Database, count: int, status: Status) -> set[str]:
    now = utc_now()
    return {(await insert(database, status=status, user_id=n, created_at=now)).id for n in range(count)}


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING])
async def test_runners_that_claim_at_once_never_get_the_same_row(database_url: str, status: Status) -> None:
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(open_database(database_url)) for _ in range(4)]
        names = await insert_many(processes[0], 200, status)
        claimed: Counter[str] = Counter()
        owners: dict[str, str] = {}

        async def claim_all(owner: str, process: Database) -> None:
            queue = queue_of(process, owner)
            while rows := await queue.claim(7):
                claimed.update(row.id for row in rows)
                owners.update((row.id, owner) for row in rows)

        await asyncio.gather(*(claim_all(f"runner {n}", each) for n, each in enumerate(processes)))
        # A look that found rows taken meanwhile comes back empty; somebody takes the rest later.
        await claim_all("last", processes[0])
        assert claimed == dict.fromkeys(names, 1)
        assert len(set(owners.values())) > 2, "one runner took it all, so this shows nothing"

        def work(session: Session):
            for name in names:
                row = session.get_one(Generation, name)
                assert row.lease_owner == owners[name]

        await processes[0].read(work)


async def test_a_row_that_somebody_changes_is_passed_over(database: Database, database_url: str) -> None:
    first, second = [await insert(database, status=Status.RUNNING) for _ in range(2)]
    async with connect(database_url) as busy:
        await busy.execute("BEGIN")
        await busy.execute("SELECT * FROM generations WHERE id = $1 FOR UPDATE", first.id)
        rows = await asyncio.wait_for(queue_of(database, "one").claim(10), 20)
        assert [row.id for row in rows] == [second.id]
    assert [row.id for row in await queue_of(database, "one").claim(10)] == [first.id]


async def test_places_are_counted_over_all_processes(database: Database, other: Database) -> None:
    for most in range(1, 6):
        await insert_many(database, 10, Status.QUEUED)
        queues = [queue_of(each, name, most) for each, name in ((database, "one"), (other, "two"))]
        claims = await asyncio.gather(*(queue.claim(10) for queue in queues for _ in range(3)))
        assert sum(len(rows) for rows in claims) == most, "more go to the provider than MAX_RUNNING"
        await database.write(lambda session: session.execute(text("DELETE FROM generations")))


async def test_whoever_finds_no_place_waits_for_no_lock(
    database: Database, other: Database, database_url: str
) -> None:
    await insert_many(database, 2, Status.QUEUED)
    assert len(await queue_of(database, "one", 1).claim(10)) == 1
    async with held(database_url, Lock.SLOTS):
        assert await asyncio.wait_for(queue_of(other, "two", 1).claim(10), 20) == []
