"""Whose turn it is: members share the places at the provider, whoever came first.

A request's turn is the number of its member's requests that would be at the provider with it and all their
earlier ones: what runs already counts, and of those that wait, the oldest goes first. Lower turns go first,
and among equal ones the older request. So nobody gets a second place while somebody else has none, over all
servers; a member of two servers is a member of each.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Row,
    Select,
    Subquery,
    and_,
    bindparam,
    func,
    not_,
    or_,
    select,
)
from sqlalchemy.orm import Session

from bot.db.column_types import UtcDateTime
from bot.db.models import AT_PROVIDER, Generation, Status

# The queue is looked at all the time, and a statement takes longer to put together than to run: those of
# this module are made once, and run with `moments`.
NOW = bindparam("now", type_=UtcDateTime())
_FARTHEST = bindparam("farthest", type_=UtcDateTime())


def moments(now: datetime, lease: timedelta) -> dict[str, datetime]:
    """Return what a statement with `FREE`, `RUNNING` or `in_turn` is run with."""
    return {"now": now, "farthest": now + 2 * lease}


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
        .order_by(turns.c.turn, Generation.created_at, Generation.id)
    )


def fetch_line(session: Session, now: datetime, lease: timedelta) -> Sequence[Row[str, int]]:
    """Return all requests that wait, by their and their servers' ids, the next one first.

    Those that wait to be tried again are among them.
    """
    return session.execute(_LINE, moments(now, lease)).all()


def fetch_next_place(session: Session, guild_id: int, user_id: int, now: datetime, lease: timedelta) -> int:
    """Return the place in the line, from 1 on, that one more request of a member would have."""
    member = {"guild_id": guild_id, "user_id": user_id}
    turn = 1 + (session.scalar(_CARRIED, member | moments(now, lease)) or 0)
    return 1 + (session.scalar(_EARLIER, {"turn": turn} | moments(now, lease)) or 0)


def count_running(session: Session, now: datetime, lease: timedelta) -> int:
    """Count what is at the provider, and what a process has just taken to bring it there."""
    return session.scalar(_COUNT_RUNNING, moments(now, lease)) or 0


def _turns(condition: ColumnElement[bool]) -> Subquery:
    """Select the `id` and the `turn` of queued requests that meet `condition` and nobody carries."""
    member = (Generation.guild_id, Generation.user_id)
    running = (
        select(*member, func.count().label("count"))
        .where(Generation.delivered_at.is_(None), RUNNING)
        .group_by(*member)
        .subquery()
    )
    own = func.row_number().over(partition_by=member, order_by=(Generation.created_at, Generation.id))
    waiting = (
        select(Generation.id, *member, own.label("own"))
        .where(Generation.delivered_at.is_(None), in_line(), FREE, condition)
        .subquery()
    )
    same_member = and_(running.c.guild_id == waiting.c.guild_id, running.c.user_id == waiting.c.user_id)
    turn = waiting.c.own + func.coalesce(running.c.count, 0)
    return select(waiting.c.id, turn.label("turn")).outerjoin(running, same_member).subquery()


_HAS_CARD = Generation.card_id.is_not(None)
_LINE = in_turn(_HAS_CARD).add_columns(Generation.guild_id)
_CARRIED = select(func.count()).where(
    Generation.guild_id == bindparam("guild_id", type_=BigInteger()),
    Generation.user_id == bindparam("user_id", type_=BigInteger()),
    Generation.delivered_at.is_(None),
    or_(and_(Generation.status == Status.QUEUED, Generation.review_until.is_(None)), RUNNING),
)
_ALL_TURNS = _turns(_HAS_CARD)
_EARLIER = select(func.count()).select_from(_ALL_TURNS).where(_ALL_TURNS.c.turn <= bindparam("turn"))
_COUNT_RUNNING = select(func.count()).where(Generation.delivered_at.is_(None), RUNNING)
