"""The table of reviews: what moderators look at before a request is sent, or before its video is posted."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index, String, Text, and_, case, exists, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.column_types import UtcDateTime, named
from bot.db.models import WAITING, Base, Generation, Status
from bot.failures import REVIEWED

OPEN_REVIEW = "decision IS NULL"  # in the words of an index

REVIEWABLE = frozenset({*WAITING, Status.SUCCEEDED})  # what can wait for moderators
# Whether a request waits for moderators; `is_in_review` of a row.
IN_REVIEW = and_(Generation.review_until.is_not(None), Generation.status.in_(REVIEWABLE))

# `due_since` of a row that has ended; None of others.
DUE_SINCE = case(
    (Generation.released_at > Generation.finished_at, Generation.released_at), else_=Generation.finished_at
)


class ReviewStage(StrEnum):
    """Before what moderators look at a request."""

    MADE = "made"  # before anything is spent
    POSTED = "posted"  # once the video is ready


class ReviewDecision(StrEnum):
    """A moderator's answer to a review (the first two), or an end without one."""

    APPROVE = "approve"
    DECLINE = "decline"
    LEFT = "left"  # its member has left the server
    LAPSE = "lapse"  # nobody decided in time
    UNSEEN = "unseen"  # the same, and the finished video is posted, as the server wants it
    OVER = "over"  # nothing waits for it any more: it was cancelled, or ended otherwise


class ReviewRow(Base):
    """One decision of moderators: about a request, or about all shots of a film that were requested together.

    A film is only looked at before it's made.

    The requests have its ID (`Generation.review_id`); their words are nowhere else.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        Index("ix_reviews_user", "user_id"),
        Index("ix_reviews_post", "post_at"),
        # Finds what is to be decided.
        Index(
            "ix_reviews_open",
            "guild_id",
            "ends_at",
            sqlite_where=text(OPEN_REVIEW),
            postgresql_where=text(OPEN_REVIEW),
        ),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    guild_id: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[int] = mapped_column(BigInteger)
    stage: Mapped[ReviewStage] = mapped_column(named(ReviewStage), default=ReviewStage.MADE)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)  # without a decision
    channel_id: Mapped[int | None] = mapped_column(BigInteger)  # where moderators see it
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    post_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: nothing to post, or posted
    decision: Mapped[ReviewDecision | None] = mapped_column(named(ReviewDecision))
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    words: Mapped[str | None] = mapped_column(Text)  # the moderator's, for the member
    # When its requests' words were gone: its message loses them, too, then the row goes.
    forgotten_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


# Whether there is still something to decide about; a moment after it's cancelled, the review is closed.
HAS_REQUESTS = exists().where(Generation.review_id == ReviewRow.id, IN_REVIEW)


def is_in_review(generation: Generation) -> bool:
    """Whether moderators are to decide first: whether it's sent, or whether the video is posted."""
    return generation.review_until is not None and generation.status in REVIEWABLE


def is_unapproved(generation: Generation) -> bool:
    """Whether a finished video can't be posted yet, since moderators have to see it first."""
    is_made = generation.status is Status.SUCCEEDED and generation.removed_at is None
    return is_made and not may_be_watched(generation)


def is_held(generation: Generation) -> bool:
    """Whether its finished video waits for moderators."""
    return generation.status is Status.SUCCEEDED and is_in_review(generation)


def is_withheld(generation: Generation) -> bool:
    """Whether the video was made and never posted, since no moderator approved it."""
    return generation.status is Status.SUCCEEDED and generation.failure_kind in REVIEWED


def may_be_watched(generation: Generation) -> bool:
    """Whether its member may have the video, if there is one: moderators needn't approve it, or have."""
    is_approved = generation.review_id is not None and generation.review_until is None
    return generation.unreviewed is None or (is_approved and not is_withheld(generation))


def due_since(generation: Generation) -> datetime:
    """Return since when a result could be posted: moderators may have kept it waiting for a day."""
    ended = generation.finished_at or generation.created_at
    return max(ended, generation.released_at or ended)


def was_ready(generation: Generation) -> bool:
    """Whether it was cancelled while its finished video waited for moderators."""
    is_waiting = generation.unreviewed is not None and generation.review_until is not None
    return is_waiting and generation.status is Status.CANCELLED
