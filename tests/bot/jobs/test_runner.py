"""The runner: many at a time, none in another's way, and an end that loses nothing."""

import asyncio
import time
from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from typing import cast
from unittest.mock import AsyncMock

import pytest
from sqlalchemy.orm import Session

from bot.clock import utc_now
from bot.db.database import Database, open_database
from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.jobs.queue import GenerationQueue
from bot.jobs.runner import MAX_ATTEMPTS, STOP_GRACE, Runner
from bot.jobs.workflow import Workflow
from sandbox.provider import Provider
from tests.bot.clocks import until
from tests.bot.engine import LEASE, Engine, MakeEngine
from tests.bot.rows import insert, reread
from tests.bot.troubles import Logs, count_events
from tests.bot.virtual_time import play


async def all_delivered(engine: Engine, names: list[str]) -> None:
    async def look() -> bool:
        engine.work.set()
        return all([(await engine.row(name)).delivered_at is not None for name in names])

    await until("all are delivered", look)


async def test_many_are_carried_at_once(engine: Engine, provider: Provider) -> None:
    provider.hold = True
    names = [(await insert(engine.database)).id for _ in range(6)]
    async with engine.running():
        await provider.called("create", 6)
        provider.release()
        await all_delivered(engine, names)
    assert Counter(shown.id for shown, _ in engine.delivery.videos) == dict.fromkeys(names, 1)


async def test_no_more_than_allowed_are_at_the_provider(make_engine: MakeEngine, provider: Provider) -> None:
    engine = make_engine(max_running=2)
    provider.hold = True
    names = [(await insert(engine.database)).id for _ in range(4)]
    async with engine.running():
        await provider.called("create", 2)
        engine.work.set()
        await provider.called("retrieve", 10)
        assert provider.count("create") == 2, "the third was submitted too"
        provider.release()
        await all_delivered(engine, names)
    assert provider.count("create") == 4


class IdleQueue(GenerationQueue):
    """A queue in which there is nothing to do, without a database."""

    def __init__(self) -> None:
        super().__init__(
            cast("Database", None), "idle", max_running=1, lease=timedelta(seconds=60), clock=utc_now
        )

    async def claim(self, max_rows: int) -> list[Generation]:  # noqa: ARG002 the interface names it
        return []

    async def count_held(self) -> tuple[int, timedelta]:
        return 0, timedelta()

    async def renew(self, generation_ids: Collection[str]) -> None:
        raise AssertionError(f"leases are renewed, of {list(generation_ids)}")

    async def release_all(self) -> None:
        """Do nothing: nothing is held."""


def test_who_carries_nothing_renews_no_lease(logs: Logs) -> None:
    async def scene() -> None:
        stopping = asyncio.Event()
        workflow = AsyncMock(spec=Workflow)
        runner = Runner(IdleQueue(), workflow, work=asyncio.Event(), stopping=stopping)
        running = asyncio.create_task(runner.run())
        await asyncio.sleep(3600)
        stopping.set()
        await running

    play(scene())
    assert not count_events(logs, "could not renew leases"), "each renewal takes the database's lock"


async def test_new_work_wakes_it_at_once(engine: Engine, provider: Provider) -> None:
    async with engine.running():
        await insert(engine.database)
        engine.work.set()
        await asyncio.wait_for(provider.called("create"), 10)


async def test_work_is_found_without_being_woken(engine: Engine, provider: Provider) -> None:
    async with engine.running():
        await insert(engine.database)
        await asyncio.wait_for(provider.called("create"), 10)


async def test_stopping_needs_no_grace_and_lays_the_work_down(engine: Engine, provider: Provider) -> None:
    provider.hold = True
    names = [(await insert(engine.database)).id for _ in range(3)]
    async with engine.running():
        await provider.called("retrieve", 6)
        began = time.monotonic()
    assert time.monotonic() - began < STOP_GRACE, "steps that wait were not told to end"
    rows = [await engine.row(name) for name in names]
    assert [row.status for row in rows] == [Status.RUNNING] * 3
    assert [row.lease_owner for row in rows] == [None] * 3, "the next process would wait for the leases"
    assert engine.runner.is_idle


async def test_the_next_process_goes_on_at_once(make_engine: MakeEngine, provider: Provider) -> None:
    provider.hold = True
    first, second = make_engine("first"), make_engine("second")
    row = await insert(first.database)
    async with first.running():
        await provider.called("retrieve", 2)
    provider.release()
    assert (await second.delivered(row.id)).status is Status.SUCCEEDED
    assert provider.count("create") == 1
    assert (len(first.delivery.videos), len(second.delivery.videos)) == (0, 1)


@pytest.mark.both_engines
@pytest.mark.usefixtures("patient_locks")
async def test_two_processes_on_one_database_do_the_work_once(
    make_engine: MakeEngine, database_url: str, provider: Provider
) -> None:
    one = make_engine("one")
    async with open_database(database_url) as other:
        two = make_engine("two", database=other)
        names = [(await insert(one.database)).id for _ in range(8)]
        async with one.running(), two.running():
            await all_delivered(one, names)
    posted = [shown.id for engine in (one, two) for shown, _ in engine.delivery.videos]
    assert Counter(posted) == dict.fromkeys(names, 1), "each video is posted once"
    assert provider.count("create") == 8, "each video is ordered once"


