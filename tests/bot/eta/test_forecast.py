"""What is foretold about the time a generation takes."""

from itertools import pairwise
from math import inf, isfinite, log
from random import Random
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.pacing import ALL, SLOWER, STEADY, Durations, excess, learn, mean
from bot.eta.forecast import Finish, Forecast
from bot.eta.prior import (
    BINS,
    EDGES,
    LONGEST,
    METRICS_TRUST,
    SHORTEST_MEDIAN,
    bin_of,
    documented_prior,
    metrics_prior,
)
from tests.examples import SCALE

seconds = st.one_of(
    st.floats(0, 1200), st.floats(-1e9, 1e9), st.sampled_from([0.0, 60.0, LONGEST, inf, -inf])
)
histories = st.lists(st.builds(Finish, seconds, seconds), max_size=10)
SEEDS = range(8)


def learnt(known: list[Finish], forecast: Forecast | None = None) -> Forecast:
    forecast = forecast or Forecast(documented_prior())
    for finish in known:
        forecast = forecast.after_finish(finish)
    return forecast


def drawn(median: float, generations: int, *, sigma: float = 0.2, width: float = 6) -> list[Finish]:
    """Draw lognormal durations, each seen within `width` seconds."""
    chance = Random(11)
    ends = [chance.lognormvariate(log(median), sigma) for _ in range(generations)]
    afters = [end - width * chance.random() for end in ends]
    return [Finish(after, after + width) for after in afters]


def median_of(forecast: Forecast) -> float:
    remaining = forecast.expected_finish(0)
    assert remaining is not None
    return remaining


@given(histories, seconds)
def test_whatever_was_seen_the_forecast_is_one(known: list[Finish], age: float) -> None:
    forecast = learnt(known)
    survival = forecast.survival
    assert len(survival) == BINS + 1
    assert survival[0] == pytest.approx(1)
    assert survival[-1] == 0
    assert all(before >= after for before, after in pairwise(survival))
    assert all(isfinite(hazard) and hazard >= 0 for hazard in forecast.hazards)
    assert 0 <= forecast.waiting(age) <= 1 + 1e-9
    assert forecast.hazard(age) >= 0


@given(histories, st.lists(seconds, min_size=2, max_size=2))
def test_whatever_was_seen_the_expected_finish_lies_ahead_and_never_comes_nearer_by_waiting(
    known: list[Finish], ages: list[float]
) -> None:
    forecast = learnt(known)
    early, late = sorted(max(age, 0.0) for age in ages)
    first, second = forecast.expected_finish(early), forecast.expected_finish(late)
    if second is None:
        return
    assert second > 0
    assert first is not None, "what is known later is known earlier"
    assert late + second >= early + first - 1e-6


@given(st.integers(1, 200), st.floats(3, 3000))
@settings(max_examples=10 * SCALE)
def test_equal_durations_are_learnt(generations: int, duration: float) -> None:
    forecast = learnt([Finish(duration, duration)] * generations)
    place = bin_of(duration)
    nearby = range(max(0, place - 10), min(BINS, place + 11))
    mass = sum(forecast.survival[near] - forecast.survival[near + 1] for near in nearby)
    assert mass > generations / (generations + 1) * 0.85


@given(st.floats(0, LONGEST))
def test_each_age_has_its_bin(age: float) -> None:
    place = bin_of(age)
    assert EDGES[place] <= age < EDGES[place + 1]


def test_before_anything_was_seen_the_documents_hold() -> None:
    assert median_of(Forecast(documented_prior())) == pytest.approx(120, rel=0.01)


def test_few_generations_are_blended_with_the_documents() -> None:
    late = [learnt(drawn(40, generations)).waiting(120) for generations in (0, 1, 3, 20)]
    assert late == sorted(late, reverse=True)
    assert late[0] == pytest.approx(0.5, abs=0.01)
    assert 0.1 < late[1] < 0.4, "one generation and the documents count alike"
    assert late[-1] < 0.05


def test_the_metrics_are_blended_in_too_and_soon_outweighed() -> None:
    prior = metrics_prior(60, 70, 82, 120)
    assert prior is not None
    assert median_of(Forecast(prior)) == pytest.approx(60, rel=0.05)
    assert median_of(learnt(drawn(150, 20), Forecast(prior))) == pytest.approx(150, rel=0.1)


