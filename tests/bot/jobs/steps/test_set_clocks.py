"""The machine's clock is set while the bot runs: no search, wait or window ends early or stays for ever."""

from datetime import timedelta

import pytest

from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.jobs.ports import DeliveryPostponedError
from bot.jobs.steps.base import StepPostponedError
from sandbox.provider import Fault, Provider
from tests.bot.engine import Engine, MakeEngine
from tests.bot.rows import insert, reread

WINDOW = timedelta(minutes=10)
JUMPS = pytest.mark.parametrize(
    "jump", [timedelta(hours=8), timedelta(days=400), timedelta(hours=-8)], ids=["8 h", "400 d", "-8 h"]
)


async def carry_on(engine: Engine, row: Generation) -> Generation:
    """Carry the row as far as it goes now; its lease stays."""
    with pytest.raises(StepPostponedError):
        await engine.workflow.run(row)
    return await reread(engine.database, row.id)


async def carry_to_the_end(engine: Engine, row: Generation) -> Generation:
    await engine.workflow.run(row)
    return await reread(engine.database, row.id)


@JUMPS
@pytest.mark.parametrize("log_works", [True, False], ids=["nothing in the log", "the log cannot be read"])
async def test_a_lost_create_call_is_looked_for_as_long_as_before(
    make_engine: MakeEngine, provider: Provider, jump: timedelta, *, log_works: bool
) -> None:
    engine = make_engine(lookup_window=WINDOW, deadline=WINDOW)
    provider.faults.add("create", Fault.reset())
    if not log_works:
        provider.faults.add("logs", Fault.status(500), times=None)
    await insert(engine.database)
    row = await carry_on(engine, await engine.claim())
    engine.clock.set(jump)
    row = await carry_on(engine, row)
    assert row.status is Status.SUBMITTING, "the search ended because the clock was set"
    engine.clock.advance(WINDOW)
    row = await carry_to_the_end(engine, row)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.LOST)


@JUMPS
async def test_what_was_cancelled_while_it_was_sent_is_settled_in_its_time(
    make_engine: MakeEngine, provider: Provider, jump: timedelta
) -> None:
    engine = make_engine(call_window=WINDOW, lookup_window=2 * WINDOW)
    await insert(engine.database, status=Status.CANCELLED, submission=1, submitted_at=engine.clock())
    row = await carry_on(engine, await engine.claim())
    engine.clock.set(jump)
    row = await carry_on(engine, row)
    assert provider.count("logs") == 0, "its call may still be under way"
    engine.clock.advance(WINDOW)
    row = await carry_on(engine, row)
    assert provider.count("logs") == 1, "it is not looked for because the clock was set back"
    engine.clock.advance(WINDOW)
    row = await carry_to_the_end(engine, row)
    assert row.delivered_at is not None, "it is held for ever"


@JUMPS
async def test_a_request_that_the_provider_does_not_take_waits_as_long_as_before(
    make_engine: MakeEngine, provider: Provider, jump: timedelta
) -> None:
    engine = make_engine(queue_window=WINDOW)
    provider.faults.add("create", Fault.status(429), times=None)
    await insert(engine.database)
    row = await carry_on(engine, await engine.claim())
    engine.clock.set(jump)
    row = await carry_on(engine, row)
    assert row.status is Status.QUEUED, "it was given up because the clock was set"
    engine.clock.advance(WINDOW)
    row = await carry_to_the_end(engine, row)
    assert row.failure_kind is FailureKind.UNTAKEN, "it waits for ever"


@JUMPS
async def test_a_card_is_tried_as_long_as_before(
    make_engine: MakeEngine, provider: Provider, jump: timedelta
) -> None:
    engine = make_engine(card_window=WINDOW)
    engine.delivery.post_card_trouble = [DeliveryPostponedError("Discord is away")] * 3
    await insert(engine.database, card_id=None)
    row = await carry_on(engine, await engine.claim())
    engine.clock.set(jump)
    row = await carry_on(engine, row)
    assert row.status is Status.QUEUED, "it was given up because the clock was set"
    engine.clock.advance(WINDOW)
    row = await carry_to_the_end(engine, row)
    assert (row.failure_kind, provider.count("create")) == (FailureKind.UNSHOWN, 0)


@JUMPS
async def test_a_file_is_fetched_as_long_as_before(
    make_engine: MakeEngine, provider: Provider, jump: timedelta
) -> None:
    engine = make_engine(fetch_window=WINDOW)
    provider.faults.add("cdn", Fault.status(500), times=None)
    await insert(engine.database)
    row = await carry_on(engine, await engine.claim())
    if row.status is Status.QUEUED:
        row = await carry_on(engine, row)
    engine.clock.set(jump)
    row = await carry_on(engine, row)
    assert row.status is Status.SUCCEEDED, "the paid file was given up because the clock was set"
    engine.clock.advance(WINDOW)
    row = await carry_to_the_end(engine, row)
    assert row.failure_kind is FailureKind.FILE_LOST
