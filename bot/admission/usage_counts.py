"""Members' usage counts. Nothing is stored for them: they're read from the `generations` table."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, exists, not_, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from bot.admission.limits import Use, counted_since
from bot.clock import CLOCK_SKEW
from bot.db.models import OPEN, WAITING, Generation, Status
from bot.policy.documents import MemberPolicy

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
