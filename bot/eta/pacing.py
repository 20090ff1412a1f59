"""Pacing of retries, and of polls for a video. Pure."""

from bisect import bisect_right
from itertools import accumulate
from math import sqrt
from operator import mul

from bot.eta.forecast import Forecast
from bot.eta.prior import BINS, EDGES, LONGEST, WIDTHS

MIN_POLL_DELAY = 1.0  # seconds
MAX_POLL_DELAY = 60.0  # seconds
LONGEST_REST = 120.0  # seconds that the provider gets if it asks for a rest: a video may be ready
FIRST_RETRY_DELAY = 5.0  # seconds
MAX_RETRY_DELAY = 600.0  # seconds

LEFT_OUT = 1e-3  # of the generations: the slowest, whose questions are not counted beforehand
ROUNDS = 5  # in which the density of the questions is found


def poll_delay(interval: float, errors: int, rest: float | None = None) -> float:
    """Return the seconds until the next question, after `errors` unanswered ones in a row.

    `rest`: how long the provider asks to be left alone; None: it doesn't.
    """
    usual = min(interval * 2 ** min(errors, 10), max(MAX_POLL_DELAY, interval))
    return max(usual, min(rest or 0.0, LONGEST_REST))


def retry_delay(attempts: int) -> float:
    """Return the seconds to wait after the step has failed `attempts` times before."""
    return min(FIRST_RETRY_DELAY * 2 ** min(attempts, 10), MAX_RETRY_DELAY)


def fixed_polls(forecast: Forecast, interval: float) -> float:
    """Return how many questions a generation takes on average at a fixed interval."""
    age, polls, left = 0.0, 0.0, 1.0
    while left > LEFT_OUT and age < LONGEST:
        polls += left
        age += interval
        left = forecast.waiting(age)
    return polls


class PollPlan:
    """The polls of one generation: as many as at fixed intervals, but when it should be ready.

    A given number of questions finds a video soonest if their distance is proportional to 1/√hazard, the
    hazard being the chance to become ready within the next second. So the questions divide the integral of
    √hazard into equal parts, which are as large as the number of questions asks for.

    An interval of a second or less is kept as it is: nothing is won, and operators and tests mean it.
    Making a plan costs 0.4 ms; all generations of the same model and options share it.

    Args:
        forecast: how long generations take.
        interval: seconds; what the number of questions is measured by.
    """

    def __init__(self, forecast: Forecast, interval: float) -> None:
        self._forecast = forecast
        self._interval = interval
        self._progress = (0.0,) * (BINS + 1)  # questions that should have been asked, at each of EDGES
        if interval > MIN_POLL_DELAY:
            self._fit()

    def next_poll(self, age: float) -> float:
        """Return the seconds until the next question about a generation submitted `age` seconds ago."""
        if self._interval <= MIN_POLL_DELAY:
            return self._interval
        aim = self._progress_at(age) + 1
        if aim >= self._progress[-1]:
            return MAX_POLL_DELAY
        index = bisect_right(self._progress, aim) - 1
        before, after = self._progress[index], self._progress[index + 1]
        due = EDGES[index] + WIDTHS[index] * (aim - before) / (after - before)
        return min(max(due - age, MIN_POLL_DELAY), MAX_POLL_DELAY)

    def _progress_at(self, age: float) -> float:
        index = bisect_right(EDGES, age) - 1
        if index < 0:
            return 0.0
        if index >= BINS:
            return self._progress[-1]
        before, after = self._progress[index], self._progress[index + 1]
        return before + (after - before) * (age - EDGES[index]) / WIDTHS[index]

    def _fit(self) -> None:
        """Find the density at which as many questions are asked as at the fixed interval, on average."""
        budget = fixed_polls(self._forecast, self._interval)
        steps = [sqrt(hazard) * width for hazard, width in zip(self._forecast.hazards, WIDTHS, strict=True)]
        shape = tuple(accumulate(steps, initial=0.0))
        # If no delay had bounds, there would be half a question more than the integral of the density.
        density = (budget - 0.5) / sum(map(mul, steps, self._forecast.survival))
        for _ in range(ROUNDS):
            self._progress = tuple(density * part for part in shape)
            density *= (budget - 0.5) / (self._polls() - 0.5)

    def _polls(self) -> float:
        """Count the questions: each is asked if the generation was not ready at the one before."""
        age, polls, left = 0.0, 0.0, 1.0
        while left > LEFT_OUT and age < LONGEST:
            polls += left
            age += self.next_poll(age)
            left = self._forecast.waiting(age)
        return polls
