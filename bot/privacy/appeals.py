"""Forgetting what members asked moderators about."""

from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, update
from sqlalchemy.orm import Session

from bot.admission.appeals import OFFER_TIME, PAUSE
from bot.db.guild_models import AppealDecision, AppealRow

FORGOTTEN = ""  # the fingerprint of an appeal without its words


def forget_appeals(session: Session, user_id: int, now: datetime) -> None:
    """Delete a member's appeals, open ones and what was allowed among them.

    One that was declined lately loses its words only: else deleting one's data would end the wait.
    """
    mine = AppealRow.user_id == user_id
    waits = and_(AppealRow.decision == AppealDecision.DECLINE, AppealRow.decided_at > now - PAUSE)
    session.execute(
        update(AppealRow)
        .where(mine, waits)
        .values(prompt="", why=None, words=None, locale=None, fingerprint=FORGOTTEN)
    )
    session.execute(delete(AppealRow).where(mine, or_(AppealRow.decision.is_(None), ~waits)))


def drop_appeals(session: Session, now: datetime, keep: timedelta | None) -> int:
    """Delete appeals that nobody was asked about in time, and those kept long enough; return how many.

    `keep`: how long what members wrote is kept; None: until they ask. A decision holds until its end.
    """
    is_over = AppealRow.decided_at <= now - PAUSE
    due = [
        and_(AppealRow.asked_at.is_(None), AppealRow.created_at <= now - OFFER_TIME),
        and_(AppealRow.fingerprint == FORGOTTEN, is_over),
    ]
    if keep is not None:
        due.append(and_(AppealRow.asked_at <= now - keep, or_(AppealRow.decision.is_(None), is_over)))
    return len(session.scalars(delete(AppealRow).where(or_(*due)).returning(AppealRow.id)).all())
