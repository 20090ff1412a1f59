"""The runner and what is cancelled while it is carried: its wait ends at once, and is never begun again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from bot.db.database import Database, open_database
from bot.db.models import Generation, Status
from bot.eta.eta import NO_ETA, Eta
from bot.jobs.cancellation import Cancellation
from bot.jobs.ports import DeliveryPostponedError
from bot.jobs.queue import LeaseLostError
from bot.provider.catalogue import build_request
from bot.provider.errors import UnavailableError
from sandbox.odd_answers import Stumble
from sandbox.provider import Fault, Provider
from tests.bot.clocks import until
from tests.bot.engine import Engine, MakeEngine
from tests.bot.rows import MODEL, insert
from tests.bot.troubles import Logs, count_events

MODERATOR = 77
HOUR = timedelta(hours=1)
AT_ONCE = 20.0  # seconds, far less than any wait that is ended here
pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("patient_locks")]
LEFT_ALONE = "skipped because it was cancelled or another process has it"


@pytest.fixture
def patient(make_engine: MakeEngine) -> Engine:
    """One process that asks the provider rarely: the first question is far away."""
    return make_engine(poll_interval=HOUR, deadline=3 * HOUR)


@pytest.fixture
async def other_database(database_url: str, database: Database) -> AsyncIterator[Database]:
    """The same file as another process has it open."""
    assert database is not None, "it makes the tables"
    async with open_database(database_url) as other:
        yield other


async def cancel(engine: Engine, row: Generation, actor_id: int = MODERATOR) -> None:
    await Cancellation(engine.database, work=engine.work).cancel(row.guild_id, row.id, actor_id)


async def delivered(engine: Engine, row: Generation) -> Generation:
    async def look() -> bool:
        return (await engine.row(row.id)).delivered_at is not None

    await until("it is delivered at once", look, seconds=AT_ONCE)
    return await engine.row(row.id)


async def idle(engine: Engine) -> None:
    async def look() -> bool:
        return engine.runner.is_idle

    await until("nothing is carried", look, seconds=AT_ONCE)


async def looked_once_more(engine: Engine) -> None:
    """Return when the runner has taken up a row that was not there before; nothing is posted for it."""
    row = await insert(engine.database, status=Status.CANCELLED, cancelled_by=3, user_id=3)
    engine.work.set()
    await delivered(engine, row)


async def waits(engine: Engine, row: Generation) -> None:
    """Return when the provider has the request, and what comes next is a question some time later."""

    async def look() -> bool:
        return (await engine.row(row.id)).thread_id is not None

    await until("it is waited for", look)


def carriers_of(row: Generation) -> int:
    return sum(task.get_name() == f"run {row.id}" for task in asyncio.all_tasks())


def assert_told_once(engine: Engine, row: Generation) -> None:
    assert [shown.id for shown in engine.delivery.cancellations] == [row.id]
    assert len(engine.delivery.messages) == 1


async def test_a_wait_for_the_provider_ends_at_once(patient: Engine, provider: Provider) -> None:
    provider.hold = True
    row = await insert(patient.database)
    async with patient.running():
        await waits(patient, row)
        await cancel(patient, row)
        after = await delivered(patient, row)
        await idle(patient)
    assert (after.status, after.failure_kind) == (Status.CANCELLED, None)
    assert after.submitted_at is not None
    assert_told_once(patient, row)
    assert patient.delivery.states[-1] == (row.id, Status.CANCELLED)
    assert after.result_id is not None
    assert (provider.count("create"), provider.count("retrieve")) == (1, 0)


async def cancel_while_it_is_sent(engine: Engine, provider: Provider) -> Generation:
    """Cancel during the create call, and return the row once the card says so; the call still hangs."""
    row = await insert(engine.database)
    await provider.called("create")
    await cancel(engine, row)

    async def is_shown() -> bool:
        return (row.id, Status.CANCELLED) in engine.delivery.states

    await until("the card says that it is cancelled", is_shown, seconds=AT_ONCE)
    return await engine.row(row.id)


async def test_a_create_call_that_is_taken_after_the_cancel_counts(
    patient: Engine, provider: Provider
) -> None:
    provider.faults.add("create", Fault.hang(accepted=True))
    async with patient.running():
        row = await cancel_while_it_is_sent(patient, provider)
        assert row.delivered_at is None, "nobody knows yet whether it counts"
        provider.faults.release()
        after = await delivered(patient, row)
        await idle(patient)
    assert after.status is Status.CANCELLED
    assert after.submitted_at is not None, "it would not count, though it is paid"
    assert after.provider_id is not None
    assert after.credits_used == 4 * 1_040_000, "what it costs is known"
    assert_told_once(patient, row)
    assert (provider.count("create"), provider.count("retrieve"), provider.count("logs")) == (1, 0, 0)


def spend_all(provider: Provider) -> None:
    provider.top_up(-100.0)


def retire_model(provider: Provider) -> None:
    provider.terms.sold_out.add(MODEL)


def take_scope(provider: Provider) -> None:
    provider.terms.scopes = ["model:chat"]


@pytest.mark.parametrize("spoil", [spend_all, retire_model, take_scope])
async def test_a_create_call_that_is_refused_after_the_cancel_is_free(
    engine: Engine, provider: Provider, spoil: Callable[[Provider], None]
) -> None:
    provider.faults.add("create", Fault.hang())
    async with engine.running():
        row = await cancel_while_it_is_sent(engine, provider)
        spoil(provider)
        provider.faults.release()
        after = await delivered(engine, row)
    assert (after.status, after.submitted_at) == (Status.CANCELLED, None)
    assert_told_once(engine, row)


@pytest.mark.parametrize(("fault", "is_free"), [(Fault.reset(accepted=True), False), (Stumble(), True)])
async def test_what_a_killed_process_was_sending_is_settled_by_the_log(
    make_engine: MakeEngine, provider: Provider, fault: Fault, *, is_free: bool
) -> None:
    engine = make_engine(call_window=timedelta())
    sent = {"status": Status.CANCELLED, "cancelled_by": MODERATOR, "submitted_at": engine.clock()}
    row = await insert(engine.database, submission=1, **sent)
    provider.faults.add("create", fault)
    with pytest.raises(UnavailableError):
        await engine.veo.create(build_request(row.model, row.prompt, row.options), row.id)
    after = await engine.delivered(row.id)
    assert (after.submitted_at is None, after.provider_id is None) == (is_free, is_free)


async def test_a_cancelled_request_that_the_provider_has_counts_though_its_log_shows_the_call_as_failed(
    make_engine: MakeEngine, provider: Provider
) -> None:
    engine = make_engine(call_window=timedelta())
    sent = {"status": Status.CANCELLED, "cancelled_by": MODERATOR, "submitted_at": engine.clock()}
    row = await insert(engine.database, submission=1, **sent)
    await engine.veo.create(build_request(row.model, row.prompt, row.options), row.id)
    provider.log.failed.add(row.id)
    after = await engine.delivered(row.id)
    assert after.submitted_at is not None, "it would not count, though it is paid"
    assert after.provider_id is not None


async def test_what_waits_in_the_queue_is_told_at_once(make_engine: MakeEngine, provider: Provider) -> None:
    engine = make_engine(max_running=1, poll_interval=HOUR, deadline=3 * HOUR)
    provider.hold = True
    row = await insert(engine.database)
    async with engine.running():
        await waits(engine, row)
        waiting = await insert(engine.database)
        await cancel(engine, waiting)
        after = await delivered(engine, waiting)
        assert (await engine.row(row.id)).status is Status.RUNNING, "the wrong one was stopped"
    assert after.submitted_at is None
    assert_told_once(engine, waiting)
    assert provider.count("create") == 1


async def test_what_waits_for_its_next_try_is_told_at_once(
    make_engine: MakeEngine, provider: Provider
) -> None:
    engine = make_engine(account_wait=HOUR)
    provider.faults.add("create", Fault.status(401), times=None)
    row = await insert(engine.database)

    async def is_waiting() -> bool:
        return (await engine.row(row.id)).not_before > engine.clock() + HOUR / 2

    async with engine.running():
        await until("it waits", is_waiting)
        await cancel(engine, row)
        after = await delivered(engine, row)
    assert after.submitted_at is None
    assert_told_once(engine, row)
    assert provider.count("create") == 1


async def test_who_cancels_themselves_sees_it_on_the_card_alone(patient: Engine, provider: Provider) -> None:
    provider.hold = True
    row = await insert(patient.database)
    async with patient.running():
        await waits(patient, row)
        await cancel(patient, row, actor_id=row.user_id)
        after = await delivered(patient, row)
    assert (after.status, after.result_id, after.posting_at) == (Status.CANCELLED, None, None)
    assert patient.delivery.messages == []
    assert patient.delivery.states[-1] == (row.id, Status.CANCELLED)


async def test_a_card_that_cannot_be_edited_is_tried_again_for_who_cancels_themselves(
    engine: Engine,
) -> None:
    row = await insert(engine.database)
    await cancel(engine, row, actor_id=row.user_id)
    engine.delivery.card_trouble = [DeliveryPostponedError("Discord is away")] * 3
    await engine.delivered(row.id)
    assert engine.delivery.card_trouble == []
    assert engine.delivery.states == [(row.id, Status.CANCELLED)]


async def test_the_other_process_tells_and_this_one_stops_asking(
    make_engine: MakeEngine, other_database: Database, provider: Provider
) -> None:
    here, there = make_engine("here"), make_engine("there", database=other_database)
    provider.hold = True
    row = await insert(here.database)
    polling = asyncio.create_task(here.workflow.run(await here.claim()))
    await provider.called("retrieve", 2)
    await cancel(there, row)
    await there.delivered(row.id)
    with pytest.raises(LeaseLostError):
        await asyncio.wait_for(polling, AT_ONCE)
    asked = provider.count("retrieve")
    provider.release()
    assert_told_once(there, row)
    assert here.delivery.messages == []
    assert (provider.count("create"), provider.count("retrieve")) == (1, asked)


async def test_a_process_that_hears_of_it_from_the_row_says_so_and_counts_no_attempt(
    engine: Engine, provider: Provider, logs: Logs
) -> None:
    provider.hold = True
    row = await insert(engine.database)
    async with engine.running():
        await provider.called("retrieve")

        def work(session: Session):
            taken = session.get_one(Generation, row.id)
            taken.lease_owner, taken.status, taken.cancelled_by = "there", Status.CANCELLED, MODERATOR

        await engine.database.write(work)
        await idle(engine)
    after = await engine.row(row.id)
    assert (after.lease_owner, after.attempts) == ("there", 0)
    assert count_events(logs, LEFT_ALONE) == 1
    assert count_events(logs, "a step failed") == 0


async def test_a_clock_that_jumps_does_not_interrupt_who_tells_it(engine: Engine, provider: Provider) -> None:
    provider.hold = True
    row = await insert(engine.database)
    engine.delivery.open_gate.clear()

    async def is_posting() -> bool:
        return engine.delivery.tries == 1

    async def is_claimed_again() -> bool:
        engine.work.set()
        lease_until = (await engine.row(row.id)).lease_until
        return lease_until is not None and lease_until > engine.clock()

    async with engine.running():
        await provider.called("retrieve")
        await cancel(engine, row)
        await until("it is being told", is_posting)
        engine.clock.advance(5 * HOUR)
        await until("the lease is ours again", is_claimed_again)
        await looked_once_more(engine)
        assert (engine.delivery.tries, carriers_of(row)) == (1, 1)
        engine.delivery.open_gate.set()
        await delivered(engine, row)
    assert engine.delivery.tries == 1
    assert_told_once(engine, row)


async def test_one_that_is_interrupted_ends_before_the_next_begins(
    patient: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is interrupted may still have something to do, such as closing a connection."""
    row = await insert(patient.database)
    steps: list[str] = []
    show = patient.delivery.show_state

    async def show_and_end_slowly(generation: Generation, eta: Eta = NO_ETA) -> None:
        if generation.status is Status.CANCELLED:
            steps.append("the next one shows")
            return await show(generation, eta)
        steps.append("the first one shows")
        try:
            await asyncio.sleep(HOUR.total_seconds())
        finally:
            await asyncio.sleep(0.2)
            steps.append("the first one has ended")

    monkeypatch.setattr(patient.delivery, "show_state", show_and_end_slowly)
    async with patient.running():

        async def is_showing() -> bool:
            return bool(steps)

        await until("it is being shown", is_showing)
        await cancel(patient, row, actor_id=row.user_id)
        await delivered(patient, row)
    assert steps == ["the first one shows", "the first one has ended", "the next one shows"]


async def test_what_is_cancelled_when_the_program_stops_is_told_by_the_next(
    make_engine: MakeEngine, other_database: Database, provider: Provider
) -> None:
    provider.hold = True
    first, second = make_engine("first", poll_interval=HOUR), make_engine("second", database=other_database)
    row = await insert(first.database)
    async with first.running():
        await waits(first, row)
        first.stop()
        await cancel(second, row)
    after = await second.delivered(row.id)
    assert after.status is Status.CANCELLED
    told = first.delivery.cancellations + second.delivery.cancellations
    assert [shown.id for shown in told] == [row.id]
    assert provider.count("create") == 1
