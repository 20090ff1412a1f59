"""When to do a thing again, and when to ask whether a video is ready."""

from itertools import pairwise
from math import log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.eta.forecast import Finish, Forecast
from bot.eta.pacing import (
    FIRST_RETRY_DELAY,
    LEFT_OUT,
    LONGEST_REST,
    MAX_POLL_DELAY,
    MAX_RETRY_DELAY,
    MIN_POLL_DELAY,
    PollPlan,
    fixed_polls,
    poll_delay,
    retry_delay,
)
from bot.eta.prior import LONGEST, documented_prior

intervals = st.floats(0.01, 60)
counts = st.integers(0, 10_000)
seconds = st.one_of(st.floats(0, 1200), st.floats(0, 1e9), st.sampled_from([0.0, 1.0, 60.0, 3600.0]))
MEDIANS = (20, 45, 75, 120, 300)  # seconds


def learnt(known: list[Finish]) -> Forecast:
    forecast = Forecast(documented_prior())
    for finish in known:
        forecast = forecast.after_finish(finish)
    return forecast


forecasts = st.lists(st.builds(Finish, seconds, seconds), max_size=8).map(learnt)


def seen(median: float, sigma: float, generations: int = 50) -> Forecast:
    """Return what is known after so many lognormal durations, each seen within five seconds."""
    chance = Random(7)
    ends = [chance.lognormvariate(log(median), sigma) for _ in range(generations)]
    afters = [end - 5 * chance.random() for end in ends]
    return learnt([Finish(after, after + 5) for after in afters])


def questions(plan: PollPlan, until: float) -> list[float]:
    """Return when a plan asks, in seconds since the submission."""
    moments = [plan.next_poll(0)]
    while moments[-1] < until:
        moments.append(moments[-1] + plan.next_poll(moments[-1]))
    return moments


def expected_polls(plan: PollPlan, forecast: Forecast) -> float:
    """Return how many questions a generation takes on average, if the forecast is right."""
    asked, left, age = 0.0, 1.0, 0.0
    while left > LEFT_OUT and age < LONGEST:
        asked += left
        age += plan.next_poll(age)
        left = forecast.waiting(age)
    return asked


@given(intervals)
def test_without_errors_the_interval_is_kept(interval: float) -> None:
    assert poll_delay(interval, 0) == interval


@pytest.mark.parametrize(("errors", "seconds"), [(1, 20), (2, 40), (3, 60), (1000, 60)])
def test_unanswered_questions_are_asked_less_and_less_often(errors: int, seconds: float) -> None:
    assert poll_delay(10, errors) == seconds


@given(intervals, counts)
def test_a_question_is_never_longer_away_than_a_minute(interval: float, errors: int) -> None:
    assert interval <= poll_delay(interval, errors) <= MAX_POLL_DELAY


def test_an_interval_above_the_maximum_is_kept() -> None:
    assert poll_delay(90, 3) == 90


@pytest.mark.parametrize(
    ("rest", "delay"), [(None, 20), (0.0, 20), (5.0, 20), (90.0, 90), (3600.0, LONGEST_REST)]
)
def test_a_rest_that_the_provider_asks_for_is_kept_within_bounds(rest: float | None, delay: float) -> None:
    assert poll_delay(10, 1, rest) == delay


@pytest.mark.parametrize(("attempts", "seconds"), [(0, FIRST_RETRY_DELAY), (1, 10), (2, 20), (6, 320)])
def test_each_failure_doubles_the_wait(attempts: int, seconds: float) -> None:
    assert retry_delay(attempts) == seconds


@given(counts)
def test_a_wait_never_shrinks_and_never_exceeds_its_bound(attempts: int) -> None:
    assert retry_delay(attempts) <= retry_delay(attempts + 1) <= MAX_RETRY_DELAY


@given(forecasts, st.floats(1.01, 60), st.floats(-1e6, 1e9))
def test_whatever_was_seen_questions_are_between_a_second_and_a_minute_apart(
    forecast: Forecast, interval: float, age: float
) -> None:
    delay = PollPlan(forecast, interval).next_poll(age)
    assert MIN_POLL_DELAY <= delay <= MAX_POLL_DELAY


def test_where_nothing_is_foretold_for_long_it_is_asked_once_a_minute() -> None:
    plan = PollPlan(seen(600, 0.1), 30)
    assert [plan.next_poll(age) for age in (0, 60, 3000, 1e6)] == [MAX_POLL_DELAY] * 4


@given(st.floats(0.001, 1), seconds)
def test_an_interval_of_a_second_or_less_is_kept(interval: float, age: float) -> None:
    assert PollPlan(seen(75, 0.3, 3), interval).next_poll(age) == interval


@given(forecasts, st.floats(1.01, 60))
def test_whatever_was_seen_hardly_more_is_asked_than_at_the_fixed_interval(
    forecast: Forecast, interval: float
) -> None:
    assert expected_polls(PollPlan(forecast, interval), forecast) <= 1.1 * fixed_polls(forecast, interval)


@pytest.mark.parametrize("interval", [5, 10, 15, 30])
@pytest.mark.parametrize("median", MEDIANS)
@pytest.mark.parametrize("sigma", [0.1, 0.35, 0.7])
def test_as_much_is_asked_as_at_the_fixed_interval(median: float, sigma: float, interval: float) -> None:
    forecast = seen(median, sigma)
    ratio = expected_polls(PollPlan(forecast, interval), forecast) / fixed_polls(forecast, interval)
    assert ratio == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("median", MEDIANS)
def test_a_shorter_interval_asks_more(median: float) -> None:
    forecast = seen(median, 0.35)
    polls = [expected_polls(PollPlan(forecast, interval), forecast) for interval in (2, 5, 10, 20, 40)]
    assert polls == sorted(polls, reverse=True)


def test_it_is_asked_seldom_then_often_and_then_less_and_less() -> None:
    moments = [0.0, *questions(PollPlan(seen(75, 0.2), 10), 1000)]
    delays = [after - before for before, after in pairwise(moments)]
    around = [after - before for before, after in pairwise(moments) if 60 <= before <= 90]
    assert delays[0] > 40, "nothing can be ready yet"
    assert max(around) < 5, "it should be ready now"
    assert min(delay for moment, delay in zip(moments, delays, strict=False) if moment > 600) > 20


def test_a_generation_without_end_costs_few_more_questions_than_at_the_fixed_interval() -> None:
    for median in MEDIANS:
        assert len(questions(PollPlan(seen(median, 0.35), 10), 1000)) < 1.5 * 100, f"median {median} s"


def test_the_plan_goes_on_from_any_age() -> None:
    plan = PollPlan(seen(75, 0.2), 10)
    asked = questions(plan, 100)
    assert asked[-1] - asked[-2] == plan.next_poll(asked[-2]), "as after a restart"
    assert plan.next_poll(1e6) == MAX_POLL_DELAY
