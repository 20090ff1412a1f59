"""The cost of a server's videos: the charges, and what is bound until the provider says.

Where the provider tells a cost is in `bot.provider.costs`; until it does, the estimate counts, so that
requests made at the same time cannot spend the same money. All sums are in the provider's credits.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Float, and_, case, func, or_, select
from sqlalchemy.orm import Session

from bot.clock import CLOCK_SKEW
from bot.db.models import Generation, Status
from bot.failures import PAID_ALL_THE_SAME
from bot.policy.documents import Period
from bot.provider.costs import CONFIRMED

# Nothing will be charged for these any more; a late video still may be.
_OVER = and_(
    Generation.late_until.is_(None),
    or_(
        and_(Generation.status.in_({Status.FAILED, Status.CANCELLED}), Generation.submitted_at.is_(None)),
        and_(
            Generation.status == Status.FAILED,
            or_(Generation.failure_kind.is_(None), Generation.failure_kind.not_in(PAID_ALL_THE_SAME)),
        ),
    ),
)

# What a row costs, or may cost: the real cost, else the estimate, else 0. An estimate does not count once
# nothing can be charged any more: after a failure of the provider's, unless it is still asked for the video,
# and after whatever ended before anything was sent.
BOUND: ColumnElement[float] = func.coalesce(
    Generation.credits_used,
    case((_OVER, 0.0), else_=Generation.estimated_credits),
    0.0,
    type_=Float(),
)

# The part of it that the provider told once it was charged.
CONFIRMED_CREDITS: ColumnElement[float] = case(
    (Generation.cost_source.in_(CONFIRMED), func.coalesce(Generation.credits_used, 0.0)), else_=0.0
)


def fetch_spent(
    session: Session, guild_id: int, since: Mapping[Period, datetime], now: datetime | None = None
) -> dict[Period, float]:
    """Return what a server's requests cost, or may cost, from each of these moments on, in credits.

    With `now`, none that a clock dated in the future is among them.
    """
    if not since:
        return {}
    sums = [
        func.coalesce(func.sum(BOUND).filter(Generation.created_at >= start), 0.0) for start in since.values()
    ]
    query = select(*sums).where(Generation.guild_id == guild_id, Generation.created_at >= min(since.values()))
    if now is not None:
        query = query.where(Generation.created_at <= now + CLOCK_SKEW)
    return dict(zip(since, session.execute(query).one(), strict=True))


def fetch_member_spent(
    session: Session, guild_id: int, user_id: int, since: datetime, now: datetime | None = None
) -> float:
    """Return what a member's requests in a server cost, or may cost, from a moment on; `now`: as above."""
    query = select(func.coalesce(func.sum(BOUND), 0.0)).where(
        Generation.guild_id == guild_id, Generation.user_id == user_id, Generation.created_at >= since
    )
    if now is not None:
        query = query.where(Generation.created_at <= now + CLOCK_SKEW)
    return session.scalars(query).one()