async def test_a_step_that_always_breaks_is_given_up_and_stops_nobody_else(engine: Engine) -> None:
    broken, sound = await insert(engine.database), await insert(engine.database)
    engine.delivery.endless_trouble[broken.id] = RuntimeError("nobody foresaw this")
    most_attempts = 0

    async def is_given_up() -> bool:
        nonlocal most_attempts
        row = await engine.row(broken.id)
        if row.lease_owner is None and row.not_before > engine.clock():
            most_attempts = max(most_attempts, row.attempts)
            engine.clock.advance(row.not_before - engine.clock())
        engine.work.set()
        return row.status is Status.FAILED

    async with engine.running():
        await all_delivered(engine, [sound.id])
        await until("it is given up", is_given_up)
    assert (await engine.row(broken.id)).failure_kind is FailureKind.BROKEN
    assert most_attempts == MAX_ATTEMPTS
    assert engine.delivery.tries >= MAX_ATTEMPTS + 1
    assert [shown.id for shown, _ in engine.delivery.videos] == [sound.id]


async def test_a_step_that_broke_once_is_tried_again_after_a_pause(engine: Engine) -> None:
    row = await insert(engine.database)
    engine.delivery.trouble = [RuntimeError("nobody foresaw this")]

    async def is_released() -> bool:
        now = await engine.row(row.id)
        return now.attempts == 1 and now.lease_owner is None

    async with engine.running():
        await until("the attempt is counted", is_released)
        assert (await engine.row(row.id)).not_before > engine.clock(), "it would be tried without a pause"
    engine.stopping.clear()
    engine.clock.advance(timedelta(minutes=1))
    after = await engine.delivered(row.id)
    assert (after.status, len(engine.delivery.videos)) == (Status.SUCCEEDED, 1)


async def test_a_failure_that_can_never_be_told_is_closed(engine: Engine) -> None:
    row = await insert(
        engine.database, status=Status.FAILED, failure_kind=FailureKind.LATE, attempts=MAX_ATTEMPTS
    )
    engine.delivery.endless_trouble[row.id] = RuntimeError("nobody foresaw this")
    after = await engine.delivered(row.id)
    assert (after.result_id, after.failure_kind) == (None, FailureKind.LATE)


@pytest.mark.parametrize("status", [Status.RUNNING, Status.SUCCEEDED])
async def test_a_row_that_another_process_took_is_left_to_it(
    engine: Engine, provider: Provider, status: Status
) -> None:
    provider.hold = True
    row = await insert(engine.database)
    async with engine.running():
        await provider.called("retrieve")

        def work(session: Session):
            taken = session.get_one(type(row), row.id)
            taken.lease_owner, taken.status = "other", status

        await engine.database.write(work)
        provider.release()

        async def is_idle() -> bool:
            return engine.runner.is_idle

        await until("the runner has noticed", is_idle)
    after = await reread(engine.database, row.id)
    assert (after.lease_owner, after.status, after.attempts) == ("other", status, 0)
    assert engine.delivery.videos == []


async def test_who_is_given_up_hears_of_it_at_once_and_leaves_no_file(engine: Engine) -> None:
    row = await insert(engine.database)
    engine.delivery.endless_trouble[row.id] = RuntimeError("nobody foresaw this")

    async def is_told() -> bool:
        now = await engine.row(row.id)
        if now.status is Status.FAILED:
            engine.delivery.endless_trouble.clear()  # it was the video that could not be posted
        elif now.lease_owner is None and now.not_before > engine.clock():
            engine.clock.advance(now.not_before - engine.clock())
        engine.work.set()
        return now.delivered_at is not None

    async with engine.running():
        await until("the member is told without another wait", is_told)
    assert [shown.failure_kind for shown in engine.delivery.failures] == [FailureKind.BROKEN]
    assert list(engine.videos.iterdir()) == []


async def test_who_finds_the_slot_taken_makes_no_call_until_it_is_free(
    make_engine: MakeEngine, provider: Provider, monkeypatch: pytest.MonkeyPatch, logs: Logs
) -> None:
    engine = make_engine(max_running=1)
    row, others = await insert(engine.database), list[Generation]()
    take_slot = engine.queue.take_slot

    async def take_after_another(generation: Generation, **values: object) -> Generation:
        if not others:  # as by a process that saw this one's lease end
            lease = {"lease_owner": "other", "lease_until": engine.clock() + LEASE}
            others.append(await insert(engine.database, status=Status.RUNNING, **lease))
        return await take_slot(generation, **values)

    monkeypatch.setattr(engine.queue, "take_slot", take_after_another)

    async def waits_again() -> bool:
        current = await engine.row(row.id)
        return bool(others) and engine.runner.is_idle and current.lease_owner is None

    def end_other(session: Session) -> None:
        session.get_one(Generation, others[0].id).delivered_at = engine.clock()

    async with engine.running():
        await until("it waits again", waits_again)
        assert provider.count("create") == 0
        await engine.database.write(end_other)
        await all_delivered(engine, [row.id])
    assert provider.count("create") == 1
    assert count_events(logs, "waits again because its slot is another's by now") == 1
