"""Decisions on reviews of requests and finished videos: one for each, in the transaction of its row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from bot.db.film_models import FilmRow
from bot.db.guild_models import Action
from bot.db.models import Generation, Unreviewed
from bot.db.review_models import IN_REVIEW, ReviewDecision, ReviewRow, ReviewStage, is_in_review
from bot.errors import UserError
from bot.failures import FailureKind
from bot.i18n import N_, _
from bot.jobs.endings import Values, is_being_answered, taken_over, unsent, withheld
from bot.jobs.ports import Posted
from bot.moderation.appeal_decisions import FOLLOW_UP, AppealNotFoundError
from bot.moderation.decisions import Moderator, ensure_not_own
from bot.policy.audit import record

ALREADY: Mapping[ReviewDecision, LiteralString] = {
    ReviewDecision.APPROVE: N_("{who} has already approved this. Nothing changed."),
    ReviewDecision.DECLINE: N_("{who} has already declined this. Nothing changed."),
    ReviewDecision.LEFT: N_("The member has left the server, so this is closed. Nothing changed."),
    ReviewDecision.LAPSE: N_("Nobody approved this in time, so it expired. Nothing changed."),
    ReviewDecision.UNSEEN: N_("Nobody decided in time, so the video is posted. Nothing changed."),
    ReviewDecision.OVER: N_("This request was cancelled or has ended. Nothing changed."),
}
# Why the requests of a review end.
ENDS: Mapping[ReviewDecision, FailureKind] = {
    ReviewDecision.DECLINE: FailureKind.DECLINED,
    ReviewDecision.LEFT: FailureKind.MEMBER_LEFT,
    ReviewDecision.LAPSE: FailureKind.UNREVIEWED,
}
ACTIONS: Mapping[ReviewDecision, Action] = {
    ReviewDecision.APPROVE: Action.REVIEW_APPROVE,
    ReviewDecision.DECLINE: Action.REVIEW_DECLINE,
    ReviewDecision.LEFT: Action.CANCEL,
}
Chosen = tuple[str, ReviewDecision, str | None]  # the review's ID, what is decided, words for the member


class ReviewClosedError(UserError):
    """There is nothing to decide any more; the sentence says why."""

    def __init__(self, decision: ReviewDecision, by: int | None = None) -> None:
        super().__init__(_(ALREADY[decision], who=f"<@{by}>"))


@dataclass(frozen=True, slots=True)
class Review:
    """A review as it stands.

    Attributes:
        requests: what it is about: one request, or shots of a film in their order.
        film: None: it's about no film.
    """

    row: ReviewRow
    requests: Sequence[Generation]
    film: FilmRow | None = None

    @property
    def is_finished(self) -> bool:
        """Whether it's about a video that was made, before it's posted."""
        return self.row.stage is ReviewStage.POSTED

    @property
    def is_posted_unseen(self) -> bool:
        """Whether what it's about is posted if nobody decides."""
        return any(request.unreviewed is Unreviewed.POST for request in self.requests)

    @property
    def at_stake(self) -> Sequence[Generation]:
        """The rows to decide about: while that's open, those that still wait, if any do."""
        waiting = [request for request in self.requests if is_in_review(request)]
        return waiting if waiting and self.row.decision is None else self.requests

    @property
    def price(self) -> float | None:
        """The price of all of it, in credits; None: not known."""
        prices = [request.estimated_credits for request in self.at_stake]
        return None if None in prices else sum(price or 0 for price in prices)


@dataclass(frozen=True, slots=True)
class Ended:
    """The requests that ended; `silent`: how many are over at once, to be counted when that's written."""

    ids: Sequence[str] = ()
    silent: int = 0


def fetch_review(session: Session, guild_id: int, review_id: str) -> ReviewRow | None:
    """Return a review of this server, or None."""
    return session.scalar(select(ReviewRow).where(ReviewRow.id == review_id, ReviewRow.guild_id == guild_id))


def load_review(session: Session, row: ReviewRow) -> Review:
    """Return a review with what it is about."""
    requests = session.scalars(
        select(Generation).where(Generation.review_id == row.id).order_by(Generation.shot)
    ).all()
    film_id = requests[0].film_id if requests else None
    return Review(row, requests, None if film_id is None else session.get(FilmRow, film_id))


