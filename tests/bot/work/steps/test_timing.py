"""How long things have lasted, by a clock that cannot jump."""

from datetime import timedelta

import pytest

from bot.work.steps.timing import Stopwatch
from tests.bot.clocks import StoppedClock

HOUR = timedelta(hours=1)


class Monotonic:
    """Seconds since some moment, which only go on."""

    seconds = 5000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def monotonic() -> Monotonic:
    """The clock that cannot jump."""
    return Monotonic()


@pytest.mark.parametrize("jump", [timedelta(minutes=20), 8 * HOUR, 400 * 24 * HOUR, -8 * HOUR], ids=str)
def test_a_jump_of_the_other_clock_is_not_counted(
    clock: StoppedClock, monotonic: Monotonic, jump: timedelta
) -> None:
    watch, since = Stopwatch(clock, monotonic), clock()
    assert watch.elapsed("a", since) == timedelta()
    monotonic.seconds += 60
    clock.advance(jump + timedelta(seconds=60))
    assert watch.elapsed("a", since) == timedelta(seconds=60)


def test_what_passed_before_this_process_began_counts(clock: StoppedClock, monotonic: Monotonic) -> None:
    watch = Stopwatch(clock, monotonic)
    assert watch.elapsed("a", clock() - HOUR) == HOUR
    monotonic.seconds += 60
    assert watch.elapsed("a", clock() - HOUR) == HOUR + timedelta(seconds=60)
    assert watch.elapsed("b", clock() + 400 * 24 * HOUR) == timedelta(), "it has not lasted a negative time"


def test_another_beginning_is_another_thing(clock: StoppedClock, monotonic: Monotonic) -> None:
    watch = Stopwatch(clock, monotonic)
    watch.elapsed("a", clock())
    monotonic.seconds += 60
    clock.advance(timedelta(seconds=60))
    assert watch.elapsed("a", clock()) == timedelta(), "it was sent once more"
    watch.forget("a")
    watch.forget("a")
    assert watch.elapsed("a", clock() - HOUR) == HOUR
