"""Whose turn it is: members share the places at the provider, whoever came first.

A request's turn is the number of its member's requests that would be at the provider with it and all their
earlier ones: what runs already counts, and of those that wait, the oldest goes first. Lower turns go first,
and among equal ones the older request. So nobody gets a second place while somebody else has none, over all
servers; a member of two servers is a member of each.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Row, Select, Subquery, and_, func, not_, or_, select
from sqlalchemy.orm import Session

from bot.db.models import AT_PROVIDER, Generation, Status


def is_free(now: datetime, lease: timedelta) -> ColumnElement[bool]:
    """Whether nobody holds a lease; one that reaches too far comes from a clock that was set back."""
    return or_(
        Generation.lease_until.is_(None),
        Generation.lease_until < now,
        Generation.lease_until > now + 2 * lease,
    )


def in_line() -> ColumnElement[bool]:
    """Whether it waits for its turn; one without a card is looked after first, and takes no place."""
    return and_(Generation.status == Status.QUEUED, Generation.card_id.is_not(None))


def is_running(now: datetime, lease: timedelta) -> ColumnElement[bool]:
    """Whether it is at the provider, or a process has just taken it to bring it there."""
    return or_(
        Generation.status.in_(AT_PROVIDER),
        and_(in_line(), not_(is_free(now, lease))),
    )


def in_turn(condition: ColumnElement[bool], now: datetime, lease: timedelta) -> Select[str]:
    """Select the ids of queued requests that meet `condition` and nobody carries, the next one first."""
    turns = _turns(condition, now, lease)
    # PostgreSQL locks rows of a plain table only, so the window stays in a subquery.
    return (
        select(Generation.id)
        .join(turns, turns.c.id == Generation.id)
        # Once more, for a row that was changed before PostgreSQL locked it: it looks at these again.
        .where(in_line(), is_free(now, lease))
        .order_by(turns.c.turn, Generation.created_at, Generation.id)
    )


def fetch_line(session: Session, now: datetime, lease: timedelta) -> Sequence[Row[str, int]]:
    """Return all requests that wait, by their and their servers' ids, the next one first.

    Those that wait to be tried again are among them.
    """
    line = in_turn(Generation.card_id.is_not(None), now, lease)
    return session.execute(line.add_columns(Generation.guild_id)).all()


def fetch_next_place(session: Session, guild_id: int, user_id: int, now: datetime, lease: timedelta) -> int:
    """Return the place in the line, from 1 on, that one more request of a member would have."""
    turns = _turns(Generation.card_id.is_not(None), now, lease)
    own = and_(Generation.guild_id == guild_id, Generation.user_id == user_id)
    carried = or_(Generation.status == Status.QUEUED, is_running(now, lease))
    before = select(func.count()).where(own, Generation.delivered_at.is_(None), carried)
    turn = 1 + (session.scalar(before) or 0)
    earlier = select(func.count()).select_from(turns).where(turns.c.turn <= turn)
    return 1 + (session.scalar(earlier) or 0)


def _turns(condition: ColumnElement[bool], now: datetime, lease: timedelta) -> Subquery:
    """Select the `id` and the `turn` of queued requests that meet `condition` and nobody carries."""
    member = (Generation.guild_id, Generation.user_id)
    running = (
        select(*member, func.count().label("count"))
        .where(Generation.delivered_at.is_(None), is_running(now, lease))
        .group_by(*member)
        .subquery()
    )
    own = func.row_number().over(partition_by=member, order_by=(Generation.created_at, Generation.id))
    waiting = (
        select(Generation.id, *member, own.label("own"))
        .where(
            Generation.delivered_at.is_(None),
            in_line(),
            is_free(now, lease),
            condition,
        )
        .subquery()
    )
    same_member = and_(running.c.guild_id == waiting.c.guild_id, running.c.user_id == waiting.c.user_id)
    turn = waiting.c.own + func.coalesce(running.c.count, 0)
    return select(waiting.c.id, turn.label("turn")).outerjoin(running, same_member).subquery()


def count_running(session: Session, now: datetime, lease: timedelta) -> int:
    """Count what is at the provider, and what a process has just taken to bring it there."""
    query = select(func.count()).where(Generation.delivered_at.is_(None), is_running(now, lease))
    return session.scalar(query) or 0