def ensure_decidable(row: ReviewRow | None, by: Moderator) -> ReviewRow:
    """Check that a moderator can decide about a review, and return it.

    Raises:
        AppealNotFoundError, OwnCaseError, ReviewClosedError: they can't.
    """
    if row is None:
        raise AppealNotFoundError
    ensure_not_own(by, row.user_id)
    if row.decision is not None:
        raise ReviewClosedError(row.decision, row.decided_by)
    return row


def carry_out(
    session: Session, by: Moderator, chosen: Chosen, now: datetime, shown_at: Posted | None = None
) -> tuple[Review, Ended] | None:
    """Decide, and let the requests go on or end; see `bot.moderation.reviews.Reviews.decide`.

    None: nothing waits for it any more, so it's closed.
    """
    review_id, decision, words = chosen
    found = fetch_review(session, by.guild_id, review_id)
    open_row = ensure_decidable(found, by)
    ended, gone_on = Ended(), list[str]()
    if decision is ReviewDecision.APPROVE:
        gone_on += let_go_on(session, open_row, now)
    else:
        ended = end_requests(session, open_row, decision, now, words)
    if not gone_on and not ended.ids:
        close(session, review_id, ReviewDecision.OVER, now)
        return None
    row = session.scalar(
        update(ReviewRow)
        .where(ReviewRow.id == review_id, ReviewRow.decision.is_(None))
        .values(
            decision=decision, decided_by=by.user_id, decided_at=now, words=words, post_at=now + FOLLOW_UP
        )
        .returning(ReviewRow)
    )
    if row is None:
        raise AppealNotFoundError
    if shown_at is not None and row.message_id is None:
        row.channel_id, row.message_id = shown_at.channel_id, shown_at.message_id
    review = load_review(session, row)
    _record(session, by, review, now)
    return review, ended


def close(session: Session, review_id: str, decision: ReviewDecision, now: datetime) -> None:
    """Close a review that no moderator decided; its message, if there is one, shows that."""
    closed = update(ReviewRow).where(ReviewRow.id == review_id, ReviewRow.decision.is_(None))
    session.execute(closed.values(decision=decision, decided_at=now, post_at=now))


def end_requests(
    session: Session, review: ReviewRow, decision: ReviewDecision, now: datetime, words: str | None = None
) -> Ended:
    """End what waits for a review, free, or without posting what was made.

    The runner then tells the member. Of a film, the first shot tells: the others are over at once, and the
    film's card shows them.
    """
    end = withheld if review.stage is ReviewStage.POSTED else unsent
    values = {
        **end(ENDS[decision], now),
        "failure_reason": words,
        "review_until": None,
        "not_before": case((is_being_answered(now), Generation.not_before), else_=now),
    }
    ended = session.execute(
        update(Generation)
        .where(Generation.review_id == review.id, IN_REVIEW)
        .values(values)
        .returning(Generation.id, Generation.shot)
        .execution_options(synchronize_session=False)
    ).all()
    first = min((shot or 0 for _id, shot in ended), default=0)
    silent = [request_id for request_id, shot in ended if (shot or 0) > first]
    if silent:
        over = update(Generation).where(Generation.id.in_(silent)).values(delivered_at=now)
        session.execute(over.execution_options(synchronize_session=False))
    return Ended([row.id for row in ended], len(silent))


def let_go_on(session: Session, review: ReviewRow, now: datetime) -> Sequence[str]:
    """Let what waits for a review go on as if it had just been accepted, or was just made; return its IDs."""
    due: Values = taken_over(now) if review.stage is ReviewStage.POSTED else {}
    released = (
        update(Generation)
        .where(Generation.review_id == review.id, IN_REVIEW)
        .values(review_until=None, released_at=now, **due)
        .returning(Generation.id)
        .execution_options(synchronize_session=False)
    )
    return session.scalars(released).all()


def _record(session: Session, by: Moderator, review: Review, now: datetime) -> None:
    row, film = review.row, review.film
    if row.decision is None:
        return
    subject = f"generation:{review.requests[0].id}" if film is None else f"film:{film.id}"
    record(
        session,
        by.guild_id,
        by.user_id,
        ACTIONS[row.decision],
        now,
        subject=subject,
        new={"user_id": row.user_id, "counts": row.stage is ReviewStage.POSTED},
        reason=row.words,
    )
