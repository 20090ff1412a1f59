"""Results that did not reach their members, by server."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select, true
from sqlalchemy.orm import Session

from bot.db.models import OVER, Generation, Status
from bot.db.review_models import IN_REVIEW
from bot.failures import REVIEWED

LATE_AFTER = timedelta(minutes=10)  # from ready; a video that must be made smaller takes minutes
LOSS_MEMORY = timedelta(hours=1)  # for which a result that was given up is bad news


def fetch_undelivered(session: Session, now: datetime) -> Mapping[int, int]:
    """Return how many results each server waits for in vain; servers without any are not in it.

    They are late, or were given up lately and nothing was posted in the server since then.
    """
    late = select(Generation.guild_id, func.count()).where(
        Generation.delivered_at.is_(None),
        Generation.result_id.is_(None),
        Generation.status.in_(OVER),
        Generation.finished_at <= now - LATE_AFTER,
        or_(Generation.released_at.is_(None), Generation.released_at <= now - LATE_AFTER),
        not_(or_(_is_silent(), IN_REVIEW)),
    )
    # What was erased leads to no message any more, so that it looks as if it was given up.
    ended = (
        select(Generation.guild_id, Generation.result_id)
        .where(
            Generation.delivered_at > now - LOSS_MEMORY, Generation.erased_at.is_(None), not_(_is_silent())
        )
        .order_by(Generation.delivered_at)
    )
    found = Counter[int]()
    for guild_id, result_id in session.execute(ended):
        found[guild_id] = 0 if result_id is not None else found[guild_id] + 1
    for guild_id, count in session.execute(late.group_by(Generation.guild_id)):
        found[guild_id] += count
    return +found


def _is_silent() -> ColumnElement[bool]:
    """Whether nobody needs a message (`bot.db.models.needs_no_message`).

    Of a film that moderators didn't approve, one shot tells (`bot.moderation.review_decisions`).
    """
    is_silent = func.coalesce(Generation.cancelled_by == Generation.user_id, true())
    is_told = and_(Generation.film_id.is_not(None), Generation.failure_kind.in_(REVIEWED))
    return or_(
        and_(Generation.status == Status.CANCELLED, is_silent),
        and_(Generation.status == Status.FAILED, func.coalesce(is_told, false())),
    )
