"""Reads the requests of a server's last 30 days, and those that filled its windows before."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, func, select, tuple_
from sqlalchemy.orm import Session

from bot.admission.budgets import period_start
from bot.admission.limits import WINDOWS
from bot.admission.replay import PastRequest
from bot.admission.spending import BOUND
from bot.admission.usage_counts import COUNTS
from bot.db.database import Database
from bot.db.models import OPEN, Generation
from bot.policy.documents import LimitKind, Policy

SPAN = timedelta(days=30)
MOST = 100_000  # requests, of the span and of the time before each
PAGE = 5_000  # requests in one transaction, so that nobody waits long for the reader
OPEN_SPAN = timedelta(days=7)  # how long a request may be waited for; none is for as long

_TABLE = cast("Table", Generation.__table__)  # rows of the table itself are read in half of the time
_COLUMNS: tuple[Any, ...] = (
    _TABLE.c.id,
    _TABLE.c.user_id,
    _TABLE.c.created_at,
    func.coalesce(Generation.estimated_credits, Generation.credits_used).label("price"),
    BOUND.label("cost"),
    func.coalesce(Generation.finished_at, Generation.created_at).label("ended_at"),
    Generation.status.in_(OPEN).label("is_open"),
    COUNTS.label("counts"),
)

Page = list[tuple[PastRequest, list[Any]]]  # with the columns that were wanted besides


@dataclass(frozen=True, slots=True)
class History:
    """What happened in a server.

    Attributes:
        requests: in the order in which they were made; some before `start`, for what they had used by then.
        start: since when they are asked again.
        is_cut: there were more than `MOST`, so that the oldest are left out.
    """

    requests: list[PastRequest]
    start: datetime
    is_cut: bool = False


async def read_history(
    database: Database, guild_id: int, policies: Iterable[Policy], now: datetime
) -> History:
    """Return what these policies can be compared by.

    Raises:
        DatabaseBusyError: nothing can be read now.
    """
    start = now - SPAN
    newest = await _read(database, guild_id, start, now)
    if not newest:
        return History([], start)
    is_cut = len(newest) >= MOST
    if is_cut:
        start = newest[-1].created_at
    earlier = await _read(database, guild_id, start - _lookback(policies, start), start)
    return History([*reversed(earlier), *reversed(newest)], start, is_cut or len(earlier) >= MOST)


def _lookback(policies: Iterable[Policy], start: datetime) -> timedelta:
    """Return how long before `start` the requests were made that rules may still count then."""
    spans = [WINDOWS[LimitKind.DAY]]  # the operator's limit
    for policy in policies:
        spans += [WINDOWS.get(rule.kind, OPEN_SPAN) for rule in policy.rules if rule.most is not None]
        spans += [start - period_start(period, start) for period in policy.budgets]
    return max(spans)


async def _read(database: Database, guild_id: int, since: datetime, until: datetime) -> list[PastRequest]:
    """Return up to `MOST` requests of a time, the newest first."""
    pages = read_pages(database, guild_id, since, until)
    return [request async for page in pages for request, _ in page]


async def read_pages(
    database: Database,
    guild_id: int,
    since: datetime,
    until: datetime,
    more: Sequence[Any] = (),
    *,
    size: int = PAGE,
) -> AsyncGenerator[Page]:
    """Yield up to `MOST` requests of a time, the newest first, with the columns in `more`, `size` at once.

    Raises:
        DatabaseBusyError: nothing can be read now.
    """
    count, last = 0, None
    while count < MOST:
        page = await database.read(
            lambda session, last=last: _fetch_page(session, guild_id, since, until, last, more, size),
            hurried=True,
        )
        yield page[: MOST - count]
        if len(page) < size:
            break
        count, last = count + len(page), page[-1][0]


def _fetch_page(
    session: Session,
    guild_id: int,
    since: datetime,
    until: datetime,
    last: PastRequest | None,
    more: Sequence[Any],
    size: int,
) -> Page:
    place = tuple_(Generation.created_at, Generation.id)
    query = (
        select(*_COLUMNS, *more)
        .where(Generation.guild_id == guild_id, Generation.created_at >= since, Generation.created_at < until)
        .order_by(Generation.created_at.desc(), Generation.id.desc())
        .limit(size)
    )
    if last is not None:
        query = query.where(place < (last.created_at, last.id))
    rows = cast("Iterable[Any]", session.execute(query))
    return [
        (PastRequest(id_, user_id, created_at, price, cost, None if is_open else ended_at, counts), others)
        for id_, user_id, created_at, price, cost, ended_at, is_open, counts, *others in rows
    ]
