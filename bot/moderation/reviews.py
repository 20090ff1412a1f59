"""Moderators look at requests before anything is spent on them, or at finished videos, and decide."""

import asyncio
from datetime import datetime

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from bot.admission.reviewing import show_open_reviews
from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.review_models import HAS_REQUESTS, ReviewDecision, ReviewRow
from bot.jobs.ports import Posted
from bot.metrics.metrics import note_failed
from bot.moderation.decisions import Moderator, checked_reason
from bot.moderation.review_decisions import (
    ENDS,
    Ended,
    Review,
    ReviewClosedError,
    carry_out,
    close,
    end_requests,
    fetch_review,
    let_go_on,
    load_review,
)
from bot.moderation.showing import show_in_channel
from bot.signals import run_every

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LOOK_INTERVAL = 10.0  # seconds between looks for reviews that are over
LOOK_SIZE = 50  # reviews in one look


class Reviews:
    """Decides about reviews; `work`: set when there is something to do for the runner."""

    def __init__(self, database: Database, clock: Clock = utc_now, *, work: asyncio.Event) -> None:
        self._database = database
        self._clock = clock
        self._work = work

    async def get(self, guild_id: int, review_id: str) -> Review | None:
        """Return a review of this server as it stands, or None."""

        def look(session: Session) -> Review | None:
            row = fetch_review(session, guild_id, review_id)
            return None if row is None else load_review(session, row)

        return await self._database.read(look, hurried=True)

    async def decide(
        self,
        by: Moderator,
        review_id: str,
        decision: ReviewDecision,
        words: str | None = None,
        *,
        shown_at: Posted | None = None,
    ) -> Review:
        """Decide; the audit row and what becomes of the requests are in the same transaction.

        `words`: for the member, who is told by the runner. `shown_at`: the message whose button was clicked,
        since the process may have ended before it was recorded.

        Raises:
            BadInputError: the words are too long.
            AppealNotFoundError: this server has no such review.
            OwnAppealError: it's the moderator's own.
            ReviewClosedError: somebody was faster, or nothing waits for it any more.
            DatabaseBusyError: nothing can be recorded now.
        """
        chosen = (review_id, decision, checked_reason(words))
        carried_out = await self._database.write(
            lambda session: carry_out(session, by, chosen, self._clock(), shown_at), by.guild_id, hurried=True
        )
        if carried_out is None:
            raise ReviewClosedError(ReviewDecision.OVER)
        review, ended = carried_out
        _count(ended, decision)
        log.info("review decided", review=review_id, decision=decision.value, by=by.user_id)
        self._work.set()
        return review

    async def note_shown(self, row: ReviewRow) -> None:
        """Remember that moderators see the decision; `row`: the review as it was before that."""
        shown = update(ReviewRow).where(ReviewRow.id == row.id, ReviewRow.post_at == row.post_at)
        await self._database.write(lambda session: session.execute(shown.values(post_at=None)), hurried=True)

    async def show_again(self, by: Moderator) -> tuple[int, int]:
        """Show a server's open reviews whose message is gone again; return the channel and how many are open.

        Raises:
            NoChannelError: the server has no channel for moderators.
            DatabaseBusyError: nothing can be recorded now.
        """
        return await self._database.write(
            lambda session: show_in_channel(session, by.guild_id, show_open_reviews, self._clock()),
            by.guild_id,
            hurried=True,
        )

    async def run(self, stopping: asyncio.Event) -> None:
        """End what is over until `stopping` is set; any number of processes may do that."""
        await run_every(LOOK_INTERVAL, stopping, self.look, failed="reviews cannot be ended")

    async def look(self) -> None:
        """End reviews that nobody decided in time, and close those that nothing waits for any more."""
        now = self._clock()
        found = await self._database.read(lambda session: _fetch_over(session, now))
        for guild_id, review_id in found:
            ended = await self._database.write(
                lambda session, review_id=review_id: _end(session, review_id, now), guild_id
            )
            _count(ended, ReviewDecision.LAPSE)
            self._work.set()


def _fetch_over(session: Session, now: datetime) -> list[tuple[int, str]]:
    over = select(ReviewRow.guild_id, ReviewRow.id).where(
        ReviewRow.decision.is_(None), or_(ReviewRow.ends_at <= now, ~HAS_REQUESTS)
    )
    return [(guild_id, review_id) for guild_id, review_id in session.execute(over.limit(LOOK_SIZE))]


def _end(session: Session, review_id: str, now: datetime) -> Ended:
    """Close a review that is over, and return what ended with it."""
    row = session.get_one(ReviewRow, review_id)
    if row.decision is not None:
        return Ended()  # somebody decided since it was found
    decision, ended = _carry_out_end(session, row, now)
    close(session, review_id, decision, now)
    return ended


def _carry_out_end(session: Session, row: ReviewRow, now: datetime) -> tuple[ReviewDecision, Ended]:
    if load_review(session, row).is_posted_unseen:
        is_posted = bool(let_go_on(session, row, now))
        return ReviewDecision.UNSEEN if is_posted else ReviewDecision.OVER, Ended()
    ended = end_requests(session, row, ReviewDecision.LAPSE, now)
    return ReviewDecision.LAPSE if ended.ids else ReviewDecision.OVER, ended


def _count(ended: Ended, decision: ReviewDecision) -> None:
    """Count as failed what no step of the runner sees end."""
    if ended.silent:
        note_failed(ENDS[decision], ended.silent)
