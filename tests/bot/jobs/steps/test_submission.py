"""From `queued` to `running`: one create call, and what becomes of it."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from math import inf
from typing import Any

import pytest

from bot.clock import utc_now
from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.jobs.ports import Posted
from bot.jobs.steps.base import StepPostponedError
from bot.jobs.steps.timing import Timing
from bot.provider.catalogue import build_request
from bot.provider.errors import VeoError
from sandbox.odd_answers import Repeated, Reshaped, Stumble
from sandbox.provider import Fault, Provider
from tests.bot.clocks import until
from tests.bot.engine import Engine, MakeEngine, StartProvider
from tests.bot.recorder import Message
from tests.bot.rows import insert

AMBIGUOUS_ACCEPTED = [
    Fault.status(502, body="html", accepted=True),
    Fault.status(504, body="empty", accepted=True),
    Fault.status(500, accepted=True),
    Fault.reset(accepted=True),
    Fault.truncated_json(),
]
AMBIGUOUS_LOST = [Fault.status(503), Fault.reset(), Fault.status(200, body="html")]
# Answers that prove that nothing was accepted, and what the member need not notice.
REFUSALS = [
    Fault.status(401, "Key."),
    Fault.status(402, "Pay."),
    Fault.status(403, "Credits."),
    Fault.status(429, "Slow down."),
    Fault.status(429, "Slow down.", retry_after=0.01),
]


@pytest.mark.parametrize("fault", AMBIGUOUS_ACCEPTED, ids=str)
async def test_a_create_call_whose_answer_was_lost_is_found_and_never_repeated(
    engine: Engine, provider: Provider, fault: Fault
) -> None:
    provider.faults.add("create", fault)
    row = await engine.delivered((await insert(engine.database)).id)
    assert row.status is Status.SUCCEEDED, row.failure_kind
    assert len(engine.delivery.videos) == 1
    assert provider.count("create") == 1, "it was ordered twice"
    assert provider.count("logs") == 1


async def test_a_log_that_is_filled_late_is_looked_into_again(engine: Engine, provider: Provider) -> None:
    provider.faults.add("create", Fault.reset(accepted=True))
    row = await insert(engine.database)
    provider.log.unseen.add(row.id)
    async with asyncio.TaskGroup() as group:
        delivered = group.create_task(engine.delivered(row.id))
        await provider.called("logs", 2)
        provider.log.unseen.clear()
    assert delivered.result().status is Status.SUCCEEDED, delivered.result().failure_kind
    assert provider.count("create") == 1


async def test_a_log_that_shows_only_what_has_ended_is_looked_into_until_then(
    engine: Engine, provider: Provider
) -> None:
    provider.hold = provider.log.only_ended = True
    provider.faults.add("create", Fault.reset(accepted=True))
    row = await insert(engine.database)
    async with asyncio.TaskGroup() as group:
        delivered = group.create_task(engine.delivered(row.id))
        await provider.called("logs", 2)
        provider.release()
    assert delivered.result().status is Status.SUCCEEDED, delivered.result().failure_kind
    assert provider.count("create") == 1


@pytest.mark.parametrize("fault", AMBIGUOUS_LOST, ids=str)
async def test_a_create_call_that_left_no_trace_is_lost_after_the_window(
    engine: Engine, provider: Provider, fault: Fault
) -> None:
    provider.faults.add("create", fault)
    row = await insert(engine.database)
    row = await engine.given_up(row.id, lambda: provider.count("logs") > 1)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.LOST)
    assert [shown.id for shown in engine.delivery.failures] == [row.id]
    assert provider.count("create") == 1, "it was ordered again without knowing"


async def test_until_the_window_ends_a_lost_call_is_not_given_up(engine: Engine, provider: Provider) -> None:
    provider.faults.add("create", Fault.status(503))
    row = await insert(engine.database)
    with pytest.raises(StepPostponedError, match="not in the provider's log"):
        await engine.workflow.run(await engine.claim())
    assert (await engine.row(row.id)).status is Status.SUBMITTING


@pytest.mark.parametrize("fault", [Fault.status(503), Fault.status(429), Fault.status(401)], ids=str)
async def test_a_log_that_cannot_be_read_proves_nothing(
    make_engine: MakeEngine, provider: Provider, fault: Fault
) -> None:
    engine = make_engine(lookup_window=timedelta())
    provider.faults.add("create", Fault.reset(accepted=True))
    provider.faults.add("logs", fault, times=2)
    row = await engine.delivered((await insert(engine.database)).id)
    assert row.status is Status.SUCCEEDED, row.failure_kind
    assert (provider.count("create"), provider.count("logs")) == (1, 3)


async def test_a_log_that_cannot_be_read_until_the_deadline_loses_the_request(
    make_engine: MakeEngine, provider: Provider
) -> None:
    engine = make_engine(deadline=timedelta(seconds=0.3))
    provider.faults.add("create", Fault.reset(accepted=True))
    provider.faults.add("logs", Fault.status(500), times=None)
    row = await engine.delivered((await insert(engine.database)).id)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.LOST)


async def test_a_call_that_the_log_shows_as_failed_is_made_again(engine: Engine, provider: Provider) -> None:
    provider.faults.add("create", Stumble(), times=2)
    row = await engine.delivered((await insert(engine.database)).id)
    assert row.status is Status.SUCCEEDED, row.failure_kind
    assert (provider.count("create"), provider.count_accepted(row.id)) == (3, 1)


@pytest.mark.parametrize("is_ready", [True, False])
async def test_what_the_provider_has_is_not_paid_for_again_though_its_log_shows_the_call_as_failed(
    engine: Engine, provider: Provider, *, is_ready: bool
) -> None:
    provider.faults.add("create", Fault.reset(accepted=True))
    row = await insert(engine.database)
    provider.log.failed.add(row.id)
    provider.hold = not is_ready
    async with asyncio.TaskGroup() as group:
        delivered = group.create_task(engine.delivered(row.id))
        await provider.called("retrieve")
        provider.hold = False
    assert delivered.result().status is Status.SUCCEEDED, delivered.result().failure_kind
    assert provider.count_accepted(row.id) == 1, "it was ordered twice"


@pytest.mark.parametrize(
    "fault",
    [
        Fault.status(404, body="html"),
        Fault.status(400, body="empty"),
        Fault.status(403, "This key may not read that."),
    ],
    ids=["a proxy's page", "an empty answer", "a key that may not ask"],
)
async def test_an_answer_that_is_not_about_the_task_does_not_send_it_again(
    engine: Engine, provider: Provider, fault: Fault
) -> None:
    provider.faults.add("create", Fault.reset(accepted=True))
    row = await insert(engine.database)
    provider.log.failed.add(row.id)
    provider.faults.add("retrieve", fault)
    assert (await engine.delivered(row.id)).status is Status.SUCCEEDED
    assert provider.count_accepted(row.id) == 1, "it was ordered twice"


async def test_after_three_failed_calls_the_member_is_told_of_the_services_trouble(
    engine: Engine, provider: Provider
) -> None:
    provider.faults.add("create", Stumble(), times=None)
    row = await engine.delivered((await insert(engine.database)).id)
    assert (row.failure_kind, row.late_until) == (FailureKind.TROUBLE, None)
    assert provider.count("create") == 3


async def test_what_began_and_failed_behind_a_lost_answer_is_told_with_its_reason(
    engine: Engine, provider: Provider
) -> None:
    provider.faults.add("create", Fault.reset(accepted=True))
    row = await insert(engine.database, prompt="[fail] A cat")
    row = await engine.delivered(row.id)
    assert row.failure_kind is FailureKind.UNMADE
    assert "Responsible AI" in (row.failure_reason or "")
    assert provider.count("create") == 1


@pytest.mark.parametrize("seconds_ahead", [0, 60])
async def test_an_earlier_refusal_in_the_log_says_nothing_about_a_later_call(
    start_provider: StartProvider, make_engine: MakeEngine, seconds_ahead: int
) -> None:
    async with start_provider(balance_usd=0, log_delay_seconds=0.3) as late:
        late.log.ahead = timedelta(seconds=seconds_ahead)
        engine = make_engine(provider=late)
        row = await insert(engine.database)
        with pytest.raises(StepPostponedError, match="run out of credits"):
            await engine.workflow.run(await engine.claim())
        await engine.queue.release_all()
        asked_at = utc_now() - timedelta(minutes=1)

        async def is_in_the_log() -> bool:
            return await engine.veo.find(row.id, asked_at) is not None

        await until("the refusal is in the log", is_in_the_log)
        late.top_up(100)
        engine.clock.advance(timedelta(minutes=1))
        late.faults.add("create", Fault.reset(accepted=True))
        after = await engine.delivered(row.id)
        assert (after.status, after.failure_kind) == (Status.SUCCEEDED, None), "a paid video is lost"
        assert late.count_accepted(row.id) == 1


@pytest.mark.parametrize("fault", REFUSALS, ids=str)
async def test_a_refusal_for_now_sends_it_back_to_the_queue(
    engine: Engine, provider: Provider, fault: Fault
) -> None:
    provider.faults.add("create", fault)
    row = await insert(engine.database)
    with pytest.raises(StepPostponedError):
        await engine.workflow.run(await engine.claim())
    waiting = await engine.row(row.id)
    assert (waiting.status, waiting.submitted_at) == (Status.QUEUED, None)
    assert provider.count("logs") == 0, "there is nothing to look for"


@pytest.mark.parametrize("fault", REFUSALS, ids=str)
async def test_what_was_refused_for_now_is_submitted_later(
    engine: Engine, provider: Provider, fault: Fault
) -> None:
    provider.faults.add("create", fault, times=3)
    row = await engine.delivered((await insert(engine.database)).id)
    assert row.status is Status.SUCCEEDED, row.failure_kind
    assert provider.count("create") == 4
    assert engine.delivery.failures == [], "the member need not hear of it"


@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        (Fault.status(401), timedelta(seconds=61)),
        (Fault.status(402), timedelta(seconds=61)),
        (Fault.status(403, "Your balance is too low."), timedelta(seconds=61)),
        (Fault.status(429, retry_after=7.5), timedelta(seconds=7.5)),
        (Fault.status(429), timedelta(seconds=16)),
        (Fault.status(429, retry_after=0), timedelta(seconds=16)),
        (Fault.status(429, retry_after=-5), timedelta(seconds=16)),
        (Fault.status(429, retry_after=inf), timedelta(seconds=16)),
        (Fault.status(429, retry_after=1e300), timedelta(hours=1)),
    ],
    ids=str,
)
async def test_each_refusal_has_its_wait(
    make_engine: MakeEngine, provider: Provider, fault: Fault, wait: timedelta
) -> None:
    engine = make_engine(account_wait=timedelta(seconds=61), busy_wait=timedelta(seconds=16))
    provider.faults.add("create", fault)
    await insert(engine.database)
    with pytest.raises(StepPostponedError) as postponed:
        await engine.workflow.run(await engine.claim())
    assert postponed.value.wait == wait


async def test_a_provider_that_cannot_be_reached_costs_nothing_but_time(
    make_engine: MakeEngine, unused_tcp_port: int, provider: Provider
) -> None:
    cut_off = make_engine("cut off", url=f"http://127.0.0.1:{unused_tcp_port}")
    row = await insert(cut_off.database)
    with pytest.raises(StepPostponedError, match="can't reach"):
        await cut_off.workflow.run(await cut_off.claim())
    assert (await cut_off.row(row.id)).status is Status.QUEUED
    await cut_off.queue.release_all()
    assert (await make_engine().delivered(row.id)).status is Status.SUCCEEDED
    assert provider.count("create") == 1


async def test_what_the_provider_refuses_for_good_fails_with_its_words(
    engine: Engine, provider: Provider
) -> None:
    provider.faults.add("create", Fault.status(400, "Body validation error! seed: too odd"))
    row = await engine.delivered((await insert(engine.database)).id)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.REFUSED)
    assert row.failure_reason == "Body validation error! seed: too odd"
    assert provider.count("create") == 1
    assert [shown.id for shown in engine.delivery.failures] == [row.id]


@pytest.mark.parametrize("gone", [{"model": "google/veo-9"}, {"options": {"fps": 24}}], ids=str)
async def test_a_model_that_left_the_catalogue_while_it_waited_is_told(
    engine: Engine, provider: Provider, gone: dict[str, object]
) -> None:
    row = await engine.delivered((await insert(engine.database, **gone)).id)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.MODEL_GONE)
    assert len(engine.delivery.failures) == 1
    assert provider.count("create") == 0


async def test_an_id_that_another_request_has_is_not_believed(engine: Engine, provider: Provider) -> None:
    first = await engine.delivered((await insert(engine.database)).id)
    engine.restart()
    provider.faults.add("create", Repeated())
    second = await engine.delivered((await insert(engine.database)).id)
    assert second.status is Status.SUCCEEDED, second.failure_kind
    assert second.provider_id != first.provider_id, "the member got another one's video"
    assert second.video_url != first.video_url
    assert (provider.count("create"), provider.count("logs")) == (2, 1), "it was not looked for in the log"


async def test_an_id_that_another_request_has_is_not_taken_from_the_log_either(
    engine: Engine, provider: Provider
) -> None:
    first = await engine.delivered((await insert(engine.database)).id)
    engine.restart()
    provider.faults.add("create", Repeated())

    def same(page: dict[str, Any]) -> dict[str, Any]:
        return {**page, "data": [{**row, "inference_id": first.provider_id} for row in page["data"]]}

    provider.faults.add("logs", Reshaped(same), times=None)
    row = await insert(engine.database)
    after = await engine.given_up(row.id, lambda: provider.count("logs") > 1)
    assert (after.status, after.failure_kind) == (Status.FAILED, FailureKind.LOST)
    assert (after.provider_id, len(engine.delivery.videos)) == (None, 1)
    assert provider.count("create") == 2, "it was ordered again without knowing"


@pytest.mark.parametrize("calls", [1, 2], ids=["at once", "after a refusal"])
async def test_what_was_requested_before_a_backup_was_put_back_is_found_and_not_paid_twice(
    engine: Engine, provider: Provider, calls: int
) -> None:
    row = await insert(engine.database, created_at=utc_now() - timedelta(minutes=1))
    for name in (row.id, f"{row.id}.2")[:calls]:
        refused = calls == 2 and name == row.id
        if refused:
            provider.faults.add("create", Fault.status(429, "Slow down."))
        with suppress(VeoError):
            await engine.veo.create(build_request(row.model, row.prompt, {}), name)
    row = await engine.delivered(row.id)
    assert row.status is Status.SUCCEEDED, row.failure_kind
    assert (provider.count("create"), row.submission) == (calls, calls)


@pytest.fixture
async def sent_before(engine: Engine) -> Generation:
    """A request that a restored backup has in its queue, though the provider has made it since."""
    row = await insert(engine.database, created_at=utc_now() - timedelta(minutes=1))
    await engine.veo.create(build_request(row.model, row.prompt, {}), row.id)
    return row


async def test_a_backup_of_a_request_that_was_refused_for_a_day_is_sent_once(
    engine: Engine, provider: Provider
) -> None:
    calls = Timing().queue_window // Timing().busy_wait
    row = await insert(engine.database, created_at=utc_now() - timedelta(minutes=1), submission=calls - 1)
    for number in range(1, calls):  # the log has them all
        provider.log.add(row.model, None, f"{row.id}.{number}")
    await engine.veo.create(build_request(row.model, row.prompt, {}), f"{row.id}.{calls}")
    row = await engine.delivered(row.id)
    assert (row.status, row.submission) == (Status.SUCCEEDED, calls), row.failure_kind
    assert provider.count("create") == 1, "it was ordered twice"


async def test_what_has_begun_is_found_after_a_backup_though_the_log_shows_the_call_as_failed(
    engine: Engine, provider: Provider, sent_before: Generation
) -> None:
    provider.log.failed.add(sent_before.id)
    provider.faults.add("retrieve", Fault.status(503))
    row = await engine.delivered(sent_before.id)
    assert row.status is Status.SUCCEEDED, row.failure_kind
    assert provider.count("create") == 1, "it was ordered twice"


async def test_what_may_have_begun_is_not_sent_after_a_backup_while_the_log_has_no_id_of_it(
    engine: Engine, provider: Provider, sent_before: Generation
) -> None:
    provider.log.without_id.add(sent_before.id)

    async def is_delivered() -> bool:
        engine.work.set()
        if max(provider.count("logs"), provider.count("create")) > 1:
            provider.log.without_id.clear()
        return (await engine.row(sent_before.id)).delivered_at is not None

    async with engine.running():
        await until("it is delivered", is_delivered)
    row = await engine.row(sent_before.id)
    assert row.status is Status.SUCCEEDED, row.failure_kind
    assert provider.count("create") == 1, "it was ordered twice"


async def test_what_was_posted_before_a_backup_was_put_back_is_posted_once(
    engine: Engine, sent_before: Generation
) -> None:
    earlier = Message(Posted(4242, 77), sent_before.id, is_ending=False, at=engine.clock())
    engine.delivery.messages.append(earlier)
    row = await engine.delivered(sent_before.id)
    assert (row.result_id, engine.delivery.messages) == (4242, [earlier]), "it was posted twice"


@pytest.mark.usefixtures("sent_before")
async def test_the_log_is_read_once_for_all_that_waited_when_the_process_began(
    engine: Engine, provider: Provider
) -> None:
    rows = [await insert(engine.database, created_at=utc_now() - timedelta(minutes=1)) for _ in range(3)]
    for row in rows:
        await engine.delivered(row.id)
    assert provider.count("logs") == 1, "each restart would use up what the provider allows"


async def test_a_call_that_failed_before_a_backup_was_put_back_lends_its_name_to_no_other(
    engine: Engine, provider: Provider
) -> None:
    row = await insert(engine.database, created_at=utc_now() - timedelta(minutes=1))
    provider.log.add(row.model, None, row.id)
    provider.faults.add("create", Fault.status(502, body="html", accepted=True))
    row = await engine.delivered(row.id)
    assert (row.status, row.submission) == (Status.SUCCEEDED, 2), row.failure_kind
    assert provider.count("create") == 1, "the log's failed row was taken for the call whose answer was lost"
