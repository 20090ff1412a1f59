"""The pace at which one person may act, and how late interactions come.

Not even refusals can be used to flood: every command, click and sent form takes a token out of a bucket per
person, and tokens come back evenly. It is kept in memory: it only protects this process from work, so one
that restarts may begin with full buckets; what costs money is counted in the database.

No work is done that Discord takes no answer for any more. It says when each interaction was made, by its own
clock, and the host's may differ by any amount. So what counts is how much later one comes than the quick ones
of the last minutes. It's compared with the host's monotonic clock, which never jumps.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from heapq import nsmallest

from cachetools import FIFOCache

WINDOW = 20.0  # seconds in which an empty bucket fills
MAX_PEOPLE = 20_000  # whose buckets are kept: about 5 MB
QUICK_WINDOW = 600.0  # seconds for which the quick ones count, at least: clocks drift apart by under 0.1 s
TOO_LATE = 2.8  # seconds; Discord takes an answer within 3, and an answer is a call


class Pace(StrEnum):
    """The answer to an interaction's pace."""

    FINE = "fine"
    TOO_FAST = "too-fast"  # and the person has to be told
    STILL_TOO_FAST = "still-too-fast"  # the person was told in this window already


@dataclass(frozen=True, slots=True)
class Bucket:
    """One person's remaining tokens.

    Attributes:
        left: tokens at `at`.
        at: seconds on a monotonic clock.
        warned_at: when the person was last told to slow down, on the same clock; None: never.
    """

    left: float
    at: float
    warned_at: float | None = None


def take(bucket: Bucket, now: float, capacity: int) -> tuple[Pace, Bucket]:
    """Return what becomes of an interaction at `now`, and the bucket after it.

    A refused one takes nothing, so a person who waits `WINDOW / capacity` seconds is always served.

    Args:
        bucket: of the person who acts; a new one's is `Bucket(capacity, now)`.
        now: seconds on a monotonic clock; a clock that goes back is taken for one that stands.
        capacity: tokens in a full bucket.
    """
    at = max(now, bucket.at)
    left = min(float(capacity), bucket.left + (at - bucket.at) * capacity / WINDOW)
    if left >= 1:
        return Pace.FINE, Bucket(left - 1, at, bucket.warned_at)
    if bucket.warned_at is not None and at - bucket.warned_at < WINDOW:
        return Pace.STILL_TOO_FAST, Bucket(left, at, bucket.warned_at)
    return Pace.TOO_FAST, Bucket(left, at, at)


class Cooldown:
    """The buckets of those who acted last.

    Args:
        capacity: interactions of one person in `WINDOW` seconds, over all servers.
        max_people: whose buckets are kept; who acted longest ago is forgotten first.
    """

    def __init__(self, capacity: int, *, max_people: int = MAX_PEOPLE) -> None:
        self._capacity = capacity
        self._buckets = FIFOCache[int, Bucket](max_people)

    def __len__(self) -> int:
        return len(self._buckets)

    def count(self, user_id: int, now: float) -> Pace:
        """Count an interaction of a person at `now` (seconds, monotonic); return what becomes of it."""
        bucket = self._buckets.get(user_id) or Bucket(self._capacity, now)
        pace, self._buckets[user_id] = take(bucket, now, self._capacity)
        return pace


class Lateness:
    """The quickest ways of the last minutes. They're kept in memory: a new process measures them itself.

    The second quickest is what others are compared with, so that one with a wrong time spoils nothing.
    """

    def __init__(self) -> None:
        self._since = -math.inf
        self._quick = self._quick_before = list[float]()

    def record(self, made_at: float, now: float) -> float:
        """Record an interaction; return how many seconds later than the quick ones it came, 0.0 or more.

        Args:
            made_at: when it was made, in seconds by Discord's clock.
            now: seconds on a monotonic clock of ours.
        """
        took = now - made_at
        if now - self._since >= QUICK_WINDOW:
            is_recent = now - self._since < 2 * QUICK_WINDOW
            self._quick_before = self._quick if is_recent else []
            self._since, self._quick = now, []
        self._quick = nsmallest(2, [*self._quick, took])
        return max(0.0, took - nsmallest(2, [*self._quick, *self._quick_before])[-1])
