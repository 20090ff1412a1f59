"""The table of reviews: what moderators look at before a request is sent, or before its video is posted."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index, String, Text, and_, exists, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.models import REVIEWABLE, Base, Generation, UtcDateTime, named

OPEN_REVIEW = "decision IS NULL"  # in the words of an index

# Whether a request waits for moderators; `is_in_review` of a row.
IN_REVIEW = and_(Generation.review_until.is_not(None), Generation.status.in_(REVIEWABLE))


class ReviewStage(StrEnum):
    """Before what moderators look at a request."""

    MADE = "made"  # before anything is spent
    POSTED = "posted"  # once the video is ready


class ReviewDecision(StrEnum):
    """What a moderator makes of a review (the first two), or how it ends without one."""

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
