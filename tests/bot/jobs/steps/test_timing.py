"""How long things have lasted, by a clock that cannot jump."""

from datetime import timedelta

import pytest

from bot.jobs.steps.timing import Stopwatch
from tests.bot.clocks import StoppedClock

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class Monotonic:
    """Seconds since some moment, which only go on."""

    seconds = 5000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize("jump", [timedelta(minutes=20), 8 * HOUR, 400 * 24 * HOUR, -8 * HOUR], ids=str)
@pytest.mark.parametrize("before", [timedelta(), HOUR, -400 * 24 * HOUR], ids=str)
def test_a_clock_that_is_set_changes_nothing(clock: StoppedClock, before: timedelta, jump: timedelta) -> None:
    monotonic, since = Monotonic(), clock() - before
    watch = Stopwatch(since, clock, monotonic)
    monotonic.seconds += 60
    clock.advance(jump + MINUTE)
    lasted = max(before, timedelta())  # what is dated in the future has just begun
    assert watch.now() - since == lasted + MINUTE
