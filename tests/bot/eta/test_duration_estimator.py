"""What the bot knows of how long videos take, and where it knows it from."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.clock import utc_now
from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.eta.duration_estimator import (
    DurationEstimator,
    finish_of,
    history_loader,
    kind_of,
    load_finishes,
    provider_stats,
)
from bot.eta.eta import Eta
from bot.eta.forecast import Finish, Forecast
from bot.eta.prior import metrics_prior
from bot.provider.catalogue import build_request
from bot.provider.client import VeoClient
from sandbox.odd_answers import Reshaped
from sandbox.provider import Fault, Provider
from sandbox.world import wait_until
from tests.bot.clocks import until
from tests.bot.engine import StartProvider, client_of
from tests.bot.rows import MODEL, insert, new_row

NOW = utc_now()
FAST = "google/veo-3.0-fast"
SOON = 0.01  # seconds
STOP_SECONDS = 20.0


def open_estimator(**changes: Any) -> DurationEstimator:
    options: dict[str, Any] = {
        "interval": 10,
        "rate": 50,
        "deadline": timedelta(seconds=1000),
        "max_running": 10,
    }
    return DurationEstimator(**{**options, **changes})


def sent(seconds_ago: float = 0, **changes: Any) -> Generation:
    return new_row(status=Status.RUNNING, submitted_at=NOW - timedelta(seconds=seconds_ago), **changes)


def ended(after: float, by: float, **changes: Any) -> Generation:
    """A video that came between `after` and `by` seconds after it was sent."""
    start = NOW - timedelta(hours=1)
    moments = {"not_ready_at": start + timedelta(seconds=after), "finished_at": start + timedelta(seconds=by)}
    return new_row(**{"status": Status.SUCCEEDED, "submitted_at": start, **moments, **changes})


def expected_seconds(estimator: DurationEstimator, row: Generation) -> float:
    expected_at = estimator.eta(row, NOW).expected_at
    assert expected_at is not None
    return (expected_at - NOW).total_seconds()


def test_at_first_a_video_is_expected_as_the_documents_say() -> None:
    assert 120 < expected_seconds(open_estimator(), sent()) < 240, "three of four are ready by then"


def test_the_providers_measures_go_before_the_documents_and_keep_what_was_seen() -> None:
    estimator, prior = open_estimator(), metrics_prior(30, 35, 40, 50)
    assert prior is not None
    documented = expected_seconds(estimator, sent())
    estimator.believe(MODEL, prior)
    measured = expected_seconds(estimator, sent())
    assert 25 < measured < 60 < documented
    assert expected_seconds(estimator, sent(model=FAST)) == documented, "they are of the other model"
    for _ in range(20):
        estimator.learn(ended(295, 300))
    assert 280 < expected_seconds(estimator, sent()) < 400, "own videos count more than anybody else's"
    estimator.believe(MODEL, prior)
    assert 280 < expected_seconds(estimator, sent()) < 400, "what was seen is forgotten"


@pytest.mark.parametrize(
    ("options", "is_same"),
    [
        ({"duration": 4}, True),
        ({"duration": 4, "seed": 7, "negative_prompt": "rain", "aspect_ratio": "9:16"}, True),
        ({"duration": 4, "resolution": "720P", "generate_audio": True}, True),
        ({"duration": 8}, False),
        ({"duration": 4, "resolution": "1080P"}, False),
        ({"duration": 4, "generate_audio": False}, False),
    ],
)
def test_videos_are_of_one_kind_if_the_provider_has_the_same_work(
    options: dict[str, Any], *, is_same: bool
) -> None:
    assert (kind_of(new_row(options=options)) == kind_of(new_row())) is is_same


def test_a_default_is_of_one_kind_with_the_same_choice_and_a_model_that_is_gone_is_no_trouble() -> None:
    assert kind_of(new_row(options={})) == kind_of(new_row(options={"duration": 8}))
    assert kind_of(new_row(model="gone/model", options={})) == ("gone/model", (None, None, None))


def test_a_kind_learns_of_its_own_videos_only() -> None:
    estimator = open_estimator()
    before = expected_seconds(estimator, sent(options={"duration": 8}))
    for _ in range(10):
        estimator.learn(ended(28, 30))
    assert expected_seconds(estimator, sent()) < 60
    assert expected_seconds(estimator, sent(options={"duration": 8})) == before


def test_questions_come_when_the_video_should_be_ready() -> None:
    estimator = open_estimator()
    for _ in range(50):
        estimator.learn(ended(88, 90))
    first = estimator.first_poll(sent(), NOW)
    assert 30 < first <= 60, "it asks long before there can be anything"
    assert estimator.next_poll(sent(88), NOW) < 5, "it asks rarely when it should be ready"


@pytest.mark.parametrize("interval", [0.02, 1.0])
def test_a_short_interval_is_kept_as_it_is(interval: float) -> None:
    estimator = open_estimator(interval=interval)
    assert estimator.first_poll(sent(), NOW) == estimator.next_poll(sent(100), NOW) == interval


def questions_of_a_long_video(estimator: DurationEstimator, in_flight: int) -> list[float]:
    """Return the distances between the questions about a video of 5 minutes."""
    row, now, delays = sent(), NOW, list[float]()
    while now < NOW + timedelta(minutes=5):
        delays.append(estimator.next_poll(row, now, in_flight))
        now += timedelta(seconds=delays[-1])
    return delays


@pytest.mark.parametrize("in_flight", [600, 1200, 2000])
def test_with_many_in_flight_all_are_asked_about_more_rarely_so_that_nobody_is_late(in_flight: int) -> None:
    estimator = open_estimator()
    few, many = (questions_of_a_long_video(estimator, number) for number in (500, in_flight))
    assert len(few) > len(many)
    assert all(1 <= delay <= 60 for delay in many)
    assert len(many) <= len(few) * 500 / in_flight * 1.3, "there are more questions than turns"


def test_with_few_in_flight_the_load_changes_nothing() -> None:
    assert questions_of_a_long_video(open_estimator(), 1) == questions_of_a_long_video(open_estimator(), 500)


def test_who_takes_a_video_over_asks_at_once_if_a_question_was_due() -> None:
    estimator = open_estimator()
    first = estimator.first_poll(sent(), NOW)
    assert estimator.first_poll(sent(first + 1), NOW) == 0
    assert estimator.first_poll(sent(1), NOW) == pytest.approx(first - 1)
    assert estimator.first_poll(sent(-3600), NOW) == first, "a clock that was set back stops no questions"


def test_what_takes_longer_than_anything_known_is_late_and_says_until_when_it_is_waited_for() -> None:
    estimator = open_estimator()
    for _ in range(50):
        estimator.learn(ended(58, 60))
    row = sent(500)
    eta = estimator.eta(row, NOW)
    assert (eta.expected_at, eta.is_late) == (None, True)
    assert eta.ends_at == NOW + timedelta(seconds=500)


def test_a_restart_changes_nothing_of_what_is_told() -> None:
    estimator, row = open_estimator(), sent()
    etas = {estimator.eta(row, NOW + timedelta(seconds=seconds)) for seconds in (0, 5, 60, 100)}
    assert len(etas) == 1


def test_nothing_is_expected_after_its_deadline_and_it_is_not_called_late_for_that() -> None:
    row = sent()
    eta = open_estimator(deadline=timedelta(seconds=60)).eta(row, NOW)
    assert eta == Eta(ends_at=NOW + timedelta(seconds=60))


def test_who_waits_is_told_a_later_time_the_more_go_before() -> None:
    estimator = open_estimator(max_running=2)
    times = [estimator.eta_in_queue(new_row(), position, NOW).expected_at for position in (1, 2, 10)]
    assert all(time is not None for time in times)
    waits = [(time - NOW).total_seconds() for time in times if time is not None]
    assert waits[1] - waits[0] == pytest.approx(waits[0] / 3), "two are made at once"
    assert waits[2] == pytest.approx(waits[0] * 6 / 1.5)


async def test_a_start_knows_what_was_learnt_before(database: Database) -> None:
    before = open_estimator()
    for number in range(30):
        end = NOW + timedelta(minutes=number)
        moments = {"not_ready_at": end - timedelta(seconds=2), "finished_at": end}
        row = ended(0, 0, submitted_at=end - timedelta(seconds=62 + number), **moments)
        before.learn(row)
        await database.write(lambda session, row=row: session.add(row))
    await insert(database, status=Status.FAILED, submitted_at=NOW, finished_at=NOW + timedelta(hours=1))
    await insert(database, status=Status.SUCCEEDED, finished_at=NOW)
    after = open_estimator()
    for _ in range(2):  # read again, it is not learnt twice
        after.learn_from(await load_finishes(database))
        assert expected_seconds(after, sent()) == pytest.approx(expected_seconds(before, sent()))


def test_what_was_told_before_is_not_learnt_again(monkeypatch: pytest.MonkeyPatch) -> None:
    estimator, row = open_estimator(), ended(20, 25)
    told, more = [finish_of(row)] * 3, [finish_of(row)] * 4
    estimator.learn_from({kind_of(row): told})
    learnt: list[Finish] = []
    after_finish = Forecast.after_finish

    def learn(forecast: Forecast, finish: Finish) -> Forecast:
        learnt.append(finish)
        return after_finish(forecast, finish)

    monkeypatch.setattr(Forecast, "after_finish", learn)
    estimator.learn_from({kind_of(row): list(told)})
    assert not learnt, "a process that learns the same every ten minutes holds up everybody else's answers"
    estimator.learn_from({kind_of(row): more})
    assert len(learnt) == len(more)


async def test_what_other_processes_learn_is_read_again(database: Database) -> None:
    estimator, stopping = open_estimator(), asyncio.Event()
    believed = expected_seconds(estimator, sent())
    recalling = asyncio.create_task(history_loader(estimator, database, stopping, interval=0.02).run())
    for number in range(10):
        row = ended(20 + number / 10, 25 + number / 10)
        await database.write(lambda session, row=row: session.add(row))

    async def look() -> bool | None:
        return True if expected_seconds(estimator, sent()) < believed - 60 else None

    await wait_until(look, seconds=120)
    stopping.set()
    await recalling


async def test_only_the_last_videos_of_each_kind_are_recalled(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.eta.duration_estimator.MAX_LOADED", 2)
    for number in range(4):
        row = ended(0, 10 * (number + 1))
        row.submitted_at = NOW
        row.not_ready_at, row.finished_at = None, NOW + timedelta(seconds=10 * (number + 1))
        await database.write(lambda session, row=row: session.add(row))
    other = await insert(
        database,
        model=FAST,
        status=Status.SUCCEEDED,
        submitted_at=NOW,
        finished_at=NOW + timedelta(seconds=5),
    )
    assert await load_finishes(database) == {
        kind_of(new_row()): [Finish(0, 30), Finish(0, 40)],
        kind_of(other): [Finish(0, 5)],
    }


def test_an_end_whose_last_question_is_not_known_says_little() -> None:
    assert finish_of(ended(0, 90, not_ready_at=None)) == Finish(0, 90)
    assert finish_of(ended(80, 90)) == Finish(80, 90)
    assert finish_of(ended(-5, -3)) == Finish(0, 0), "a clock that was set back"


@asynccontextmanager
async def measuring(veo: VeoClient, estimator: DurationEstimator) -> AsyncGenerator[None]:
    stopping = asyncio.Event()
    measures = provider_stats(estimator, veo, stopping, interval=SOON, retry=lambda _: SOON)
    task = asyncio.create_task(measures.run(), name="measures")
    try:
        yield
    finally:
        stopping.set()
        await asyncio.wait_for(task, STOP_SECONDS)


class Hand:
    """A clock in seconds that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_the_measures_come_from_the_provider_and_survive_its_troubles(
    session: aiohttp.ClientSession, start_provider: StartProvider
) -> None:
    hand, estimator = Hand(), open_estimator()
    async with start_provider(clock=hand, generation_seconds=30.0) as provider:
        veo = client_of(session, provider)
        await veo.create(build_request(MODEL, "A boat", {"duration": 4}), "one")
        await provider.rendered()
        hand.now = 30.0
        provider.faults.add("metrics", Fault.status(500), times=2)
        provider.faults.add("metrics", Fault.truncated_json())
        documented = expected_seconds(estimator, sent())

        async def is_known() -> bool:
            return expected_seconds(estimator, sent()) < 60

        async with measuring(veo, estimator):
            await until("the measures are known", is_known)
        assert documented > 60
        assert expected_seconds(estimator, sent(model=FAST)) == documented, "of it nothing is measured"


async def test_measures_that_make_no_sense_change_nothing(veo: VeoClient, provider: Provider) -> None:
    provider.release()
    estimator = open_estimator()
    before = expected_seconds(estimator, sent())
    submitting = {"p50": 1830, "p75": 2410, "p90": 3200, "p99": 6100}  # the example in the documents
    row = {"alias": MODEL, "metrics": {"duration_ms": submitting}}
    provider.faults.add("metrics", Reshaped(lambda page: {**page, "models": [row]}), times=None)
    async with measuring(veo, estimator):
        await provider.called("metrics", 4)
    assert expected_seconds(estimator, sent()) == before
