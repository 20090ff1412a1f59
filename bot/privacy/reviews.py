"""Forgetting what moderators decided about requests before they were sent."""

from datetime import datetime

from sqlalchemy import delete, exists, update
from sqlalchemy.orm import Session

from bot.db.models import Generation
from bot.db.review_models import ReviewRow

_HAS_WORDS = exists().where(Generation.review_id == ReviewRow.id, Generation.erased_at.is_(None))


def forget_reviews(session: Session, now: datetime) -> int:
    """Let moderators' messages lose the words of requests that have none any more; return how many."""
    over = (ReviewRow.decision.is_not(None), ReviewRow.forgotten_at.is_(None), ~_HAS_WORDS)
    gone = update(ReviewRow).where(*over).values(words=None, forgotten_at=now, post_at=now)
    return len(session.scalars(gone.returning(ReviewRow.id)).all())


def drop_reviews(session: Session) -> int:
    """Delete reviews that are forgotten, once their messages show that; return how many."""
    over = (ReviewRow.forgotten_at.is_not(None), ReviewRow.post_at.is_(None))
    return len(session.scalars(delete(ReviewRow).where(*over).returning(ReviewRow.id)).all())
