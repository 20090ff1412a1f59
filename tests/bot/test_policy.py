"""The rolling window of 24 hours."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy import QUOTA_WINDOW, judge_quota, window_start

NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)

limits = st.integers(1, 6)
# Short steps and long ones, so that windows fill, and so that many moments lie exactly at their edges.
steps = st.lists(
    st.one_of(
        st.timedeltas(timedelta(), timedelta(hours=30)),
        st.sampled_from([timedelta(), TICK, QUOTA_WINDOW - TICK, QUOTA_WINDOW, timedelta(hours=6)]),
    ),
    max_size=40,
)


def moments_of(gaps: list[timedelta]) -> list[datetime]:
    moments = [NOW]
    for gap in gaps:
        moments.append(moments[-1] + gap)
    return moments


def test_the_first_request_is_allowed() -> None:
    assert judge_quota(1, [], NOW).allowed


def test_a_second_request_over_the_limit_is_refused_with_the_time_a_place_frees() -> None:
    verdict = judge_quota(1, [NOW - timedelta(hours=5)], NOW)
    assert not verdict.allowed
    assert verdict.frees_at == NOW + timedelta(hours=19)


def test_the_window_rolls_instead_of_ending_at_midnight() -> None:
    late_yesterday = NOW - timedelta(hours=13)
    assert not judge_quota(1, [late_yesterday], NOW).allowed


@pytest.mark.parametrize(("age", "allowed"), [(QUOTA_WINDOW - TICK, False), (QUOTA_WINDOW, True)])
def test_a_request_counts_for_exactly_24_hours(age: timedelta, allowed: bool) -> None:
    assert judge_quota(1, [NOW - age], NOW).allowed is allowed


def test_a_limit_of_zero_never_frees_a_place() -> None:
    verdict = judge_quota(0, [], NOW)
    assert not verdict.allowed
    assert verdict.frees_at is None


def test_after_a_limit_was_lowered_enough_places_must_free() -> None:
    hours = [NOW - timedelta(hours=hour) for hour in (20, 10, 5, 1)]
    assert judge_quota(2, hours, NOW).frees_at == NOW + timedelta(hours=19), (
        "three of four have to leave before one of two places is free"
    )


@given(gaps=steps, limit=limits)
def test_no_window_ever_holds_more_than_the_limit(gaps: list[timedelta], limit: int) -> None:
    accepted: list[datetime] = []
    for moment in moments_of(gaps):
        if judge_quota(limit, accepted, moment).allowed:
            accepted.append(moment)
    for end in accepted:
        inside = [moment for moment in accepted if window_start(end) < moment <= end]
        assert len(inside) <= limit, f"{len(inside)} were accepted in the 24 hours before {end}"


@given(gaps=steps, limit=limits)
def test_a_place_frees_exactly_when_it_was_said(gaps: list[timedelta], limit: int) -> None:
    counted = moments_of(gaps)
    now = counted[-1]
    verdict = judge_quota(limit, counted, now)
    if verdict.allowed:
        assert verdict.frees_at is None, "who is allowed need not wait"
        return
    assert verdict.frees_at is not None, "with a limit above zero a place frees one day"
    assert verdict.frees_at > now
    assert not judge_quota(limit, counted, verdict.frees_at - TICK).allowed, "it was free before"
    assert judge_quota(limit, counted, verdict.frees_at).allowed, "it was not free when it was said"


@given(gaps=steps, limit=limits)
def test_the_order_of_the_counted_does_not_matter(gaps: list[timedelta], limit: int) -> None:
    counted = moments_of(gaps)
    now = counted[-1]
    assert judge_quota(limit, counted[::-1], now) == judge_quota(limit, counted, now)
