"""The pace at which one person may act, so that not even refusals can be used to flood.

A bucket per person: every command, click and sent form takes a token, and tokens come back evenly. It is kept
in memory: it only protects this process from work, so one that restarts may begin with full buckets; what
costs money is counted in the database.
"""

from dataclasses import dataclass
from enum import StrEnum

from cachetools import FIFOCache

WINDOW = 20.0  # seconds in which an empty bucket fills
MAX_PEOPLE = 20_000  # whose buckets are kept: about 5 MB


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
