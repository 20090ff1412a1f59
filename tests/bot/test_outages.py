"""A trouble that lasts fills no log: it's told at once, then at growing intervals, and once at its end."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from bot.outages import CALM_SECONDS, LONGEST_REMINDER, MAX_KINDS, MAX_REASONS, Outage

Clock = Callable[[float], None]


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still, and what lets it go on for so many seconds."""
    now = [1000.0]
    monkeypatch.setattr("bot.outages.monotonic", lambda: now[0])

    def go_on(seconds: float) -> None:
        now[0] += seconds

    return go_on


def moments(outage: Outage, wait: Clock, seconds: int) -> list[int]:
    """Return the seconds in which a failure each second is told."""
    told = list[int]()
    for second in range(seconds):
        if outage.failed("locked") is not None:
            told.append(second)
        wait(1)
    return told


def test_an_outage_of_hours_is_told_at_growing_intervals(wait: Clock) -> None:
    told = moments(Outage(), wait, 4 * 3600)
    assert told[:6] == [0, 60, 180, 420, 900, 1500]
    assert {later - earlier for earlier, later in pairwise(told[5:])} == {LONGEST_REMINDER}


def test_a_line_says_how_long_it_has_lasted(wait: Clock) -> None:
    outage = Outage()
    assert outage.failed("locked") == {}
    wait(61)
    assert outage.failed("locked") == {"for_seconds": 61, "failures": 2}


def test_the_end_is_told_once_it_lasts(wait: Clock) -> None:
    outage = Outage()
    assert outage.worked() is None, "nothing has ended"
    outage.failed("locked")
    wait(1)
    assert outage.worked() is None, "it may come back in a second"
    wait(CALM_SECONDS)
    assert outage.worked() == {"for_seconds": 6, "failures": 1}
    assert outage.worked() is None


def test_what_fails_every_other_time_is_one_trouble(wait: Clock) -> None:
    outage, told = Outage(), 0
    for _ in range(300):
        told += outage.failed("locked") is not None
        wait(1)
        told += outage.worked() is not None
        wait(1)
    assert told == 4, "at once, and after 1, 3 and 7 minutes"


def test_what_comes_back_soon_goes_on_and_what_comes_back_later_begins(wait: Clock) -> None:
    outage = Outage()
    outage.failed("locked")
    wait(10)
    assert outage.worked() is not None
    assert outage.failed("locked") is None
    wait(10)
    assert outage.worked() is not None
    wait(60)
    assert outage.failed("locked") == {}


@pytest.mark.usefixtures("wait")
def test_a_new_reason_is_told_at_once_but_not_endlessly() -> None:
    outage = Outage()
    assert outage.failed("refused") == {}
    assert outage.failed("starting up") == {"for_seconds": 0, "failures": 2}
    assert outage.failed("refused") is None
    told = sum(outage.failed(f"process {number} waits") is not None for number in range(100))
    assert told == MAX_REASONS - 2


@pytest.mark.usefixtures("wait")
def test_another_error_is_told_at_once_though_the_first_one_names_another_id_each_time() -> None:
    outage = Outage()
    told = sum(outage.failed(f"no row {number:x}a7") is not None for number in range(100))
    assert told == MAX_REASONS
    assert outage.failed("the disk is full") is not None, "it waits for ten minutes"
    assert outage.failed("the disk is full") is None
    told = sum(outage.failed(f"{chr(ord('a') + number) * 3}") is not None for number in range(26))
    assert told == MAX_KINDS - 2, "not endlessly, either"
