"""While the provider takes nothing, nothing is sent. Lost requests are looked for more and more rarely."""

from datetime import timedelta

import pytest

from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.jobs.steps.base import StepPostponedError
from bot.jobs.steps.timing import Timing
from sandbox.provider import Fault, Provider
from tests.bot.engine import Engine, MakeEngine
from tests.bot.rows import insert
from tests.bot.troubles import Logs, count_events

MINUTE = timedelta(minutes=1)
PAUSED, RESUMED = "submitting paused", "submitting resumed"
OUT_OF_CREDITS = Fault.status(403, "You've run out of credits.")
CLOSED = [Fault.status(401), Fault.status(402), OUT_OF_CREDITS]

every_refusal = pytest.mark.parametrize("fault", CLOSED, ids=str)


@pytest.fixture
def engine(make_engine: MakeEngine) -> Engine:
    """One process that waits a minute after each refusal."""
    return make_engine(account_wait=MINUTE, busy_wait=MINUTE)


async def submit_in_vain(engine: Engine, row: Generation) -> timedelta:
    """Carry a claimed row and return how long it is to wait."""
    with pytest.raises(StepPostponedError) as postponed:
        await engine.workflow.run(row)
    return postponed.value.wait


@every_refusal
async def test_one_refusal_keeps_all_others_at_home(engine: Engine, provider: Provider, fault: Fault) -> None:
    provider.faults.add("create", fault)
    for _ in range(4):
        await insert(engine.database)
    waits = [await submit_in_vain(engine, row) for row in await engine.queue.claim(10)]
    assert provider.count("create") == 1, "the others were sent too"
    assert all(timedelta() < wait <= MINUTE for wait in waits)
    assert [(await engine.row(row.id)).status for row in await engine.queue.claim(10)] == []


@every_refusal
async def test_when_the_wait_is_over_they_are_sent(engine: Engine, provider: Provider, fault: Fault) -> None:
    provider.faults.add("create", fault)
    rows = [await insert(engine.database) for _ in range(3)]
    for row in await engine.queue.claim(10):
        await submit_in_vain(engine, row)
    await engine.queue.release_all()
    engine.clock.advance(MINUTE)
    for row in rows:
        assert (await engine.delivered(row.id)).status is Status.SUCCEEDED
        engine.restart()
    assert provider.count("create") == 4


@every_refusal
async def test_the_operator_hears_of_it_once_each_way(
    make_engine: MakeEngine, provider: Provider, fault: Fault, logs: Logs
) -> None:
    engine = make_engine(account_wait=MINUTE, busy_wait=MINUTE)
    provider.faults.add("create", fault, times=3)
    row = await insert(engine.database)
    claimed = await engine.claim()
    for _ in range(3):
        assert count_events(logs, RESUMED) == 0
        await submit_in_vain(engine, claimed)
        engine.clock.advance(MINUTE)
    assert (provider.count("create"), count_events(logs, PAUSED)) == (3, 1)
    await engine.queue.release_all()
    await engine.delivered(row.id)
    engine.restart()
    await engine.delivered((await insert(engine.database)).id)
    assert (count_events(logs, PAUSED), count_events(logs, RESUMED)) == (1, 1)


async def test_the_next_outage_is_told_again(make_engine: MakeEngine, provider: Provider, logs: Logs) -> None:
    engine = make_engine()
    for _ in range(2):
        provider.faults.add("create", OUT_OF_CREDITS)
        await engine.delivered((await insert(engine.database)).id)
        engine.restart()
    assert (count_events(logs, PAUSED), count_events(logs, RESUMED)) == (2, 2)


async def test_what_is_at_the_provider_already_is_not_held_up(engine: Engine, provider: Provider) -> None:
    provider.hold = True
    running = await insert(engine.database)
    async with engine.running():
        await provider.called("retrieve")
        provider.faults.add("create", OUT_OF_CREDITS)
        await insert(engine.database)
        engine.work.set()
        await provider.called("create", 2)
    engine.restart()
    provider.release()
    assert (await engine.delivered(running.id)).status is Status.SUCCEEDED


async def test_a_model_that_is_gone_is_told_during_a_pause_or_after_it(
    engine: Engine, provider: Provider
) -> None:
    provider.faults.add("create", OUT_OF_CREDITS)
    await insert(engine.database)
    await submit_in_vain(engine, await engine.claim())
    await engine.queue.release_all()
    gone = await insert(engine.database, model="google/veo-9")
    engine.clock.advance(MINUTE)
    assert (await engine.delivered(gone.id)).failure_kind is FailureKind.MODEL_GONE


DEFAULTS = Timing()


@pytest.fixture
def patient(make_engine: MakeEngine) -> Engine:
    """One process that looks into the log as often as the program does."""
    return make_engine(
        lookup_wait=DEFAULTS.lookup_wait,
        lookup_longest_wait=DEFAULTS.lookup_longest_wait,
        lookup_window=DEFAULTS.lookup_window,
        deadline=DEFAULTS.deadline,
    )


async def look_until_lost(engine: Engine) -> list[timedelta]:
    """Look up the one row again and again, after each wait, until it fails; return the waits."""
    row = await insert(engine.database, status=Status.SUBMITTING, submitted_at=engine.clock())
    claimed, waits = await engine.claim(), list[timedelta]()
    while True:
        try:
            await engine.workflow.run(claimed)
        except StepPostponedError as error:
            waits.append(error.wait)
            engine.clock.advance(error.wait)
        else:
            break
    after = await engine.row(row.id)
    assert (after.status, after.failure_kind) == (Status.FAILED, FailureKind.LOST)
    return waits


async def test_a_lost_request_is_looked_for_more_and_more_rarely_until_the_window_ends(
    patient: Engine, provider: Provider
) -> None:
    waits = await look_until_lost(patient)
    assert waits == sorted(waits)
    assert waits[0] == DEFAULTS.lookup_wait < waits[-1] <= DEFAULTS.lookup_longest_wait
    window, longest = DEFAULTS.lookup_window, DEFAULTS.lookup_longest_wait
    assert window <= sum(waits, timedelta()) <= window + longest
    assert provider.count("logs") == len(waits) + 2, "it is looked for once more after the member was told"
    assert provider.count("create") == 0


@pytest.mark.parametrize("fault", [Fault.status(500), Fault.status(403), Fault.status(429)], ids=str)
async def test_a_log_that_cannot_be_read_is_tried_until_the_deadline(
    patient: Engine, provider: Provider, fault: Fault
) -> None:
    provider.faults.add("logs", fault, times=None)
    waits = await look_until_lost(patient)
    assert waits == sorted(waits)
    assert waits[-1] == DEFAULTS.lookup_longest_wait
    assert DEFAULTS.deadline <= sum(waits, timedelta()) <= DEFAULTS.deadline + waits[-1]
