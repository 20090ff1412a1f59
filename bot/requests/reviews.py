"""Requests that wait for moderators before they're sent: what is written down when one is accepted."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.admission.context import AdmissionContext, Requester
from bot.admission.reviewing import new_review
from bot.db.review_models import ReviewRow, ReviewStage


def open_review(
    session: Session, requester: Requester, context: AdmissionContext, now: datetime
) -> ReviewRow | None:
    """Write down what moderators have to decide about a request, or about all of a film; None: nothing."""
    return new_review(session, requester, ReviewStage.MADE, now) if context.is_reviewed else None
