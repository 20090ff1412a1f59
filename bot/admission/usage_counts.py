"""Members' usage and the cost of a server's videos, read from the `generations` table; no more is stored.

Where the provider tells a cost is in `bot.provider.costs`; until it does, the estimate counts, so that
requests made at the same time cannot spend the same money. All sums are in the provider's credits.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Float, and_, bindparam, case, exists, func, not_, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from bot.admission.limits import Use, counted_since
from bot.clock import CLOCK_SKEW
from bot.db.models import OPEN, WAITING, Generation, Status
from bot.failures import PAID_ALL_THE_SAME
from bot.policy.documents import MemberPolicy, Period
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
# A failed video frees its slot by itself, and so does one that was cancelled before it was sent.
COUNTS = and_(
    Generation.status != Status.FAILED,
    or_(Generation.status != Status.CANCELLED, Generation.submitted_at.is_not(None)),
)

# Built once: every request reads it, and SQLAlchemy takes longer to build a statement than to run it.
_COUNTED = and_(
    Generation.created_at > bindparam("since"), Generation.created_at <= bindparam("until"), COUNTS
)
_USE = (
    select(Generation.created_at, Generation.status, _COUNTED, Generation.review_until)
    .where(
        Generation.guild_id == bindparam("guild_id"),
        Generation.user_id == bindparam("user_id"),
        or_(_COUNTED, Generation.status.in_(OPEN)),
    )
    .order_by(Generation.created_at)
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


def used_nothing(
    request_id: InstrumentedAttribute[str | None], prompt: InstrumentedAttribute[str]
) -> ColumnElement[bool]:
    """Whether a request failed, or was cancelled before it was sent.

    `prompt`: what was let pass. If that's all words of a film, the same has to be so of all shots that were
    accepted together; if it's a shot's words, of those with the same.
    """
    shot = aliased(Generation)
    together = and_(Generation.film_id == shot.film_id, Generation.created_at == shot.created_at)
    is_alike = or_(Generation.prompt == shot.prompt, shot.prompt != prompt)
    film_counts = exists().where(shot.id == request_id, together, is_alike, COUNTS)
    return and_(exists().where(Generation.id == request_id, not_(COUNTS)), not_(film_counts))


def fetch_use(
    session: Session, guild_id: int, user_id: int, member_policy: MemberPolicy, now: datetime
) -> Use:
    """Return what the member has used; what was requested before a reset is not in the windows.

    Nothing that is dated in the future counts, no request and no reset: a clock was ahead then.
    """
    since, until = counted_since(member_policy, now), now + CLOCK_SKEW
    about = {"guild_id": guild_id, "user_id": user_id, "since": since, "until": until}
    rows = session.execute(_USE, about).all()
    return Use(
        counted=[created_at for created_at, _, counts, _until in rows if counts],
        at_once=sum(status in OPEN for _, status, _, _until in rows),
        in_queue=sum(status in WAITING for _, status, _, _until in rows),
        in_review=sum(status in WAITING and until is not None for _, status, _, until in rows),
    )


def date_back(session: Session, guild_id: int, user_id: int, now: datetime) -> None:
    """Date what a member requested while a clock was ahead at `now`: a reset would not reach it otherwise."""
    own = and_(Generation.guild_id == guild_id, Generation.user_id == user_id)
    session.execute(
        update(Generation)
        .where(own, Generation.created_at > now)
        .values(created_at=now)
        .execution_options(synchronize_session=False)
    )
