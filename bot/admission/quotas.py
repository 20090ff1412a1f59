"""What members have used. Nothing is stored for it: use is what the `generations` table says."""

from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from bot.admission.limits import LONGEST_WINDOW, Use
from bot.admission.policy import Standing
from bot.models import OPEN, WAITING, Generation, Status

# A failed video frees its place by itself, and so does one that was cancelled before it was sent.
COUNTS = and_(
    Generation.status != Status.FAILED,
    or_(Generation.status != Status.CANCELLED, Generation.submitted_at.is_not(None)),
)


def fetch_use(session: Session, guild_id: int, user_id: int, standing: Standing, now: datetime) -> Use:
    """Return what the member has used; what was requested before a reset is not in the windows."""
    since = now - LONGEST_WINDOW
    if standing.reset_at is not None:
        since = max(since, standing.reset_at)
    own = and_(Generation.guild_id == guild_id, Generation.user_id == user_id)
    moments = select(Generation.created_at).where(own, Generation.created_at > since, COUNTS)
    in_queue = func.count().filter(Generation.status.in_(WAITING))
    waiting = select(func.count(), in_queue).where(own, Generation.status.in_(OPEN))
    counted = session.scalars(moments.order_by(Generation.created_at)).all()
    at_once, queued = session.execute(waiting).one()
    return Use(counted, at_once, queued)
