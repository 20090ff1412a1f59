"""The effect of a change, in numbers: in all, and day by day. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bot.admission.replay import PastRequest
from bot.db.models import NOBODY
from bot.preview.history import Span

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


class Verdict(NamedTuple):
    """The refusals of a request: now, with the change, and by the change alone; None: nobody knows.

    By limits and budgets, what the change refuses is what is refused with it: each depends on the others.
    """

    now: bool | None
    then: bool | None
    alone: bool | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The effect of rules with a change since `start`.

    Attributes:
        requests: how many were made.
        refused: when those were made that would have been refused, in their order.
        by_member: the members and how many requests each would have been refused, most first.
        refused_now: how many the rules without the change would have refused.
        refused_twice: how many are refused with the change and without it.
        saved: what the refused ones cost that are surely not refused without the change, in credits.
        saves_nothing: none of the refused ones is known to be refused by the change only.
        gaining: how many members have a higher limit by the change, and no lower one.
        by_roles: the members' roles decide; who had which in the past isn't known.
        strangers: how many members' roles aren't known at all, where they decide.
        forgotten: requests of members whose data was deleted; their limits can't be checked.
        is_cut: there were more requests than are compared.
        counted_since: where what was made before `start` isn't counted as far back as the limits want.
        unknown: requests that nothing can be said about, beside `requests`.
        unsure: how many of `requests` may be refused without the change or not.
        days: what became of the requests, day by day, but for those of `unsure`.
    """

    start: datetime
    requests: int
    refused: Sequence[datetime] = ()
    by_member: Sequence[tuple[int, int]] = ()
    refused_now: int = 0
    refused_twice: int = 0
    saved: float = 0.0
    saves_nothing: bool = True
    gaining: int = 0
    by_roles: bool = False
    strangers: int = 0
    forgotten: int = 0
    is_cut: bool = False
    counted_since: datetime | None = None
    unknown: int = 0
    unsure: int = 0
    days: Sequence[Day] = ()

    @property
    def has_chart(self) -> bool:
        """Whether there is something to see of the change day by day."""
        shown = total(self.days)
        return bool(shown[ONLY_THEN] or shown[ONLY_NOW] or (self.refused and shown[BOTH]))


class Counting:
    """Counts what becomes of requests, which come in their order and needn't be kept."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._days = empty_days(span.start, span.end)
        self._counts: Counter[tuple[int, Verdict]] = Counter()  # by the day's number
        self._by_member: Counter[int] = Counter()
        self._refused: list[datetime] = []
        self._saved: float | None = None

    def add(self, whole: Sequence[PastRequest], verdict: Verdict) -> None:
        """Count requests that a member made together: they're refused together or not at all."""
        first, count = whole[0], len(whole)
        self._counts[day_number(self._days, first.created_at), verdict] += count
        if verdict.alone:
            self._refused += [first.created_at] * count
            self._by_member[first.user_id] += count
            if verdict.then and verdict.now is False:
                self._saved = (self._saved or 0.0) + sum([request.cost for request in whole])

    def result(self) -> Comparison:
        """Return what it has come to."""
        requests = refused_now = refused_twice = unknown = unsure = 0
        for (day, (now, then, alone)), count in self._counts.items():
            if alone is None:
                unknown += count
                continue
            requests += count
            if now is None or then is None:
                unsure += count
                continue
            self._days[day].requests[Fate(now, then)] += count
            refused_now += count * now
            refused_twice += count * (now and alone)
        members = [(user_id, count) for user_id, count in self._by_member.items() if user_id != NOBODY]
        return Comparison(
            start=self._span.start,
            requests=requests,
            refused=self._refused,
            by_member=sorted(members, key=lambda pair: (-pair[1], pair[0])),
            refused_now=refused_now,
            refused_twice=refused_twice,
            saved=self._saved or 0.0,
            saves_nothing=self._saved is None,
            is_cut=self._span.is_cut,
            counted_since=self._span.first if self._span.is_first_cut else None,
            unknown=unknown,
            unsure=unsure,
            days=self._days,
        )
