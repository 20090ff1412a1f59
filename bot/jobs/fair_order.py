"""Whose turn it is: members share the places at the provider, whoever came first.

A request's turn is the number of its member's requests that would be at the provider with it and all their
earlier ones: what runs already counts, and of those that wait, the oldest goes first. Lower turns go first.
So nobody gets a second place while somebody else has none, over all servers; a member of two servers is a
member of each.

Among equal turns, it's the member who has waited longer since they had a place, or else since they asked: who
asked often goes to the end of the line when a place is left, also where there is but one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    Row,
    ScalarSelect,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    func,
    not_,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import Session, aliased

from bot.db.column_types import UtcDateTime
from bot.db.models import AT_PROVIDER, Generation, Status

# The queue is looked at all the time, and a statement takes longer to put together than to run: those of
# this module are made once, and run with `moments`.
NOW = bindparam("now", type_=UtcDateTime())
_FARTHEST = bindparam("farthest", type_=UtcDateTime())
_RECENTLY = bindparam("recently", type_=UtcDateTime())
# How old a request can be to count as a place that its member had; or else it's younger than what waits.
# Moderators and the queue have a day each, so hardly any takes longer.
RECENT = timedelta(days=4)


def moments(now: datetime, lease: timedelta) -> dict[str, datetime]:
    """Return what a statement with `FREE`, `RUNNING` or `in_turn` is run with."""
    return {"now": now, "farthest": now + 2 * lease, "recently": now - RECENT}


def is_free(now: datetime, lease: timedelta) -> ColumnElement[bool]:
    """Whether nobody holds a lease; one that reaches too far comes from a clock that was set back."""
    return _is_free(now, now + 2 * lease)


def _is_free(
    now: datetime | BindParameter[datetime], farthest: datetime | BindParameter[datetime]
) -> ColumnElement[bool]:
    return or_(
        Generation.lease_until.is_(None), Generation.lease_until < now, Generation.lease_until > farthest
    )


FREE = _is_free(NOW, _FARTHEST)


def in_line() -> ColumnElement[bool]:
    """Whether it waits for its turn; one without a card is looked after first, and takes no place.

    Neither does one that waits for moderators (`bot.moderation.reviews`).
    """
    return and_(
        Generation.status == Status.QUEUED,
        Generation.card_id.is_not(None),
        Generation.review_until.is_(None),
    )


# Whether it is at the provider, or a process has just taken it to bring it there.
RUNNING = or_(Generation.status.in_(AT_PROVIDER), and_(in_line(), not_(FREE)))


def in_turn(condition: ColumnElement[bool]) -> Select[str]:
    """Select the ids of queued requests that meet `condition` and nobody carries, the next one first."""
    turns = _turns(condition)
    # PostgreSQL locks rows of a plain table only, so the window stays in a subquery.
    return (
        select(Generation.id)
        .join(turns, turns.c.id == Generation.id)
        # Once more, for a row that was changed before PostgreSQL locked it: it looks at these again.
        .where(in_line(), FREE)
        .order_by(*_rank(turns))
    )


def fetch_line(session: Session, now: datetime, lease: timedelta) -> Sequence[Row[str, int]]:
    """Return all requests that wait, by their and their servers' ids, the next one first.

    Those that wait to be tried again are among them.
    """
    return session.execute(_LINE, moments(now, lease)).all()


def fetch_next_position(
    session: Session, guild_id: int, user_id: int, now: datetime, lease: timedelta, count: int = 1
) -> int:
    """Return the place in the line, from 1 on, that the last of `count` more of a member would have."""
    found = {"guild_id": guild_id, "user_id": user_id} | moments(now, lease)
    carried, running = session.execute(_MEMBER, found).one()
    own = carried - running + count
    since = session.scalar(_SINCE, found) if carried > running else None
    # With none in the line yet, they would come behind all that have as many places.
    rank = {"turn": carried + count, "own": own, "since": since or found["farthest"]}
    return count + (session.scalar(_EARLIER, found | rank) or 0)


def count_running(session: Session, now: datetime, lease: timedelta) -> int:
    """Count what is at the provider, and what a process has just taken to bring it there."""
    return session.scalar(_COUNT_RUNNING, moments(now, lease)) or 0


def _turns(condition: ColumnElement[bool]) -> Subquery:
    """Select queued requests that meet `condition` and nobody carries: `id`, member, and what ranks them.

    `turn`; `own`: the number among its member's that wait, so that who is given no place before goes first;
    `since`: when their wait for the first of them began.
    """
    member = (Generation.guild_id, Generation.user_id)
    running = (
        select(*member, func.count().label("count"))
        .where(Generation.delivered_at.is_(None), RUNNING)
        .group_by(*member)
        .subquery()
    )
    own = func.row_number().over(partition_by=member, order_by=(Generation.created_at, Generation.id))
    waiting = (
        select(Generation.id, *member, Generation.created_at, own.label("own"))
        .where(Generation.delivered_at.is_(None), in_line(), FREE, condition)
        .subquery()
    )
    same_member = and_(running.c.guild_id == waiting.c.guild_id, running.c.user_id == waiting.c.user_id)
    turn = waiting.c.own + func.coalesce(running.c.count, 0)
    first = case((waiting.c.own == 1, func.coalesce(_left_after(waiting), waiting.c.created_at)))
    since = func.max(first).over(partition_by=(waiting.c.guild_id, waiting.c.user_id))
    columns = (waiting.c.id, waiting.c.guild_id, waiting.c.user_id, waiting.c.own)
    return (
        select(*columns, turn.label("turn"), since.label("since")).outerjoin(running, same_member).subquery()
    )


def _left_after(waiting: Subquery) -> ScalarSelect[datetime | None]:
    """Select when a member left a place last, if they did since they asked for one that they wait for.

    A film's shots were asked for together, maybe days ago, so the look goes back to that moment.
    """
    other = aliased(Generation)
    # Not in WHERE, where PostgreSQL would look these times up in the index of everybody's, for each member.
    left = and_(
        other.submitted_at.is_not(None), other.finished_at > waiting.c.created_at, other.finished_at <= NOW
    )
    return (
        select(func.max(case((left, other.finished_at))))
        .where(
            other.guild_id == waiting.c.guild_id,
            other.user_id == waiting.c.user_id,
            other.created_at
            >= case((waiting.c.created_at < _RECENTLY, waiting.c.created_at), else_=_RECENTLY),
        )
        .scalar_subquery()
    )


def _rank(turns: Subquery) -> Sequence[ColumnElement[Any]]:
    """Return by what the line is ordered."""
    columns = turns.c
    return columns.turn, columns.own, columns.since, columns.guild_id, columns.user_id


_HAS_CARD = Generation.card_id.is_not(None)
_LINE = in_turn(_HAS_CARD).add_columns(Generation.guild_id)
_ALL_TURNS = _turns(_HAS_CARD)
_GUILD, _USER = (bindparam(name, type_=BigInteger()) for name in ("guild_id", "user_id"))
_OWN = (Generation.guild_id == _GUILD, Generation.user_id == _USER, Generation.delivered_at.is_(None))
_IS_QUEUED = and_(Generation.status == Status.QUEUED, Generation.review_until.is_(None))
# What a member has waiting or at the provider, and how many of these are there.
_MEMBER = select(func.count(), func.count(case((RUNNING, 1)))).where(*_OWN, or_(_IS_QUEUED, RUNNING))
_SINCE = select(func.max(_ALL_TURNS.c.since)).where(
    _ALL_TURNS.c.guild_id == _GUILD, _ALL_TURNS.c.user_id == _USER
)
_NEW = tuple_(
    *(bindparam(name, type_=Integer()) for name in ("turn", "own")),
    bindparam("since", type_=UtcDateTime()),
    _GUILD,
    _USER,
)
_EARLIER = select(func.count()).select_from(_ALL_TURNS).where(tuple_(*_rank(_ALL_TURNS)) < _NEW)
_COUNT_RUNNING = select(func.count()).where(Generation.delivered_at.is_(None), RUNNING)
