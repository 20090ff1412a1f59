"""Forecast of the moment when a generation is ready, learnt from how long the last ones took. Pure.

A generation is never seen to become ready: it was not at one question, and was at the next. Each such pair is
spread over the time between by what was known already (one E-step of an EM algorithm), and smoothed on a
logarithmic scale. How far to smooth and how fast to forget is not chosen beforehand: a few answers are kept
to both, and weighed by how well each foretold the last generations (a mixture of experts, scores discounted).
So a steady provider is known ever better, and one that became slower or faster is learnt anew quickly.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from math import ceil, exp, log
from operator import mul

from bot.eta.prior import BINS, EDGES, LONGEST, STEP, WIDTHS, Prior, bin_of

MEMORIES = (0.99, 0.8)  # what a generation still counts when one more is known; in all, 100 and 5 of them
SMOOTHINGS = (0.08, 0.13, 0.2)  # standard deviations, of the logarithm
SCORE_MEMORY = 0.985  # how fast it is forgotten who foretold well
MIN_CHANCE = 1e-9  # so that one surprise does not silence an expert for ever
NEGLIGIBLE = 1e-6  # generations
STUCK = 0.005  # of all generations: so questions become rare once all others would have been ready
UNKNOWN = 0.01  # of all generations: the slowest, about whose end nothing is foretold


def _kernel(deviation: float) -> tuple[float, ...]:
    reach = ceil(3 * deviation / STEP)
    weights = [exp(-((offset * STEP / deviation) ** 2) / 2) for offset in range(-reach, reach + 1)]
    total = sum(weights)
    return tuple(weight / total for weight in weights)


KERNELS = tuple(_kernel(deviation) for deviation in SMOOTHINGS)  # all of odd length, the longest last
REACH = len(KERNELS[-1]) // 2  # bins; each memory has as many empty ones at both ends


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of one generation, as far as it is known, in seconds since its submission.

    Attributes:
        after: it was not ready then; 0 where nobody asked before.
        by: it was ready then.
    """

    after: float
    by: float


@dataclass(frozen=True, slots=True)
class Memory:
    """The counts that one rate of forgetting has kept.

    Attributes:
        counts: generations by bin, older ones counting less; `REACH` empty bins at both ends.
        total: of all counts.
    """

    counts: tuple[float, ...]
    total: float

    def smoothed(self, index: int, kernel: Sequence[float]) -> float:
        """Return the count of a bin after smoothing."""
        reach = len(kernel) // 2
        return sum(map(mul, self.counts[REACH + index - reach : REACH + index + reach + 1], kernel))

    def with_one_more(self, shares: Mapping[int, float], kept: float) -> "Memory":
        """Return the memory after a generation that is spread over some bins."""
        counts = [count * kept for count in self.counts]
        for index, share in shares.items():
            counts[REACH + index] += share
        return Memory(tuple(counts), self.total * kept + 1)


NOTHING_SEEN = Memory((0.0,) * (BINS + 2 * REACH), 0.0)