def test_the_metrics_percentiles_come_out_again() -> None:
    prior = metrics_prior(100, 130, 180, 400)
    assert prior is not None
    forecast, documented = Forecast(prior), Forecast(documented_prior())
    for percentile, late in ((100, 0.5), (130, 0.25), (180, 0.1), (400, 0.01)):
        mixed = METRICS_TRUST * late + (1 - METRICS_TRUST) * documented.waiting(percentile)
        assert forecast.waiting(percentile) == pytest.approx(mixed, rel=0.03)


@given(st.lists(st.floats(SHORTEST_MEDIAN, LONGEST), min_size=4, max_size=4))
def test_any_percentiles_in_order_make_a_forecast(percentiles: list[float]) -> None:
    p50, p75, p90, p99 = sorted(percentiles)
    prior = metrics_prior(p50, p75, p90, p99)
    assert prior is not None
    assert sum(prior.masses) == pytest.approx(1)
    assert all(mass >= 0 for mass in prior.masses)


@pytest.mark.parametrize(
    "percentiles",
    [
        (0, 0, 0, 0),
        (60, 50, 70, 80),
        (60, 70, 80, inf),
        (60, 70, float("nan"), 90),
        (1.83, 2.41, 3.2, 6.1),  # as in the provider's documents: of the call that takes the request
        (1.83, 2.41, 60, 120),
        (0.095, 0.12, 0.18, 0.4),  # seconds that were taken for milliseconds
        (95_000, 120_000, 180_000, 400_000),  # and the other way round
    ],
)
def test_senseless_metrics_are_not_believed(percentiles: tuple[float, float, float, float]) -> None:
    assert metrics_prior(*percentiles) is None


def test_a_wide_gap_between_questions_says_little_and_a_narrow_one_much() -> None:
    vague, sharp = learnt([Finish(0, 300)] * 5), learnt([Finish(98, 102)] * 5)
    assert vague.waiting(90) - vague.waiting(110) < 0.5
    assert sharp.waiting(85) - sharp.waiting(118) > 0.7


@pytest.mark.parametrize("width", [0, 10, 40])
def test_how_seldom_was_asked_does_not_bend_the_forecast(width: float) -> None:
    forecast = learnt(drawn(100, 100, width=width))
    assert median_of(forecast) == pytest.approx(100, rel=0.08)


def test_two_humps_are_told_apart() -> None:
    known = [finish for pair in zip(drawn(45, 25), drawn(150, 25), strict=True) for finish in pair]
    forecast = learnt(known)
    assert forecast.hazard(80) < forecast.hazard(45) / 4
    assert forecast.hazard(80) < forecast.hazard(150) / 4
    remaining = forecast.expected_finish(90)
    assert remaining is not None
    assert 90 + remaining == pytest.approx(150, rel=0.1), "not in the first, so in the second"


def test_past_all_knowledge_nothing_is_expected() -> None:
    forecast = learnt(drawn(75, 50))
    assert forecast.expected_finish(60) is not None
    assert forecast.expected_finish(900) is None
    assert forecast.expected_finish(1e6) is None


@pytest.mark.parametrize(("before", "after"), [(75, 150), (150, 75)])
def test_a_change_of_the_provider_is_learnt_within_twenty_generations(before: float, after: float) -> None:
    forecast = learnt(drawn(after, 20), learnt(drawn(before, 50)))
    assert median_of(forecast) == pytest.approx(after, rel=0.15)


def test_a_forecast_is_not_changed_by_learning() -> None:
    forecast = learnt(drawn(75, 5))
    before = forecast.survival
    forecast.after_finish(Finish(200, 210))
    assert Forecast.survival.func(forecast) == before


@pytest.mark.nightly
@pytest.mark.parametrize("durations", ALL, ids=lambda durations: durations.name)
def test_after_fifty_generations_the_delay_is_within_ten_per_cent_of_the_best(durations: Durations) -> None:
    results = [learn(seed, [(durations, 50)], [50])[-1] for seed in SEEDS]
    assert excess(durations, mean(results)) < 1.10


@pytest.mark.nightly(daily=["before0-after0"])
@pytest.mark.parametrize(("before", "after"), [(STEADY, SLOWER), (SLOWER, STEADY)])
def test_twenty_generations_after_a_change_it_is_asked_well_again(
    before: Durations, after: Durations
) -> None:
    runs = [learn(seed, [(before, 50), (after, 20)], [0, 20]) for seed in SEEDS]
    changed, relearnt = (mean(stage) for stage in zip(*runs, strict=True))
    assert excess(after, relearnt) < 1.2
    steady = fmean(learn(seed, [(after, 50)], [50])[-1].polls for seed in SEEDS[:3])
    assert relearnt.polls == pytest.approx(steady, rel=0.15)
    assert abs(changed.polls - steady) > 3, "it was another provider"
