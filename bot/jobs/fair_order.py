"""The requests that a process may take up, and the fair order of those that wait for a slot at the provider.

All members get slots, also where one asked for many first. A request's rank is how many requests its member
would then have running, with all their earlier ones: what runs already counts, and of those that wait, the
oldest goes first. Lower ranks go first. So nobody gets a second slot while somebody else has none, over all
servers; a member of two servers is a member of each.

Among equal ranks, it's the member who has waited longer since they had a slot, or else since they asked: who
asked often goes to the end of the line when a slot frees, also where there is only one.
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
    exists,
    func,
    not_,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import Session, aliased

from bot.db.column_types import UtcDateTime
from bot.db.locks import Lock, hold
from bot.db.models import AT_PROVIDER, WAITING, Generation, Status
from bot.db.review_models import ReviewRow
from bot.jobs.closures import LONGEST_WAIT

# The queue is looked at all the time, and a statement takes longer to put together than to run: those of
# this module are made once, and run with `parameters`.
NOW = bindparam("now", type_=UtcDateTime())
_FARTHEST = bindparam("farthest", type_=UtcDateTime())
_RECENTLY = bindparam("recently", type_=UtcDateTime())
# Younger requests count as slots that their member had; beside one that waits longer, all younger than it.
# Moderators and the queue have a day each, so hardly any takes longer.
RECENT = timedelta(days=4)
# The condition of an index: PostgreSQL and SQLite use it for these very words.
UNFINISHED = or_(Generation.delivered_at.is_(None), Generation.late_until.is_not(None))


def parameters(now: datetime, lease: timedelta) -> dict[str, datetime]:
    """Return what a statement with `FREE`, `RUNNING` or `in_fair_order` is run with."""
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
    """Whether it waits for a slot; one without a card is looked after first, and takes none.

    Neither does one that waits for moderators (`bot.moderation.reviews`).
    """
    return and_(
        Generation.status == Status.QUEUED,
        Generation.card_id.is_not(None),
        Generation.review_until.is_(None),
    )


# Whether it is at the provider, or a process has just taken it to bring it there.
RUNNING = or_(Generation.status.in_(AT_PROVIDER), and_(in_line(), not_(FREE)))


def in_fair_order(condition: ColumnElement[bool]) -> Select[str]:
    """Select the ids of queued requests that meet `condition` and nobody runs, the next one first."""
    ranked = _ranked(condition)
    # PostgreSQL locks rows of a plain table only, so the window stays in a subquery.
    return (
        select(Generation.id)
        .join(ranked, ranked.c.id == Generation.id)
        # Once more, for a row that was changed before PostgreSQL locked it: it looks at these again.
        .where(in_line(), FREE)
        .order_by(*_order(ranked))
    )


def fetch_line(session: Session, now: datetime, lease: timedelta) -> Sequence[Row[str, int]]:
    """Return all requests that wait, by their and their servers' ids, the next one first.

    Those that wait to be tried again are among them.
    """
    return session.execute(_LINE, parameters(now, lease)).all()


def fetch_next_position(
    session: Session, guild_id: int, user_id: int, now: datetime, lease: timedelta, count: int = 1
) -> int:
    """Return the position in the line, from 1 on, that the last of `count` more of a member would have."""
    found = {"guild_id": guild_id, "user_id": user_id} | parameters(now, lease)
    active, running = session.execute(_MEMBER, found).one()
    own = active - running + count
    since = session.scalar(_SINCE, found) if active > running else None
    # With none in the line yet, they would come behind all that have as many slots.
    new = {"rank": active + count, "own": own, "since": since or found["farthest"]}
    return count + (session.scalar(_EARLIER, found | new) or 0)


def count_running(session: Session, now: datetime, lease: timedelta) -> int:
    """Count what is at the provider, and what a process has just taken to bring it there."""
    return session.scalar(_COUNT_RUNNING, parameters(now, lease)) or 0


def _ranked(condition: ColumnElement[bool]) -> Subquery:
    """Select queued requests that meet `condition` and nobody runs: `id`, member, and what ranks them.

    `rank`; `own`: the number among its member's that wait, so that who has had no slot goes first;
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
    rank = waiting.c.own + func.coalesce(running.c.count, 0)
    first = case((waiting.c.own == 1, func.coalesce(_left_after(waiting), waiting.c.created_at)))
    since = func.max(first).over(partition_by=(waiting.c.guild_id, waiting.c.user_id))
    columns = (waiting.c.id, waiting.c.guild_id, waiting.c.user_id, waiting.c.own)
    return (
        select(*columns, rank.label("rank"), since.label("since")).outerjoin(running, same_member).subquery()
    )


