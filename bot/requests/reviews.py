"""Requests that wait for moderators: what is written down when one is accepted."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.admission.context import AdmissionContext, Requester
from bot.db.review_models import ReviewRow

REVIEW_TIME = timedelta(hours=24)  # in which moderators can decide


def open_review(
    session: Session, requester: Requester, context: AdmissionContext, now: datetime
) -> ReviewRow | None:
    """Write down what moderators have to decide about a request, or about all of a film; None: nothing.

    Where the server has no channel for moderators, it's shown once there is one.
    """
    if not context.is_reviewed:
        return None
    row = ReviewRow(
        id=secrets.token_hex(8),
        guild_id=requester.guild_id,
        user_id=requester.user_id,
        created_at=now,
        ends_at=now + REVIEW_TIME,
        post_at=now,
    )
    session.add(row)
    return row
