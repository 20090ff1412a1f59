"""Reads the requests of a server's last 30 days, and those that filled its windows before."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    Table,
    and_,
    bindparam,
    case,
    func,
    null,
    select,
)
from sqlalchemy.orm import Session

from bot.admission.budgets import period_start
from bot.admission.limits import WINDOWS
from bot.admission.replay import PastRequest
from bot.admission.usage_counts import BOUND, COUNTS
from bot.db.database import Database
from bot.db.models import NOBODY, OPEN, Generation
from bot.policy.documents import LimitKind, Policy

SPAN = timedelta(days=30)
MAX_REQUESTS = 100_000  # requests, of the span and of the time before each
PAGE = 1_000  # requests in one transaction, so that nobody waits long for the reader
OPEN_SPAN = timedelta(days=7)  # how long a request may be waited for; none is for as long

_TABLE = cast("Table", Generation.__table__)  # rows of the table itself are read in half of the time
_COLUMNS: tuple[Any, ...] = (
    _TABLE.c.id,
    _TABLE.c.user_id,
    _TABLE.c.created_at,
    func.coalesce(Generation.estimated_credits, Generation.credits_used).label("price"),
    BOUND.label("cost"),
    case(
        (Generation.status.in_(OPEN), null()),
        else_=func.coalesce(Generation.finished_at, Generation.created_at),
    ).label("ended_at"),
    COUNTS.label("counts"),
    _TABLE.c.film_id,
)

Page = list[tuple[PastRequest, Sequence[Any]]]  # with the columns that were wanted besides


@dataclass(frozen=True, slots=True)
class Span:
    """The span of a server's requests that is looked at.

    Attributes:
        first: since when they count, for what they had used by `start`.
        start: since when they are asked again.
        end: until when, exclusively.
        is_cut: there were more than `MAX_REQUESTS` to be asked again, so that the oldest are left out.
        is_first_cut: there were more than `MAX_REQUESTS` before those.
    """

    first: datetime
    start: datetime
    end: datetime
    is_cut: bool = False
    is_first_cut: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """A server's past requests, in the order in which they were made."""

    requests: Sequence[PastRequest]
    span: Span

    @property
    def asked(self) -> Sequence[PastRequest]:
        """Return those that are asked again."""
        return [request for request in self.requests if request.created_at >= self.span.start]


async def find_span(database: Database, guild_id: int, policies: Iterable[Policy], now: datetime) -> Span:
    """Return which requests these policies can be compared by; without any: those of the last 30 days.

    Raises:
        DatabaseBusyError: nothing can be read now.
    """
    policies = [*policies]

    def find(session: Session) -> Span:
        start = _oldest(session, guild_id, now - SPAN, now)
        asked_since = start or now - SPAN
        if not policies:
            return Span(asked_since, asked_since, now, start is not None)
        since = asked_since - _lookback(policies, asked_since)
        first = _oldest(session, guild_id, since, asked_since)
        return Span(first or since, asked_since, now, start is not None, first is not None)

    return await database.read(find, hurried=True)


async def find_members(database: Database, guild_id: int, span: Span) -> set[int]:
    """Return who made the requests of a span; nobody knows that of those whose data was deleted.

    Raises:
        DatabaseBusyError: nothing can be read now.
    """
    made = _made(guild_id, span.first, span.end)
    members = select(Generation.user_id).where(made, Generation.user_id != NOBODY).distinct()
    return await database.read(lambda session: {*session.scalars(members)}, hurried=True)


async def read_pages(
    database: Database, guild_id: int, span: Span, more: Sequence[Any] = (), *, size: int = PAGE
) -> AsyncGenerator[Page]:
    """Yield the requests in their order, with the columns in `more`, about `size` at once.

    All that were made at the same time are on one page.

    Raises:
        DatabaseBusyError: nothing can be read now.
    """
    query, since = _page_query(guild_id, span.end, more), span.first
    while since is not None:
        page, since = await database.read(
            partial(_fetch_page, query=query, since=since, size=size), hurried=True
        )
        yield page


async def process_pages(
    lock: AbstractAsyncContextManager[None],
    pages: AsyncGenerator[Page],
    process: Callable[[Page], Awaitable[None]],
) -> None:
    """Read and process the pages one by one; `lock` is held for each, so that others get it in between."""
    page: Page | None = []
    while page is not None:
        async with lock:
            page = await anext(pages, None)
            if page:
                await process(page)


async def read_history(database: Database, guild_id: int, span: Span) -> History:
    """Return all that there is in a span.

    Raises:
        DatabaseBusyError: nothing can be read now.
    """
    pages = read_pages(database, guild_id, span)
    return History([request async for page in pages for request, _ in page], span)


def _lookback(policies: Iterable[Policy], start: datetime) -> timedelta:
    """Return how long before `start` the requests were made that rules may still count then."""
    spans = [WINDOWS[LimitKind.DAY]]  # the operator's limit
    for policy in policies:
        spans += [WINDOWS.get(rule.kind, OPEN_SPAN) for rule in policy.rules if rule.most is not None]
        spans += [start - period_start(period, start) for period in policy.budgets]
    return max(spans)


def _made(guild_id: int, since: datetime | BindParameter[datetime], until: datetime) -> ColumnElement[bool]:
    return and_(
        Generation.guild_id == guild_id, Generation.created_at >= since, Generation.created_at < until
    )


def _oldest(session: Session, guild_id: int, since: datetime, until: datetime) -> datetime | None:
    """Return when the oldest of the newest `MAX_REQUESTS` was made; None: there aren't more than that."""
    newest = (
        select(Generation.created_at)
        .where(_made(guild_id, since, until))
        .order_by(Generation.created_at.desc())
    )
    oldest = session.scalars(newest.offset(MAX_REQUESTS - 1).limit(2)).all()
    return oldest[0] if len(oldest) > 1 else None


def _page_query(guild_id: int, until: datetime, more: Sequence[Any]) -> Select[*tuple[Any, ...]]:
    """Return what reads a page; it's built once, as that takes about as long as to run it."""
    made = _made(guild_id, bindparam("since"), until)
    order = _TABLE.c.created_at, _TABLE.c.id
    return select(*_COLUMNS, *more).where(made).order_by(*order).limit(bindparam("size", type_=Integer()))


def _fetch_page(
    session: Session, query: Select[*tuple[Any, ...]], since: datetime, size: int
) -> tuple[Page, datetime | None]:
    """Return the first requests, and when the one after them was made; None: there is no other."""
    # The connection's rows aren't looked through for objects, as the session's are.
    rows = [*session.connection().execute(query, {"since": since, "size": size}).all()]
    following = None
    if len(rows) == size:
        following = rows[-1].created_at
        while rows and rows[-1].created_at == following:
            rows.pop()
        if not rows:  # all at once: a clock was put right, say
            return _fetch_page(session, query, since, 2 * size)
    if rows and len(rows[0]) == len(_COLUMNS):  # as most are read: to cut them would take a fifth of the time
        return [(PastRequest._make(row), ()) for row in rows], following
    width = len(_COLUMNS)
    return [(PastRequest(*row[:width]), row[width:]) for row in rows], following
