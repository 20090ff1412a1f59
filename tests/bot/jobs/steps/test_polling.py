"""From `running` to the end: asking the provider until it is done."""

from datetime import timedelta

import pytest

from bot.clock import utc_now
from bot.db.models import Status
from bot.failures import FailureKind
from sandbox.odd_answers import DONE_SHAPES, Reshaped, Spoilt, once_done
from sandbox.provider import Fault, Provider
from tests.bot.clocks import until
from tests.bot.engine import Engine, MakeEngine
from tests.bot.rows import insert

PASSING = [
    Fault.status(500),
    Fault.status(502, body="html"),
    Fault.status(503, body="empty"),
    Fault.status(401),
    Fault.status(403),
    Fault.status(429, retry_after=0),
    Fault.truncated_json(),
    Fault.unknown_status("dreaming"),
    Fault.unknown_status("waiting"),
    Fault.unknown_status("active"),
    pytest.param(Reshaped(lambda _: {}), id="nothing"),
    pytest.param(
        Reshaped(lambda task: {**task, "id": "another:veo3", "status": "error", "error": "Not yours."}),
        id="another one's",
    ),
]


@pytest.mark.parametrize("fault", PASSING, ids=str)
async def test_a_question_that_was_not_answered_is_asked_again(
    engine: Engine, provider: Provider, fault: Fault
) -> None:
    provider.faults.add("retrieve", fault, times=2)
    row = await engine.delivered((await insert(engine.database)).id)
    assert row.status is Status.SUCCEEDED, row.failure_kind
    assert provider.count("create") == 1
    assert provider.count("retrieve") >= 3


SHAPES = {
    **{name: once_done(shape) for name, shape in DONE_SHAPES.items()},
    "a stray byte": Spoilt(rb"\ud83d"),
}


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_finished_video_is_fetched_in_whatever_shape_it_is_told(
    engine: Engine, provider: Provider, shape: str
) -> None:
    provider.faults.add("retrieve", SHAPES[shape], times=None)
    row = await engine.delivered((await insert(engine.database)).id)
    assert row.status is Status.SUCCEEDED, row.failure_reason
    assert len(engine.delivery.videos) == 1


async def test_a_task_that_the_provider_does_not_know_for_long_is_told_as_gone(
    engine: Engine, provider: Provider
) -> None:
    left = {"status": Status.RUNNING, "provider_id": "nobody:veo3", "submitted_at": utc_now()}
    row = await engine.delivered((await insert(engine.database, **left)).id)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.GONE)
    assert provider.count("retrieve") >= 3
    assert provider.count("create") == 0, "a lost video is not ordered again"
    assert len(engine.delivery.failures) == 1


async def test_a_video_that_takes_too_long_is_given_up(make_engine: MakeEngine, provider: Provider) -> None:
    engine = make_engine(deadline=timedelta(seconds=0.3))
    provider.hold = True
    row = await engine.delivered((await insert(engine.database)).id)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.LATE)
    assert row.submitted_at is not None
    assert row.finished_at is not None
    assert row.finished_at - row.submitted_at >= timedelta(seconds=0.3)
    assert len(engine.delivery.failures) == 1


async def test_the_deadline_counts_from_submission_over_a_restart(engine: Engine, provider: Provider) -> None:
    provider.hold = True
    row = await insert(engine.database)
    async with engine.running():
        await provider.called("retrieve")
    engine.stopping.clear()
    engine.clock.advance(timedelta(minutes=5))
    after = await engine.delivered(row.id)
    assert (after.status, after.failure_kind) == (Status.FAILED, FailureKind.LATE)


@pytest.mark.parametrize("jump", [timedelta(minutes=20), timedelta(hours=8), timedelta(days=-1)], ids=str)
@pytest.mark.parametrize("answer", [None, Fault.status(503), Fault.status(404)], ids=str)
async def test_a_clock_that_is_set_meanwhile_ends_nothing(
    make_engine: MakeEngine, provider: Provider, answer: Fault | None, jump: timedelta
) -> None:
    engine = make_engine(doubt_window=timedelta(minutes=5), deadline=timedelta(minutes=10))
    provider.hold = True
    row = await insert(engine.database)
    async with engine.running():
        await provider.called("retrieve")
        if answer is not None:
            provider.faults.add("retrieve", answer, times=4)
        engine.clock.advance(jump)
        asked = provider.count("retrieve") + 6
        await until("it is asked on", lambda: _so(is_so=provider.count("retrieve") >= asked), seconds=10)
    engine.restart()
    engine.clock.advance(-jump)
    provider.release()
    assert (await engine.delivered(row.id)).status is Status.SUCCEEDED
    assert engine.delivery.failures == []


@pytest.mark.parametrize("failed_answers", [0, 1])
async def test_a_video_that_was_ready_long_ago_is_fetched_after_a_long_downtime(
    engine: Engine, provider: Provider, failed_answers: int
) -> None:
    provider.hold = True
    row = await insert(engine.database)
    async with engine.running():
        await provider.called("retrieve")
    engine.stopping.clear()
    engine.clock.advance(timedelta(hours=5))
    provider.release()
    await provider.rendered()
    for _ in range(failed_answers):
        provider.faults.add("retrieve", Fault.status(503))
    assert (await engine.delivered(row.id)).status is Status.SUCCEEDED, "what is made is not thrown away"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.failed("It contains sensitive words."), "It contains sensitive words."),
        (Fault.failed(None, name="Policy"), "Policy"),
        (Fault.without_video(), "It finished without a video. Its safety filter can cause this."),
    ],
    ids=str,
)
async def test_a_video_that_cannot_be_made_is_told_with_the_providers_reason(
    engine: Engine, provider: Provider, fault: Fault, reason: str
) -> None:
    provider.hold = True  # so that it is not finished before it fails
    provider.faults.add("retrieve", fault)
    row = await engine.delivered((await insert(engine.database)).id)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.UNMADE)
    assert row.failure_reason == reason
    (shown,) = engine.delivery.failures
    assert shown.failure_reason == reason
    assert provider.balance_usd == 100, "what failed was charged"


async def test_the_thread_is_remembered_before_the_video_is_there(engine: Engine, provider: Provider) -> None:
    provider.hold = True
    row = await insert(engine.database)
    async with engine.running():
        assert (await engine.threaded(row.id)).video_url is None


async def _so(*, is_so: bool) -> bool:
    return is_so
