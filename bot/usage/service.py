"""A server's usage: the numbers that moderators see, and the way to the files that show them.

All sums come from the `generations` table. Periods end now and hold whole buckets, in UTC: the hour, day or
month that is still running is the last one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Select, SQLColumnExpression, and_, case, func, select
from sqlalchemy.orm import Session

from bot.admission.usage_counts import BOUND, CONFIRMED_CREDITS
from bot.db.models import OPEN, Generation, Status
from bot.i18n import _, ngettext

Key = TypeVar("Key", int, str)


class UsagePeriod(StrEnum):
    """The period that a report looks back over."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"

    @property
    def label(self) -> str:
        """Return the period in words, such as "24 hours"; "the last …" fits before it."""
        if self is UsagePeriod.DAY:
            return _("24 hours")
        return ngettext("{count} day", "{count} days", self.span.days)

    @property
    def span(self) -> timedelta:
        """Return its length; the bucket that is still running counts whole."""
        return _SPANS[self]

    @property
    def bucket(self) -> str:
        """Return what one bucket is: "hour", "day" or "month"."""
        return _BUCKETS.get(self, "day")


_SPANS: Mapping[UsagePeriod, timedelta] = {
    UsagePeriod.DAY: timedelta(hours=24),
    UsagePeriod.WEEK: timedelta(days=7),
    UsagePeriod.MONTH: timedelta(days=30),
    UsagePeriod.YEAR: timedelta(days=365),
}
_BUCKETS: Mapping[UsagePeriod, str] = {UsagePeriod.DAY: "hour", UsagePeriod.YEAR: "month"}


@dataclass(frozen=True, slots=True)
class Tally:
    """The ends of some requests, counted.

    Attributes:
        videos: the ones that succeeded.
        failed, cancelled: the ones that ended otherwise.
        open: the ones that are still waited for.
        credits: what they cost, or may cost (`bot.admission.usage_counts.BOUND`), in the provider's credits.
        confirmed: the part of it that the provider told once it was charged.
    """

    videos: int = 0
    failed: int = 0
    cancelled: int = 0
    open: int = 0
    credits: float = 0.0
    confirmed: float = 0.0

    @property
    def requests(self) -> int:
        """Return how many requests these are."""
        return self.videos + self.failed + self.cancelled + self.open

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.videos + other.videos,
            self.failed + other.failed,
            self.cancelled + other.cancelled,
            self.open + other.open,
            self.credits + other.credits,
            self.confirmed + other.confirmed,
        )


# A bucket's number, a model's id, and what was asked of that model then.
Cell = tuple[int, str, Tally]


@dataclass(frozen=True, slots=True)
class DayUse:
    """One bucket of a report: an hour, a day or a month, from `start` on.

    Attributes:
        start: aware, in UTC; the first month of a year begins where the report does.
        videos: those that succeeded, by the model's id; models without any are left out.
        tally: everything.
    """

    start: datetime
    videos: Mapping[str, int]
    tally: Tally


@dataclass(frozen=True, slots=True)
class UsageReport:
    """A server's usage in a period.

    Attributes:
        start, end: aware, in UTC; `end` is the moment of the report.
        by_member: ids and what they used, most credits first; id 0: all members who were forgotten.
        by_model: the same by the provider's model ids.
        days: the buckets from old to new, empty ones too.
    """

    period: UsagePeriod
    start: datetime
    end: datetime
    total: Tally
    by_member: Sequence[tuple[int, Tally]]
    by_model: Sequence[tuple[str, Tally]]
    days: Sequence[DayUse]


@dataclass(frozen=True, slots=True)
class UsageFiles:
    """A report as files.

    Attributes:
        png: the chart.
        description: what the chart shows, in words, for those who cannot see it.
        csv: all numbers, for a spreadsheet.
    """

    png: bytes
    description: str
    csv: bytes