def _left_after(waiting: Subquery) -> ScalarSelect[datetime | None]:
    """Select when a member left a slot last, if they did since they asked for one that they wait for.

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


def _order(ranked: Subquery) -> Sequence[ColumnElement[Any]]:
    """Return by what the line is ordered."""
    columns = ranked.c
    return columns.rank, columns.own, columns.since, columns.guild_id, columns.user_id


_HAS_CARD = Generation.card_id.is_not(None)
_LINE = in_fair_order(_HAS_CARD).add_columns(Generation.guild_id)
_ALL_RANKED = _ranked(_HAS_CARD)
_GUILD, _USER = (bindparam(name, type_=BigInteger()) for name in ("guild_id", "user_id"))
_OWN = (Generation.guild_id == _GUILD, Generation.user_id == _USER, Generation.delivered_at.is_(None))
_IS_QUEUED = and_(Generation.status == Status.QUEUED, Generation.review_until.is_(None))
# What a member has waiting or at the provider, and how many of these are there.
_MEMBER = select(func.count(), func.count(case((RUNNING, 1)))).where(*_OWN, or_(_IS_QUEUED, RUNNING))
_SINCE = select(func.max(_ALL_RANKED.c.since)).where(
    _ALL_RANKED.c.guild_id == _GUILD, _ALL_RANKED.c.user_id == _USER
)
_NEW = tuple_(
    *(bindparam(name, type_=Integer()) for name in ("rank", "own")),
    bindparam("since", type_=UtcDateTime()),
    _GUILD,
    _USER,
)
_EARLIER = select(func.count()).select_from(_ALL_RANKED).where(tuple_(*_order(_ALL_RANKED)) < _NEW)
_COUNT_RUNNING = select(func.count()).where(Generation.delivered_at.is_(None), RUNNING)


def select_due(
    session: Session, now: datetime, lease: timedelta, max_rows: int, max_running: int
) -> list[str]:
    """Return the ids of up to `max_rows` that are due, what was begun first, and lock their rows.

    What may go to the provider comes after that. Slots there are counted by one process at a time, but only
    while there may be any to take, as far as can be seen without a lock.
    """
    values = {"latest": now + LONGEST_WAIT, **parameters(now, lease)}
    begun = session.scalars(_BEGUN, {**values, "max_rows": max_rows}).all()
    left = max_rows - len(begun)
    if left <= 0 or session.scalar(_WAITING, values) is None:
        return [*begun]
    if count_running(session, now, lease) >= max_running:
        return [*begun]
    hold(session, Lock.SLOTS)
    free = max_running - count_running(session, now, lease)
    if free <= 0:
        return [*begun]
    return [*begun, *session.scalars(_NEXT, {**values, "max_rows": min(left, free)})]


def count_held(session: Session, owner: str, now: datetime, lease: timedelta) -> tuple[int, timedelta]:
    """Return how many unfinished rows other processes hold, living or killed, and for how long at most."""
    held = select(func.count(), func.max(Generation.lease_until)).where(
        UNFINISHED, Generation.lease_owner != owner, not_(is_free(now, lease))
    )
    count, until = session.execute(held).one()
    return count, until - now if until is not None else timedelta()


def _locked(query: Select[str]) -> Select[str]:
    return query.limit(bindparam("max_rows", type_=Integer())).with_for_update(
        of=Generation, skip_locked=True
    )


# Whether the wait is over; one that no wait is as long as comes from a clock that was set back.
_DUE = or_(Generation.not_before <= NOW, Generation.not_before > bindparam("latest", type_=UtcDateTime()))
# Whether moderators see it, or can't be shown it now; until then, a finished video is claimed, to be shown.
_IS_SHOWN = exists().where(
    ReviewRow.id == Generation.review_id,
    ReviewRow.decision.is_(None),
    or_(ReviewRow.post_at.is_(None), ReviewRow.post_at > NOW),
)
# Whether it's a shot that waits for the end of another one (`bot.films.chain`), or waits for moderators; its
# card is looked after before that, and its images are fetched while their links live.
_HELD = or_(
    and_(Generation.awaits_id.is_not(None), Generation.status.in_(WAITING)),
    and_(
        Generation.review_until.is_not(None),
        Generation.status == Status.QUEUED,
        Generation.card_id.is_not(None),
    ),
    and_(Generation.review_until.is_not(None), Generation.status == Status.SUCCEEDED, _IS_SHOWN),
)
_BEGUN = _locked(
    select(Generation.id)
    .where(UNFINISHED, _DUE, FREE, not_(in_line()), not_(_HELD))
    .order_by(Generation.created_at)
)
_WAITING = select(Generation.id).where(Generation.delivered_at.is_(None), in_line(), _DUE, FREE).limit(1)
_NEXT = _locked(in_fair_order(_DUE))
