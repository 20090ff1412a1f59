"""When to do a thing again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pacing import FIRST_RETRY_DELAY, MAX_POLL_DELAY, MAX_RETRY_DELAY, poll_delay, retry_delay

intervals = st.floats(0.01, 60)
counts = st.integers(0, 10_000)


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


@pytest.mark.parametrize(("attempts", "seconds"), [(0, FIRST_RETRY_DELAY), (1, 10), (2, 20), (6, 320)])
def test_each_failure_doubles_the_wait(attempts: int, seconds: float) -> None:
    assert retry_delay(attempts) == seconds


@given(counts)
def test_a_wait_never_shrinks_and_never_exceeds_its_bound(attempts: int) -> None:
    assert retry_delay(attempts) <= retry_delay(attempts + 1) <= MAX_RETRY_DELAY
