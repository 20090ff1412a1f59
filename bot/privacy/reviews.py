"""Forgetting what moderators decided about requests before they were sent.

What is to be forgotten is looked for outside of the transaction that writes: nothing of it comes back.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, select, true, update
from sqlalchemy.orm import Session

from bot.db.models import Generation
from bot.db.review_models import ReviewRow

ANYBODYS = true()
_HAS_WORDS = exists().where(Generation.review_id == ReviewRow.id, Generation.erased_at.is_(None))


def select_wordless(session: Session, whose: ColumnElement[bool] = ANYBODYS) -> Sequence[str]:
    """Return reviews that are over, and whose requests have no words any more."""
    over = (ReviewRow.decision.is_not(None), ReviewRow.forgotten_at.is_(None), ~_HAS_WORDS)
    return session.scalars(select(ReviewRow.id).where(whose, *over)).all()


def forget_reviews(session: Session, review_ids: Collection[str], now: datetime) -> None:
    """Let moderators' messages about these lose the words."""
    gone = update(ReviewRow).where(ReviewRow.id.in_(review_ids), ReviewRow.forgotten_at.is_(None))
    session.execute(gone.values(words=None, forgotten_at=now, post_at=now))


def select_forgotten(session: Session) -> Sequence[str]:
    """Return reviews that are forgotten, and whose messages show that."""
    over = (ReviewRow.forgotten_at.is_not(None), ReviewRow.post_at.is_(None))
    return session.scalars(select(ReviewRow.id).where(*over)).all()


def drop_reviews(session: Session, review_ids: Collection[str]) -> None:
    """Delete these."""
    session.execute(delete(ReviewRow).where(ReviewRow.id.in_(review_ids)))
