"""Results that did not reach their members, by server."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select, true
from sqlalchemy.orm import Session

from bot.db.models import OVER, Generation, Status
from bot.db.review_models import IN_REVIEW
from bot.failures import REVIEWED

LATE_AFTER = timedelta(minutes=10)  # from ready; a video that must be made smaller takes minutes
LOSS_MEMORY = timedelta(hours=1)  # for which a result that was given up is bad news


def count_undelivered(session: Session, now: datetime) -> Mapping[int, int]:
    """Return how many results each server waits for in vain; servers without any are not in it.

    They are late, or were given up lately and nothing was posted in the server since then.
    """
    late = select(Generation.guild_id, func.count()).where(*_is_late(now))
    ended = select(Generation.guild_id, Generation.result_id).where(*_ended_lately(now))
    found = Counter[int]()
    for guild_id, result_id in session.execute(ended.order_by(Generation.delivered_at)):
        found[guild_id] = 0 if result_id is not None else found[guild_id] + 1
    for guild_id, count in session.execute(late.group_by(Generation.guild_id)):
        found[guild_id] += count
    return +found


def fetch_undelivered(session: Session, guild_id: int, now: datetime) -> Sequence[Generation]:
    """Return what a server waits for in vain, as `count_undelivered` counts it; what is late comes first."""
    is_here = Generation.guild_id + 0 == guild_id  # else SQLite reads all that the server ever asked for
    late = select(Generation).where(*_is_late(now), is_here).order_by(Generation.finished_at)
    ended = select(Generation).where(*_ended_lately(now), is_here).order_by(Generation.delivered_at)
    lost: list[Generation] = []
    for row in session.scalars(ended):
        lost = [] if row.result_id is not None else [*lost, row]
    return [*session.scalars(late), *lost]


def _is_late(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Generation.delivered_at.is_(None),
        Generation.result_id.is_(None),
        Generation.status.in_(OVER),
        Generation.finished_at <= now - LATE_AFTER,
        or_(Generation.released_at.is_(None), Generation.released_at <= now - LATE_AFTER),
        not_(or_(_is_silent(), IN_REVIEW)),
    )


def _ended_lately(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Whether it was posted or given up; what was erased leads to no message, as if it was given up."""
    return (
        Generation.delivered_at > now - LOSS_MEMORY,
        Generation.erased_at.is_(None),
        not_(_is_silent()),
    )


def _is_silent() -> ColumnElement[bool]:
    """Whether nobody needs a message (`bot.db.models.needs_no_message`).

    Of a film that moderators didn't approve, one shot tells (`bot.moderation.review_decisions`).
    """
    is_silent = func.coalesce(Generation.cancelled_by == Generation.user_id, true())
    was_announced = and_(Generation.film_id.is_not(None), Generation.failure_kind.in_(REVIEWED))
    return or_(
        and_(Generation.status == Status.CANCELLED, is_silent),
        and_(Generation.status == Status.FAILED, func.coalesce(was_announced, false())),
    )
