"""Whose requests moderators look at first, and where these are shown."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from bot.admission.context import AdmissionContext, Requester
from bot.db.models import Generation, Status
from bot.db.review_models import HAS_REQUESTS, IN_REVIEW, ReviewRow, ReviewStage
from bot.policy.documents import Reviewed, ReviewRule

REVIEW_TIME = timedelta(hours=24)  # in which moderators can decide


def needs_review(
    rule: ReviewRule | None, requester: Requester, count: Callable[[int], int], now: datetime
) -> bool:
    """Whether a request waits for moderators; `count`: their member's videos up to a number, if needed."""
    if rule is None:
        return False
    match rule.who:
        case Reviewed.EVERYBODY:
            return True
        case Reviewed.ROLE:
            return rule.role_id in requester.role_ids
        case Reviewed.NEWCOMERS:
            return is_new(rule, requester.joined_at, now) or count(rule.videos) < rule.videos


def is_new(rule: ReviewRule, joined_at: datetime | None, now: datetime) -> bool:
    """Whether somebody has not been on the server for long enough, or Discord doesn't tell since when."""
    return rule.days > 0 and (joined_at is None or now - joined_at < timedelta(days=rule.days))


def count_videos(session: Session, requester: Requester, max_count: int) -> int:
    """Return how many videos a member has got on the server, up to `max_count`, without what was taken down.

    What moderators still have to see isn't got yet.
    """
    is_seen = or_(
        Generation.unreviewed.is_(None),
        and_(Generation.review_id.is_not(None), Generation.review_until.is_(None)),
    )
    got = (Generation.status == Status.SUCCEEDED, Generation.removed_at.is_(None), is_seen)
    mine = (Generation.guild_id == requester.guild_id, Generation.user_id == requester.user_id)
    found = select(Generation.id).where(*mine, *got).limit(max_count)
    return session.scalar(select(func.count()).select_from(found.subquery())) or 0


def new_review(
    session: Session, owner: Requester | Generation, stage: ReviewStage, now: datetime
) -> ReviewRow:
    """Write down what moderators have to decide about what a member requested.

    Where the server has no channel for moderators, it's shown once there is one.
    """
    row = ReviewRow(
        id=secrets.token_hex(8),
        guild_id=owner.guild_id,
        user_id=owner.user_id,
        stage=stage,
        created_at=now,
        ends_at=now + REVIEW_TIME,
        post_at=now,
    )
    session.add(row)
    return row


def open_review(
    session: Session, requester: Requester, context: AdmissionContext, now: datetime
) -> ReviewRow | None:
    """Write down what moderators have to decide about a request, or about all of a film; None: nothing."""
    return new_review(session, requester, ReviewStage.MADE, now) if context.needs_review else None


def start_over(session: Session, review: ReviewRow, now: datetime) -> bool:
    """Give moderators the whole time again, unless the review has changed; return whether they have it.

    What they read of its end is shown again.
    """
    same = (ReviewRow.id == review.id, ReviewRow.decision.is_(None), ReviewRow.ends_at == review.ends_at)
    moved = update(ReviewRow).where(*same).values(ends_at=now + REVIEW_TIME, post_at=now)
    if session.scalar(moved.returning(ReviewRow.id)) is None:
        return False
    waiting = update(Generation).where(Generation.review_id == review.id, IN_REVIEW)
    later = waiting.values(review_until=now + REVIEW_TIME)
    session.execute(later.execution_options(synchronize_session=False))
    return True


def show_open_reviews(session: Session, guild_id: int, now: datetime) -> int:
    """Let a server's open reviews be shown in its moderators' channel; return how many wait.

    Where one has its message, that stays; where it's gone, there's another (`bot.moderation.outbox_relay`).
    """
    is_open = (ReviewRow.guild_id == guild_id, ReviewRow.decision.is_(None), HAS_REQUESTS)
    shown = update(ReviewRow).where(*is_open).values(post_at=now)
    return len(session.scalars(shown.returning(ReviewRow.id)).all())
