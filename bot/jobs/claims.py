"""What a process may take up: generations whose next step is due and that nobody carries."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, not_, or_, select
from sqlalchemy.orm import Session

from bot.db.locks import Lock, hold
from bot.db.models import WAITING, Generation
from bot.jobs.closures import LONGEST_WAIT
from bot.jobs.fair_order import count_running, in_line, in_turn, is_free

# The condition of an index: PostgreSQL and SQLite use it for these very words.
UNFINISHED = or_(Generation.delivered_at.is_(None), Generation.late_until.is_not(None))


def select_due(session: Session, now: datetime, lease: timedelta, most: int, max_running: int) -> list[str]:
    """Return the ids of up to `most` that are due, what was begun first, and lock their rows."""
    due = and_(UNFINISHED, _is_due(now), is_free(now, lease), not_(in_line()), not_(_is_held()))
    oldest = select(Generation.id).where(due).order_by(Generation.created_at)
    begun = _select_ids(session, oldest, most)
    return [*begun, *_select_queued(session, now, lease, most - len(begun), max_running)]


def _select_queued(
    session: Session, now: datetime, lease: timedelta, most: int, max_running: int
) -> Sequence[str]:
    """Return up to `most` that may go to the provider now, and lock their rows.

    Places are counted by one process at a time, but only while there may be any to take.
    """
    if most <= 0 or not _may_take(session, now, lease, max_running):
        return []
    hold(session, Lock.PLACES)
    free = max_running - count_running(session, now, lease)
    return _select_ids(session, in_turn(_is_due(now), now, lease), min(most, free))


def _may_take(session: Session, now: datetime, lease: timedelta, max_running: int) -> bool:
    """Whether something waits and there is a place for it, as far as can be seen without a lock."""
    waiting = select(Generation.id).where(
        Generation.delivered_at.is_(None),
        in_line(),
        _is_due(now),
        is_free(now, lease),
    )
    if session.scalar(waiting.limit(1)) is None:
        return False
    return count_running(session, now, lease) < max_running


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Whether the wait is over; one that no wait is as long as comes from a clock that was set back."""
    return or_(Generation.not_before <= now, Generation.not_before > now + LONGEST_WAIT)


def _is_held() -> ColumnElement[bool]:
    """Whether it's a shot that waits for the end of another one (`bot.films.chain`)."""
    return and_(Generation.awaits_id.is_not(None), Generation.status.in_(WAITING))


def _select_ids(session: Session, query: Select[str], most: int) -> Sequence[str]:
    if most <= 0:
        return []
    locked = query.limit(most).with_for_update(of=Generation, skip_locked=True)
    return session.scalars(locked).all()
