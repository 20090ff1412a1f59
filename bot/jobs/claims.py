"""The generations that a process may take up: their next step is due, and nobody runs them."""

from datetime import datetime, timedelta

from sqlalchemy import Integer, Select, and_, bindparam, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from bot.db.column_types import UtcDateTime
from bot.db.locks import Lock, hold
from bot.db.models import WAITING, Generation, Status
from bot.db.review_models import ReviewRow
from bot.jobs.closures import LONGEST_WAIT
from bot.jobs.fair_order import FREE, NOW, count_running, in_fair_order, in_line, is_free, parameters

# The condition of an index: PostgreSQL and SQLite use it for these very words.
UNFINISHED = or_(Generation.delivered_at.is_(None), Generation.late_until.is_not(None))


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
