"""A server's requests day by day, as the rules are and with a change. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

ONE_DAY = timedelta(days=1)


class Fate(NamedTuple):
    """The refusals of a request by the rules as they are, and with the change."""

    now: bool
    then: bool


ACCEPTED = Fate(now=False, then=False)
ONLY_THEN = Fate(now=False, then=True)
BOTH = Fate(now=True, then=True)
ONLY_NOW = Fate(now=True, then=False)


@dataclass(frozen=True, slots=True)
class Day:
    """A day in UTC, from `start` on, and its requests."""

    start: datetime
    requests: Counter[Fate]


def empty_days(start: datetime, end: datetime) -> Sequence[Day]:
    """Return the days from `start` to `end`, without requests."""
    first = _midnight(start)
    count = (_midnight(end) - first).days + 1
    return [Day(first + number * ONE_DAY, Counter()) for number in range(count)]


def day_number(days: Sequence[Day], at: datetime) -> int:
    """Return the index of the day that a time is in."""
    return (at - days[0].start).days


def total(days: Sequence[Day]) -> Counter[Fate]:
    """Return the requests of all days."""
    return sum((day.requests for day in days), Counter[Fate]())


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
