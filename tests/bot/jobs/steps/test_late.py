"""A video that comes after its deadline is delivered all the same, once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.admission.usage_counts import fetch_use
from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.jobs.ports import DeliveryPostponedError
from bot.jobs.steps.base import StepPostponedError
from bot.policy.documents import MemberPolicy
from bot.provider.catalogue import build_request
from bot.provider.costs import CostSource
from sandbox.generations import CostAnswer
from sandbox.odd_answers import says
from sandbox.provider import Fault, Provider
from tests.bot.bound import bound_credits
from tests.bot.clocks import until
from tests.bot.engine import Engine, MakeEngine
from tests.bot.rows import MODEL, insert, reread

WINDOW = timedelta(hours=6)
WAIT = timedelta(minutes=5)
DEADLINE = timedelta(seconds=60)
PRICE = 4 * 1_040_000
TAKEN_BACK = says(status="error", error="It rains.")


@pytest.fixture
def engine(make_engine: MakeEngine) -> Engine:
    """One process that asks for late videos every few moments."""
    return make_engine(late_window=WINDOW)


async def miss_deadline(
    engine: Engine, provider: Provider, fault: Fault | None = None, **changes: Any
) -> Generation:
    """Let a new generation miss its deadline, and return its row once that is told; the runner is stopped.

    `fault`: the only answer after it.
    """
    provider.hold = True
    row = await insert(engine.database, **changes)
    async with engine.running():
        await provider.called("retrieve")
    engine.restart()
    engine.clock.advance(DEADLINE)
    if fault is not None:
        provider.faults.add("retrieve", fault)
    late = await engine.delivered(row.id)
    engine.restart()
    return late


async def run_until(engine: Engine, row: Generation, *, is_late: bool) -> Generation:
    """Run until the row is delivered and is, or is not, asked for any more; return it."""

    async def is_so() -> bool:
        engine.work.set()
        now = await engine.row(row.id)
        return now.delivered_at is not None and (now.late_until is not None) is is_late

    async with engine.running():
        await until("the late row is as expected", is_so)
    engine.restart()
    return await engine.row(row.id)


async def run_until_so(engine: Engine, is_so: Callable[[], bool]) -> None:
    async def look() -> bool:
        engine.work.set()
        return is_so()

    async with engine.running():
        await until("it has come so far", look)
    engine.restart()


async def counted(engine: Engine, row: Generation) -> int:
    use = await engine.database.read(
        lambda session: fetch_use(session, row.guild_id, row.user_id, MemberPolicy(), engine.clock())
    )
    return len(use.counted)


async def test_at_the_deadline_the_member_is_told(engine: Engine, provider: Provider) -> None:
    row = await miss_deadline(engine, provider)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.LATE)
    assert [shown.id for shown in engine.delivery.failures] == [row.id]
    assert row.finished_at is not None
    assert row.late_until is not None
    assert abs(row.late_until - row.finished_at - WINDOW) < timedelta(seconds=5)
    assert await counted(engine, row) == 0


async def test_a_failure_that_was_stated_once_when_the_time_was_up_stays_open(
    engine: Engine, provider: Provider
) -> None:
    told = await miss_deadline(engine, provider, TAKEN_BACK)
    assert (told.failure_kind, told.failure_reason) == (FailureKind.UNMADE, "It rains.")
    provider.release()
    row = await run_until(engine, told, is_late=False)
    assert row.status is Status.SUCCEEDED, "its video was made, and nobody asked for it"


async def test_a_late_video_is_delivered_once_and_counts_then(engine: Engine, provider: Provider) -> None:
    late = await miss_deadline(engine, provider)
    provider.release()
    row = await run_until(engine, late, is_late=False)
    assert (row.status, row.failure_kind, row.failure_reason) == (Status.SUCCEEDED, None, None)
    assert [shown.id for shown, _ in engine.delivery.videos] == [row.id]
    assert len(engine.delivery.failures) == 1
    assert row.result_id == engine.delivery.messages[1].posted.message_id != late.result_id
    assert row.credits_used == 4 * 1_040_000
    assert engine.delivery.states[-1] == (row.id, Status.SUCCEEDED), "the card still says that it failed"
    assert await counted(engine, row) == 1
    assert provider.count("create") == 1
    assert list(engine.videos.iterdir()) == []
    assert await engine.queue.claim(10) == [], "something is left to do"


async def test_a_late_video_takes_no_slot_at_the_provider(
    make_engine: MakeEngine, provider: Provider
) -> None:
    engine = make_engine(max_running=1, late_window=WINDOW)
    await miss_deadline(engine, provider)
    await insert(engine.database)
    async with engine.running():
        await provider.called("create", 2)


async def test_a_clock_that_is_set_ahead_does_not_end_the_search(
    make_engine: MakeEngine, provider: Provider
) -> None:
    engine = make_engine(late_window=WINDOW, late_wait=WAIT)
    await miss_deadline(engine, provider)
    engine.clock.advance(WAIT)
    row = await engine.claim()
    with pytest.raises(StepPostponedError):
        await engine.workflow.run(row)
    engine.clock.set(8 * WINDOW)
    with pytest.raises(StepPostponedError):
        await engine.workflow.run(row)
    engine.clock.advance(WINDOW)
    await engine.workflow.run(row)
    assert (await reread(engine.database, row.id)).late_until is None, "it is asked for without an end"


async def test_a_late_video_is_asked_for_rarely(make_engine: MakeEngine, provider: Provider) -> None:
    engine = make_engine(late_window=WINDOW, late_wait=WAIT)
    row = await miss_deadline(engine, provider)
    before, asked = provider.count("retrieve"), 3
    for _ in range(asked):
        engine.clock.advance(WAIT)
        with pytest.raises(StepPostponedError) as postponed:
            await engine.workflow.run(await engine.claim())
        assert postponed.value.wait == WAIT
        await engine.queue.release(row, postponed.value.wait, failed=False)
        assert await engine.queue.claim(10) == [], "it would be asked for at once"
    assert provider.count("retrieve") == before + asked
    assert len(engine.delivery.messages) == 1, "the member was told more than once"


@pytest.mark.parametrize(
    "fault",
    [Fault.status(503), Fault.status(404), Fault.status(401), Fault.unknown_status()],
    ids=str,
)
async def test_a_question_that_was_not_answered_is_asked_again(
    engine: Engine, provider: Provider, fault: Fault
) -> None:
    late = await miss_deadline(engine, provider)
    provider.faults.add("retrieve", fault, times=4)
    provider.release()
    assert (await run_until(engine, late, is_late=False)).status is Status.SUCCEEDED


@pytest.mark.parametrize("fault", [Fault.failed("It rains.")], ids=str)
async def test_a_late_failure_with_a_reason_ends_the_asking_without_a_word(
    engine: Engine, provider: Provider, fault: Fault
) -> None:
    late = await miss_deadline(engine, provider)
    provider.faults.add("retrieve", fault)
    row = await run_until(engine, late, is_late=False)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.LATE)
    assert (row.result_id, row.delivered_at) == (late.result_id, late.delivered_at)
    assert len(engine.delivery.messages) == 1
    assert await engine.queue.claim(10) == []


async def test_a_late_failure_that_is_taken_back_ends_nothing(engine: Engine, provider: Provider) -> None:
    late = await miss_deadline(engine, provider)
    for fault in (TAKEN_BACK, Fault.unknown_status(), TAKEN_BACK):
        provider.faults.add("retrieve", fault)
    provider.release()
    assert (await run_until(engine, late, is_late=False)).status is Status.SUCCEEDED


@pytest.mark.parametrize("fault", [None, Fault.status(503)], ids=str)
async def test_at_the_end_of_the_window_the_asking_ends(
    engine: Engine, provider: Provider, fault: Fault | None
) -> None:
    late = await miss_deadline(engine, provider)
    engine.clock.advance(WINDOW)
    if fault:
        provider.faults.add("retrieve", fault, times=None)
    row = await run_until(engine, late, is_late=False)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.LATE)
    assert len(engine.delivery.messages) == 1
    asked = provider.count("retrieve")
    assert await engine.queue.claim(10) == []
    provider.release()
    assert provider.count("retrieve") == asked


async def test_what_is_told_of_a_video_that_never_comes_is_bound_until_nobody_asks_for_it(
    engine: Engine, provider: Provider
) -> None:
    provider.generations.cost_answers = frozenset[CostAnswer]({"poll"})
    row = await miss_deadline(engine, provider)
    assert bound_credits(row) == PRICE
    engine.clock.advance(WINDOW)
    row = await run_until(engine, row, is_late=False)
    assert (row.failure_kind, bound_credits(row)) == (FailureKind.LATE, 0.0)


async def test_what_broke_off_and_then_failed_at_the_provider_costs_nothing(engine: Engine) -> None:
    task = await engine.veo.create(build_request(MODEL, "[fail] A cat", {"duration": 4}), "ours")
    now = engine.clock()
    ended = {"status": Status.FAILED, "failure_kind": FailureKind.BROKEN, "late_until": now + WINDOW}
    told = {"submitted_at": now, "finished_at": now, "delivered_at": now, "provider_id": task.id}
    row = await insert(engine.database, **ended, **told, credits_used=PRICE, cost_source=CostSource.CREATE)
    assert bound_credits(await run_until(engine, row, is_late=False)) == 0.0


async def test_a_video_that_came_during_a_downtime_over_the_whole_window_is_delivered(
    engine: Engine, provider: Provider
) -> None:
    late = await miss_deadline(engine, provider)
    engine.clock.advance(WINDOW * 2)
    provider.release()
    await provider.rendered()
    assert (await run_until(engine, late, is_late=False)).status is Status.SUCCEEDED


async def test_another_process_goes_on_asking(
    engine: Engine, make_engine: MakeEngine, provider: Provider
) -> None:
    late = await miss_deadline(engine, provider)
    provider.release()
    other = make_engine("other", late_window=WINDOW)
    other.clock.advance(DEADLINE)  # the same time as in the first
    row = await run_until(other, late, is_late=False)
    assert row.status is Status.SUCCEEDED
    assert (len(engine.delivery.videos), len(other.delivery.videos)) == (0, 1)
    assert provider.count("create") == 1


@pytest.mark.parametrize("is_posted", [True, False])
async def test_a_late_video_whose_post_was_not_answered_is_not_mistaken_for_its_failure(
    engine: Engine, provider: Provider, *, is_posted: bool
) -> None:
    late = await miss_deadline(engine, provider)
    away = DeliveryPostponedError("Discord is away")
    (engine.delivery.lost_answers if is_posted else engine.delivery.trouble).append(away)
    provider.release()
    row = await run_until(engine, late, is_late=False)
    assert engine.delivery.searches, "it may have been posted"
    assert [message.is_ending for message in engine.delivery.messages] == [True, False]
    assert row.result_id == engine.delivery.messages[1].posted.message_id


async def test_a_late_video_whose_file_is_lost_is_told(make_engine: MakeEngine, provider: Provider) -> None:
    engine = make_engine(late_window=WINDOW, fetch_window=timedelta())
    late = await miss_deadline(engine, provider)
    provider.faults.add("cdn", Fault.status(404), times=None)
    provider.release()
    await run_until_so(engine, lambda: len(engine.delivery.failures) > 1)
    assert (await engine.row(late.id)).failure_kind is FailureKind.FILE_LOST
    assert [shown.failure_kind for shown in engine.delivery.failures] == [
        FailureKind.LATE,
        FailureKind.FILE_LOST,
    ]


SERVED_AGAIN = {
    "at its address": None,
    "though it was said to have failed": TAKEN_BACK,
    "though it was not found": Fault.status(404),
}


@pytest.mark.parametrize("answer", SERVED_AGAIN)
async def test_a_file_that_comes_after_its_loss_was_told_is_delivered(
    make_engine: MakeEngine, provider: Provider, answer: str
) -> None:
    engine = make_engine(late_window=WINDOW, fetch_window=timedelta())
    provider.faults.add("cdn", Fault.status(404), times=None)
    row = await engine.delivered((await insert(engine.database, estimated_credits=7.0)).id)
    engine.restart()
    assert (row.failure_kind, bound_credits(row)) == (FailureKind.FILE_LOST, 4 * 1_040_000)
    assert row.late_until is not None, "nobody asks for it any more"
    fetched = provider.count("cdn")
    await run_until_so(engine, lambda: provider.count("cdn") > fetched + 3)
    assert len(engine.delivery.messages) == 1, "its loss was told more than once"
    provider.faults.clear()
    if (fault := SERVED_AGAIN[answer]) is not None:
        provider.faults.add("retrieve", fault, times=2)
    row = await run_until(engine, row, is_late=False)
    assert (row.status, row.failure_kind, row.credits_used) == (Status.SUCCEEDED, None, 4 * 1_040_000)
    assert len(engine.delivery.videos) == 1
    assert provider.count("create") == 1


async def test_what_a_lost_file_cost_stays_known_once_nobody_asks_for_it(
    make_engine: MakeEngine, provider: Provider
) -> None:
    engine = make_engine(late_window=WINDOW, fetch_window=timedelta())
    provider.faults.add("cdn", Fault.status(404), times=None)
    row = await engine.delivered((await insert(engine.database)).id)
    engine.restart()
    engine.clock.advance(WINDOW)
    row = await run_until(engine, row, is_late=False)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.FILE_LOST)
    assert bound_credits(row) == 4 * 1_040_000
    assert len(engine.delivery.messages) == 1


async def test_a_failure_with_a_reason_is_not_asked_about_again(engine: Engine, provider: Provider) -> None:
    provider.hold = True
    provider.faults.add("retrieve", Fault.failed("It rains."))
    row = await engine.delivered((await insert(engine.database)).id)
    assert (row.failure_kind, row.late_until) == (FailureKind.UNMADE, None)
    assert provider.count("retrieve") == 2, "it is believed once it was said twice, and not asked about again"
