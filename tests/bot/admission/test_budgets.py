"""The rules about money: when a budget's day or month begins, and what fits into it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.admission.budgets import BudgetState, exhausted, period_end, period_start, states_of
from bot.policy.documents import Budget, Period

NOW = datetime(2026, 3, 29, 12, 30, tzinfo=UTC)
TICK = timedelta(microseconds=1)
LONG_AGO = NOW - timedelta(days=900)

# Whole numbers up to a billion dollars' credits: their sums are exact, as the provider's prices are.
amounts = st.integers(0, 2 * 10**15).map(float)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 st.datetimes attaches the zone


def state(budget: float, spent: float, period: Period = Period.DAY) -> BudgetState:
    [only] = states_of({period: Budget(credits=budget, since=LONG_AGO)}, {period: spent}, NOW)
    return only


def utc(*parts: int) -> datetime:
    year, month, day, *rest = parts
    return datetime(year, month, day, *rest, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        (utc(2026, 1, 31, 23, 59), utc(2026, 1, 1), utc(2026, 2, 1)),
        (utc(2026, 2, 28, 23, 59), utc(2026, 2, 1), utc(2026, 3, 1)),
        (utc(2028, 2, 29, 12), utc(2028, 2, 1), utc(2028, 3, 1)),
        (utc(2100, 2, 28, 12), utc(2100, 2, 1), utc(2100, 3, 1)),
        (utc(2026, 4, 30, 12), utc(2026, 4, 1), utc(2026, 5, 1)),
        (utc(2026, 12, 31, 23, 59), utc(2026, 12, 1), utc(2027, 1, 1)),
        (utc(2026, 3, 1), utc(2026, 3, 1), utc(2026, 4, 1)),
    ],
)
def test_a_month_is_a_calendar_month(now: datetime, start: datetime, end: datetime) -> None:
    assert (period_start(Period.MONTH, now), period_end(Period.MONTH, now)) == (start, end)


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        (utc(2028, 2, 29, 0, 0), utc(2028, 2, 29), utc(2028, 3, 1)),
        (utc(2027, 2, 28, 23, 59), utc(2027, 2, 28), utc(2027, 3, 1)),
        (utc(2026, 12, 31, 12), utc(2026, 12, 31), utc(2027, 1, 1)),
    ],
)
def test_a_day_ends_at_midnight(now: datetime, start: datetime, end: datetime) -> None:
    assert (period_start(Period.DAY, now), period_end(Period.DAY, now)) == (start, end)


def test_periods_are_utc_wherever_the_moment_was_read() -> None:
    in_auckland = datetime(2026, 4, 1, 8, tzinfo=timezone(timedelta(hours=13)))
    assert period_start(Period.DAY, in_auckland) == utc(2026, 3, 31)
    assert period_start(Period.MONTH, in_auckland) == utc(2026, 3, 1)


@given(now=moments, period=st.sampled_from(Period))
def test_periods_follow_each_other_without_gaps(now: datetime, period: Period) -> None:
    start, end = period_start(period, now), period_end(period, now)
    assert start <= now < end
    assert period_start(period, end) == end, "the next one does not begin where this one ends"
    assert period_start(period, end - TICK) == start
    assert period_start(period, start) == start


@given(budget=amounts, prices=st.lists(amounts, max_size=30))
def test_accepted_videos_never_cost_more_than_the_budget(budget: float, prices: list[float]) -> None:
    spent = 0.0
    for price in prices:
        if state(budget, spent).takes(price):
            spent = state(budget, spent).after(price).spent
    assert spent <= budget


@given(budget=amounts, spent=amounts, price=amounts)
def test_what_does_not_fit_is_not_taken(budget: float, spent: float, price: float) -> None:
    before = state(budget, spent)
    if before.takes(price):
        assert price <= before.left
    elif spent < budget:
        assert price > before.left, "a video that fits was refused"


@pytest.mark.parametrize(
    ("spent", "price", "takes"),
    [(0, 100, True), (0, 101, False), (60, 40, True), (60, 41, False), (100, 0, False), (120, 0, False)],
)
def test_the_last_credit_can_be_spent_and_not_one_more(spent: float, price: float, takes: bool) -> None:
    assert state(100, spent).takes(price) is takes


def test_a_budget_of_zero_takes_nothing() -> None:
    assert not state(0, 0).takes(0)


@pytest.mark.parametrize(("spent", "warned"), [(79.9, False), (80, True), (100, True), (130, True)])
def test_moderators_are_warned_from_four_fifths_on(spent: float, warned: bool) -> None:
    assert state(100, spent).needs_warning is warned


def test_what_is_left_is_never_negative() -> None:
    assert (state(100, 30).left, state(100, 130).left) == (70, 0)


def test_each_budget_stands_beside_what_was_spent_of_it() -> None:
    budgets = {
        Period.MONTH: Budget(credits=500, since=LONG_AGO),
        Period.DAY: Budget(credits=100, since=NOW - timedelta(hours=1)),
    }
    day, month = states_of(budgets, {Period.MONTH: 70}, NOW)
    assert (day.period, day.budget, day.spent, day.resets_at) == (Period.DAY, 100, 0, utc(2026, 3, 30))
    assert (month.period, month.budget, month.spent, month.resets_at) == (
        Period.MONTH,
        500,
        70,
        utc(2026, 4, 1),
    )
    assert day.warned_since == NOW - timedelta(hours=1), "a new amount deserves a new warning"
    assert month.warned_since == utc(2026, 3, 1), "a new month deserves a new warning"


@pytest.mark.parametrize(
    ("day_spent", "month_spent", "period"),
    [(0, 0, None), (100, 0, Period.DAY), (0, 500, Period.MONTH), (100, 500, Period.MONTH)],
)
def test_of_two_full_budgets_the_one_that_resets_last_is_named(
    day_spent: float, month_spent: float, period: Period | None
) -> None:
    budgets = {
        Period.DAY: Budget(credits=100, since=LONG_AGO),
        Period.MONTH: Budget(credits=500, since=LONG_AGO),
    }
    states = states_of(budgets, {Period.DAY: day_spent, Period.MONTH: month_spent}, NOW)
    full = exhausted(states, 10)
    assert (full and full.period) == period


def test_a_budget_of_nothing_is_told_rather_than_one_that_begins_anew() -> None:
    budgets = {Period.DAY: Budget(credits=0, since=NOW), Period.MONTH: Budget(credits=5, since=NOW)}
    full = exhausted(states_of(budgets, {Period.MONTH: 5}, NOW), 0)
    assert full is not None
    assert full.period is Period.DAY, "new money next month is promised, which helps nobody"


def test_one_more_video_is_added_to_what_is_spent() -> None:
    [state] = states_of({Period.DAY: Budget(credits=100, since=NOW)}, {Period.DAY: 30.0}, NOW)
    assert (state.after(20).spent, state.after(20).left) == (50, 50)


def test_without_budgets_nothing_is_exhausted() -> None:
    assert exhausted(states_of({}, {}, NOW), 10**9) is None