class Forecast:
    """The duration of a generation. Immutable: `after_finish` returns the forecast that knows one more.

    Learning costs less than 0.1 ms, the first question to a forecast 0.1 ms, every further one a microsecond.

    Args:
        prior: what is believed before anything was seen.
        memories: one for each of `MEMORIES`.
        scores: how well each expert has foretold, as a logarithm: for each memory, for each smoothing.
    """

    def __init__(
        self,
        prior: Prior,
        memories: Sequence[Memory] = (NOTHING_SEEN,) * len(MEMORIES),
        scores: Sequence[float] = (0.0,) * (len(MEMORIES) * len(SMOOTHINGS)),
    ) -> None:
        self._prior = prior
        self._memories = tuple(memories)
        self._scores = tuple(scores)

    def after_finish(self, finish: Finish) -> "Forecast":
        """Return the forecast that also knows of `finish`; the last ones told count most."""
        overlaps = _overlaps(finish)
        foretold = self._foretold(overlaps)
        scores = [
            SCORE_MEMORY * score + log(max(sum(map(mul, chances, overlaps.values())), MIN_CHANCE))
            for score, chances in zip(self._scores, foretold, strict=True)
        ]
        experts = _weights(scores)
        chances = [sum(map(mul, experts, column)) for column in zip(*foretold, strict=True)]
        parts = [chance * part for chance, part in zip(chances, overlaps.values(), strict=True)]
        total = sum(parts)
        shares = {
            index: part / total if total else 1 / len(parts)
            for index, part in zip(overlaps, parts, strict=True)
        }
        memories = [
            memory.with_one_more(shares, kept) for memory, kept in zip(self._memories, MEMORIES, strict=True)
        ]
        return Forecast(self._prior, memories, scores)

    def with_prior(self, prior: Prior) -> "Forecast":
        """Return the forecast that believed something else before it saw the same."""
        return Forecast(prior, self._memories, self._scores)

    def _foretold(self, indices: Collection[int]) -> list[list[float]]:
        """Return the probability of each of some bins, for each expert."""
        prior, weight = self._prior.masses, self._prior.weight
        return [
            [
                (memory.smoothed(index, kernel) + weight * prior[index]) / (memory.total + weight)
                for index in indices
            ]
            for memory in self._memories
            for kernel in KERNELS
        ]

    @cached_property
    def survival(self) -> tuple[float, ...]:
        """The probability that a generation is not ready yet, at each of `EDGES`."""
        masses = self._masses()
        total = sum(masses)
        left = tuple(accumulate(reversed(masses), initial=0.0))
        return tuple(part / total for part in reversed(left))

    def _masses(self) -> list[float]:
        """Return the probability of each bin; only proportions matter."""
        experts = _weights(self._scores)
        masses = [0.0] * (BINS + 2 * REACH)
        believed = 0.0
        for number, memory in enumerate(self._memories):
            own = experts[number * len(KERNELS) : (number + 1) * len(KERNELS)]
            scale = 1 / (memory.total + self._prior.weight)
            believed += sum(own) * scale * self._prior.weight
            kernel = _mixed(KERNELS, [weight * scale for weight in own])
            for index, count in enumerate(memory.counts):
                if count > NEGLIGIBLE:
                    for offset, weight in enumerate(kernel, index - REACH):
                        masses[offset] += count * weight
        return [
            mass + believed * prior
            for mass, prior in zip(masses[REACH:-REACH], self._prior.masses, strict=True)
        ]

    def waiting(self, age: float) -> float:
        """Return the probability that a generation takes longer than `age` seconds."""
        index = bin_of(age)
        before, after = self.survival[index], self.survival[index + 1]
        part = min(1.0, (max(age, 0.0) - EDGES[index]) / WIDTHS[index])
        return before + (after - before) * part

    @cached_property
    def hazards(self) -> tuple[float, ...]:
        """In each bin, the probability of becoming ready within the next second, if it is not yet."""
        return tuple(
            log((before + STUCK) / (after + STUCK)) / width
            for (before, after), width in zip(pairwise(self.survival), WIDTHS, strict=True)
        )

    def hazard(self, age: float) -> float:
        """Return the probability of becoming ready within the next second, if it is not at `age` seconds."""
        return self.hazards[bin_of(age)]

    def expected_finish(self, age: float, share: float = 0.5) -> float | None:
        """Return in how many seconds `share` of those that are not ready at `age` seconds will be.

        None: it takes longer than was ever foretold, and nothing is known.
        """
        left = self.waiting(age)
        if left < UNKNOWN:
            return None
        aim = left * (1 - share)
        index = bisect_right(self.survival, -aim, key=lambda part: -part) - 1
        before, after = self.survival[index], self.survival[index + 1]
        return EDGES[index] + WIDTHS[index] * (before - aim) / (before - after) - max(age, 0.0)


def _overlaps(finish: Finish) -> dict[int, float]:
    """Return the bins in which it may have become ready, with the part of each that comes into question."""
    after = min(max(finish.after, 0.0), LONGEST)
    by = min(max(finish.by, after), LONGEST)
    first, last = bin_of(after), bin_of(by)
    overlaps = {
        index: (min(by, EDGES[index + 1]) - max(after, EDGES[index])) / WIDTHS[index]
        for index in range(first, last + 1)
    }
    return {index: part for index, part in overlaps.items() if part > 0} or {last: 1.0}


def _weights(scores: Sequence[float]) -> list[float]:
    highest = max(scores)
    weights = [exp(score - highest) for score in scores]
    total = sum(weights)
    return [weight / total for weight in weights]


def _mixed(kernels: Sequence[Sequence[float]], weights: Sequence[float]) -> list[float]:
    """Return the kernel that smooths like a weighted sum of several; as long as the longest, the last."""
    mixed = [0.0] * len(kernels[-1])
    for kernel, weight in zip(kernels, weights, strict=True):
        start = (len(mixed) - len(kernel)) // 2
        for offset, value in enumerate(kernel):
            mixed[start + offset] += weight * value
    return mixed
