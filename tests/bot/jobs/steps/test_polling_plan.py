"""When the provider is asked: by what was learnt, within bounds, in turn, and after a restart at once."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.db.models import Generation, Status
from bot.eta.eta import Eta
from bot.provider.catalogue import build_request
from bot.provider.models import Task
from sandbox.provider import Fault, Provider
from tests.bot.clocks import until
from tests.bot.engine import Engine, MakeEngine
from tests.bot.rows import insert

PLANNED = timedelta(seconds=10)  # as POLL_INTERVAL is by default: the plan decides


async def is_running(engine: Engine, row: Generation) -> None:
    async def look() -> bool:
        return (await engine.row(row.id)).thread_id is not None

    await until("it is announced", look)


def noted_questions(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list that gets the moment of each question about a video, in seconds."""
    asked: list[float] = []
    retrieve = engine.veo.retrieve

    async def retrieve_and_note(task_id: str, private: Sequence[str]) -> Task:
        asked.append(time.monotonic())
        return await retrieve(task_id, private)

    monkeypatch.setattr(engine.veo, "retrieve", retrieve_and_note)
    return asked


async def test_nothing_is_asked_while_nothing_can_be_ready(
    make_engine: MakeEngine, provider: Provider
) -> None:
    engine = make_engine(poll_interval=PLANNED)
    row = await insert(engine.database)
    async with engine.running():
        await is_running(engine, row)
        assert provider.count("retrieve") == 0
    after = await engine.row(row.id)
    assert engine.estimator.first_poll(after, engine.clock()) > 10, "the plan asks within seconds"


async def test_after_a_restart_it_is_asked_at_once(make_engine: MakeEngine, provider: Provider) -> None:
    first, second = make_engine("first", poll_interval=PLANNED), make_engine("second", poll_interval=PLANNED)
    row = await insert(first.database)
    async with first.running():
        await is_running(first, row)
    await provider.rendered()
    second.clock.advance(timedelta(minutes=2))
    assert (await second.delivered(row.id)).status is Status.SUCCEEDED
    assert provider.count("retrieve") == 1


async def test_what_was_seen_is_written_down_and_learnt(engine: Engine, provider: Provider) -> None:
    provider.hold = True
    row = await insert(engine.database)
    before = engine.estimator.eta_in_queue(row, 1, engine.clock()).expected_at
    async with engine.running():
        await provider.called("retrieve", 3)
        provider.release()

        async def is_made() -> bool:
            return (await engine.row(row.id)).finished_at is not None

        await until("it is made", is_made)
    after = await engine.row(row.id)
    assert after.submitted_at is not None
    assert after.not_ready_at is not None
    assert after.finished_at is not None
    assert after.submitted_at < after.not_ready_at < after.finished_at
    expected = engine.estimator.eta_in_queue(row, 1, engine.clock()).expected_at
    assert before is not None
    assert expected is not None
    assert expected < before, "a video that came within a second changed nothing"


async def test_a_video_that_is_ready_at_the_first_question_was_not_seen_before(
    engine: Engine, provider: Provider
) -> None:
    left = {"status": Status.RUNNING, "provider_id": await made(engine, provider)}
    row = await engine.delivered((await insert(engine.database, **left)).id)
    assert row.not_ready_at is None


async def made(engine: Engine, provider: Provider) -> str:
    """Let the provider make a video; return its name there."""
    task = await engine.veo.create(build_request("google/veo3", "A boat", {"duration": 4}), "made")
    await provider.rendered()
    return task.id


async def test_all_questions_share_one_rate_fairly(
    make_engine: MakeEngine, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate = 20.0
    engine = make_engine(polls_per_second=rate)
    provider.hold = True
    names = [(await insert(engine.database, user_id=number)).id for number in range(8)]
    asked = noted_questions(engine, monkeypatch)

    def shares() -> Counter[str]:
        return Counter(call.query["generation_id"] for call in provider.calls if call.kind == "retrieve")

    async with engine.running():
        # On a slow machine the first ones are asked about while the last ones are not even created.
        while len(before := shares()) < len(names):
            await provider.called("retrieve", provider.count("retrieve") + 1)
        await provider.called("retrieve", provider.count("retrieve") + 40)
        calls = shares() - before
    assert len(calls) == len(names)
    assert max(calls.values()) - min(calls.values()) <= 2, "some are asked about more often"
    # Each call is a little late by the loop's other work: the first and the last may lie so much closer.
    assert asked[-1] - asked[0] >= (len(asked) - 4) / rate, "more are asked in a second than allowed"


async def test_a_provider_that_names_a_wait_is_not_asked_before(
    engine: Engine, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.hold = True
    provider.faults.add("retrieve", Fault.status(429, "Slow down.", retry_after=1.5))
    asked = noted_questions(engine, monkeypatch)
    await insert(engine.database)
    async with engine.running():
        await provider.called("retrieve", 3)
    assert asked[1] - asked[0] >= 1.5, "it asked for a wait of 1.5 seconds"
    assert asked[2] - asked[1] < 1.5, "one answer without it ends the wait"


def passed(row: Generation, engine: Engine) -> list[Eta]:
    return [eta for name, eta in engine.delivery.etas if name == row.id]


async def test_the_card_gets_a_time_and_is_told_once_when_it_is_over(
    make_engine: MakeEngine, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(deadline=timedelta(seconds=1000))
    provider.hold = True
    real = engine.estimator.eta

    def soon(generation: Generation, now: datetime) -> Eta:
        return replace(real(generation, now), expected_at=now + timedelta(seconds=0.2))

    monkeypatch.setattr(engine.estimator, "eta", soon)
    row = await insert(engine.database)
    async with engine.running():

        async def is_told() -> bool:
            return len(passed(row, engine)) >= 2

        await until("it is told that it is late", is_told)
        await provider.called("retrieve", provider.count("retrieve") + 5)
        assert len(passed(row, engine)) == 2, "it is told again and again"
    first, late = passed(row, engine)
    assert first.expected_at is not None
    assert not first.is_late
    assert late.is_late
    sent_at = (await engine.row(row.id)).submitted_at
    assert sent_at is not None
    assert late.ends_at == sent_at + timedelta(seconds=1000)


async def test_the_deadline_is_not_slept_through(make_engine: MakeEngine, provider: Provider) -> None:
    engine = make_engine(poll_interval=PLANNED, deadline=timedelta(seconds=1.5))
    provider.hold = True
    row = await insert(engine.database)
    # The first question would be asked after half a minute.
    after = await asyncio.wait_for(engine.delivered(row.id), 20)
    assert after.status is Status.FAILED
