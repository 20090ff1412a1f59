"""Results that did not reach their members, by server."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, not_, or_, select, true
from sqlalchemy.orm import Session

from bot.db.models import OPEN, Generation, Status

LATE_AFTER = timedelta(minutes=10)  # from ready; a video that must be made smaller takes minutes
LOSS_MEMORY = timedelta(hours=1)  # for which a result that was given up is bad news


def fetch_undelivered(session: Session, now: datetime) -> Mapping[int, int]:
    """Return how many results each server waits for in vain; servers without any are not in it.

    They are late, or were given up lately and nothing was posted in the server since then.
    """
    posted = (
        select(Generation.guild_id, func.max(Generation.delivered_at).label("at"))
        .where(Generation.delivered_at > now - LOSS_MEMORY, Generation.result_id.is_not(None))
        .group_by(Generation.guild_id)
        .subquery()
    )
    late = select(Generation.guild_id, func.count()).where(
        Generation.delivered_at.is_(None),
        Generation.result_id.is_(None),
        Generation.status.not_in(OPEN),
        Generation.finished_at <= now - LATE_AFTER,
        not_(_is_silent()),
    )
    given_up = (
        select(Generation.guild_id, func.count())
        .outerjoin(posted, posted.c.guild_id == Generation.guild_id)
        .where(
            Generation.delivered_at > now - LOSS_MEMORY,
            Generation.result_id.is_(None),
            not_(_is_silent()),
            or_(posted.c.at.is_(None), Generation.delivered_at > posted.c.at),
        )
    )
    found: dict[int, int] = {}
    for query in (late, given_up):
        for guild_id, count in session.execute(query.group_by(Generation.guild_id)):
            found[guild_id] = found.get(guild_id, 0) + count
    return found


def _is_silent() -> ColumnElement[bool]:
    """Whether nobody needs a message (`bot.db.models.needs_no_message`)."""
    is_silent = func.coalesce(Generation.cancelled_by == Generation.user_id, true())
    return and_(Generation.status == Status.CANCELLED, is_silent)
