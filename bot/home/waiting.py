"""The cases that wait for moderators' decisions on a server."""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.admission.appeals import IS_OPEN
from bot.db.guild_models import AppealRow, ReportRow
from bot.db.review_models import HAS_REQUESTS, ReviewRow
from bot.jobs.ports import Posted
from bot.moderation.reports import IS_UNDECIDED

Waiting = ReportRow | AppealRow | ReviewRow


class WaitingKind(StrEnum):
    """A kind of case that moderators decide about."""

    REPORTS = "reports"
    APPEALS = "appeals"  # what members ask them
    REVIEWS = "reviews"  # requests that wait for approval, which aren't in the queue


def fetch_waiting(session: Session, guild_id: int, kind: WaitingKind) -> Sequence[Waiting]:
    """Return what nobody has decided, the oldest first; of requests, the one that ends first."""
    match kind:
        case WaitingKind.REPORTS:
            reports = select(ReportRow).where(ReportRow.guild_id == guild_id, IS_UNDECIDED)
            return session.scalars(reports.order_by(ReportRow.created_at)).all()
        case WaitingKind.APPEALS:
            appeals = select(AppealRow).where(AppealRow.guild_id == guild_id, IS_OPEN)
            return session.scalars(appeals.order_by(AppealRow.asked_at)).all()
        case WaitingKind.REVIEWS:
            reviews = select(ReviewRow).where(
                ReviewRow.guild_id == guild_id, ReviewRow.decision.is_(None), HAS_REQUESTS
            )
            return session.scalars(reviews.order_by(ReviewRow.ends_at)).all()


def post_of(row: Waiting) -> Posted | None:
    """Return where moderators see it; None: nowhere yet."""
    return None if row.message_id is None else Posted(row.message_id, row.channel_id)
