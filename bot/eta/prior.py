"""Durations before this bot has seen any: by the provider's metrics, or its documents. Pure.

Durations are divided into bins of equal length on a logarithmic scale; the forecast counts by the same.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, exp, log
from statistics import NormalDist

STEP = 0.05  # of the logarithm: a bin is 5 % longer than the one before; 4 s around 75 s
# Google's own documents say of Veo: 11 seconds at least, up to 6 minutes. The metrics may be of the call that
# only takes the request, or in seconds.
SHORTEST_MEDIAN = 10.0  # seconds
LONGEST = 3600.0  # seconds; whatever takes longer is counted with those that take so long
EDGES = (0.0, *(exp(STEP * number) for number in range(ceil(log(LONGEST) / STEP) + 1)))  # of bins, seconds
WIDTHS = tuple(after - before for before, after in pairwise(EDGES))  # seconds
BINS = len(WIDTHS)

DOCUMENTED_MEDIAN = 120.0  # seconds; "about 2 minutes", say the provider's documents
DOCUMENTED_SPREAD = 0.7  # of the logarithm: half of all between 75 and 190 s
DOCUMENTED_WEIGHT = 1.0  # generations
METRICS_WEIGHT = 2.0  # generations; measured, but for other options and other people's too
METRICS_TRUST = 0.9  # the rest is what the documents say: metrics may be of another hour
PERCENTILES = (0.5, 0.75, 0.9, 0.99)  # that the provider's metrics name
SPREADS = (0.05, 1.5)  # of the logarithm; what percentiles are taken for if they are equal or far apart


@dataclass(frozen=True, slots=True)
class Prior:
    """The belief before any generation was seen.

    Attributes:
        masses: the probability of each bin.
        weight: how many generations it counts for.
    """

    masses: tuple[float, ...]
    weight: float


def documented_prior() -> Prior:
    """Return what the provider's documents say."""
    spread = NormalDist(log(DOCUMENTED_MEDIAN), DOCUMENTED_SPREAD)
    return Prior(_masses_of([0.0, *(spread.cdf(log(edge)) for edge in EDGES[1:])]), DOCUMENTED_WEIGHT)


def metrics_prior(p50: float, p75: float, p90: float, p99: float) -> Prior | None:
    """Return what the provider's own metrics say, in seconds; None where they cannot be true of videos."""
    seconds = [p50, p75, p90, p99]
    if seconds != sorted(seconds) or not all(SHORTEST_MEDIAN <= value <= LONGEST for value in seconds):
        return None
    measured, documented = _masses_of(_levels(seconds)), documented_prior().masses
    masses = (
        METRICS_TRUST * own + (1 - METRICS_TRUST) * other
        for own, other in zip(measured, documented, strict=True)
    )
    return Prior(tuple(masses), METRICS_WEIGHT)


def bin_of(age: float) -> int:
    """Return the number of the bin for `age` seconds; the last one for more than `LONGEST`."""
    return min(max(bisect_right(EDGES, age) - 1, 0), BINS - 1)


def _levels(seconds: Sequence[float]) -> list[float]:
    """Return the probability of being ready by each edge, from the seconds of `PERCENTILES`.

    Between the percentiles, and beyond them, the logarithm is taken for normal; the quick half, of which the
    metrics say nothing, for a mirror image of the slow one.
    """
    normal = NormalDist()
    knots = [normal.inv_cdf(part) for part in PERCENTILES]
    positions, spreads = [log(seconds[0])], list[float]()
    for (before, after), (start, end) in zip(pairwise(seconds), pairwise(knots), strict=True):
        spread = log(after / before) / (end - start)
        spreads.append(min(max(spread, SPREADS[0]), SPREADS[1]))
        positions.append(positions[-1] + spreads[-1] * (end - start))
    levels = [0.0]
    for position in map(log, EDGES[1:]):
        part = min(max(bisect_right(positions, position) - 1, 0), len(spreads) - 1)
        levels.append(normal.cdf(knots[part] + (position - positions[part]) / spreads[part]))
    return levels


def _masses_of(levels: Sequence[float]) -> tuple[float, ...]:
    """Return the bins' probabilities, from the probability of being ready by each edge."""
    return tuple((after - before) / levels[-1] for before, after in pairwise(levels))
