"""How late an interaction came is told without knowing how the clocks differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.admission.lateness import WINDOW, Lateness

QUICK = 0.05  # seconds from Discord to us


@pytest.fixture
def lateness() -> Lateness:
    """Two interactions came as quickly as the way can be."""
    lateness = Lateness()
    for made_at in (-1.0, 0.0):
        lateness.record(made_at, made_at + QUICK)
    return lateness


@given(ahead=st.floats(-1e9, 1e9))
def test_a_clock_that_is_wrong_makes_nothing_late(ahead: float) -> None:
    lateness = Lateness()
    found = [lateness.record(made_at=ahead + at, now=at + QUICK) for at in range(0, 10_000, 100)]
    assert found == pytest.approx([0.0] * 100, abs=1e-6)


def test_what_waited_is_late_by_as_much_as_it_waited(lateness: Lateness) -> None:
    assert lateness.record(made_at=1.0, now=1.0 + QUICK + 3.5) == pytest.approx(3.5)


def test_what_waited_first_is_known_to_be_late_once_quicker_ones_came() -> None:
    lateness = Lateness()
    assert lateness.record(made_at=0.0, now=4.0) == 0.0
    for made_at in (5.0, 6.0):
        lateness.record(made_at, made_at + QUICK)
    assert lateness.record(made_at=7.0, now=11.0) == pytest.approx(4.0 - QUICK)


def test_one_with_a_time_that_is_still_to_come_makes_no_other_late(lateness: Lateness) -> None:
    lateness.record(made_at=5.0, now=1.0)
    assert lateness.record(made_at=2.0, now=2.0 + 2 * QUICK) == pytest.approx(QUICK)


def test_the_quick_ones_count_on_into_the_next_minutes(lateness: Lateness) -> None:
    assert lateness.record(made_at=WINDOW + 1, now=WINDOW + 1 + 3.0) == pytest.approx(3.0 - QUICK)


def test_a_clock_that_drifts_is_forgiven_after_a_while(lateness: Lateness) -> None:
    assert lateness.record(made_at=2 * WINDOW, now=2 * WINDOW + 3.0) == 0.0