def bucket_starts(period: UsagePeriod, now: datetime) -> list[datetime]:
    """Return when each bucket begins, from old to new, in UTC: 24 hours, 7 or 30 days, 12 or 13 months."""
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if period is UsagePeriod.DAY:
        return [hour - timedelta(hours=back) for back in reversed(range(24))]
    midnight = hour.replace(hour=0)
    days = [midnight - timedelta(days=back) for back in reversed(range(period.span.days))]
    if period is UsagePeriod.YEAR:
        return [days[0], *(day for day in days[1:] if day.day == 1)]
    return days


def fetch_usage(session: Session, guild_id: int, period: UsagePeriod, now: datetime) -> UsageReport:
    """Read what a server used in a period that ends now."""
    starts = bucket_starts(period, now)
    inside = and_(
        Generation.guild_id == guild_id, Generation.created_at >= starts[0], Generation.created_at <= now
    )
    members = session.execute(_by_member(inside)).all()
    rows = session.execute(_by_bucket_and_model(inside, starts)).all()
    cells: list[Cell] = [(row.bucket, row.model, _tally(row)) for row in rows]
    models = {model for _, model, _ in cells}
    return UsageReport(
        period=period,
        start=starts[0],
        end=now.astimezone(UTC),
        total=_sum(tally for _, _, tally in cells),
        by_member=_ranked((row.user_id, _tally(row)) for row in members),
        by_model=_ranked((model, _sum(cell[2] for cell in cells if cell[1] == model)) for model in models),
        days=[_day_use(start, [c for c in cells if c[0] == bucket]) for bucket, start in enumerate(starts)],
    )


def _by_member(inside: ColumnElement[bool]) -> Select[Any]:
    return (
        select(Generation.user_id, *_tally_columns(Generation.status, BOUND, CONFIRMED_CREDITS))
        .where(inside)
        .group_by(Generation.user_id)
    )


def _by_bucket_and_model(inside: ColumnElement[bool], starts: Sequence[datetime]) -> Select[Any]:
    ends = [(Generation.created_at < end, bucket) for bucket, end in enumerate(starts[1:])]
    # PostgreSQL takes an expression with parameters for another one when it is repeated in GROUP BY.
    rows = (
        select(
            case(*ends, else_=len(starts) - 1).label("bucket"),
            Generation.model,
            Generation.status,
            BOUND.label("credits"),
            CONFIRMED_CREDITS.label("confirmed"),
        )
        .where(inside)
        .subquery()
    )
    keys = (rows.c.bucket, rows.c.model)
    sums = _tally_columns(rows.c.status, rows.c.credits, rows.c.confirmed)
    return select(*keys, *sums).group_by(*keys)


def _tally_columns(
    status: SQLColumnExpression[Status],
    spent: SQLColumnExpression[float],
    confirmed: SQLColumnExpression[float],
) -> Sequence[ColumnElement[Any]]:
    """Return what `_tally` reads."""
    return (
        func.count().filter(status == Status.SUCCEEDED).label("videos"),
        func.count().filter(status == Status.FAILED).label("failed"),
        func.count().filter(status == Status.CANCELLED).label("cancelled"),
        func.count().filter(status.in_(OPEN)).label("open"),
        func.sum(spent).label("credits"),
        func.sum(confirmed).label("confirmed"),
    )


def _tally(row: Row[Any]) -> Tally:
    return Tally(row.videos, row.failed, row.cancelled, row.open, row.credits, row.confirmed)


def _day_use(start: datetime, cells: Sequence[Cell]) -> DayUse:
    videos = {model: tally.videos for _, model, tally in cells if tally.videos}
    return DayUse(start, videos, _sum(tally for _, _, tally in cells))


def _ranked(tallies: Iterable[tuple[Key, Tally]]) -> Sequence[tuple[Key, Tally]]:
    return sorted(tallies, key=lambda pair: (-pair[1].credits, -pair[1].videos, pair[0]))


def _sum(tallies: Iterable[Tally]) -> Tally:
    return sum(tallies, Tally())
