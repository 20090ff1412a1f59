"""Moderators look at requests before anything is spent on them, or at finished videos, and decide."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from bot.admission.reviewing import REVIEW_TIME, show_open_reviews, start_over
from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.models import Generation
from bot.db.review_models import HAS_REQUESTS, ReviewDecision, ReviewRow, ReviewStage, is_in_review
from bot.errors import DatabaseBusyError
from bot.jobs.ports import Posted
from bot.metrics.metrics import record_failed
from bot.moderation.decisions import Moderator, checked_reason
from bot.moderation.outbox import show_in_channel
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
from bot.signals import run_every

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LOOK_INTERVAL = 10.0  # seconds between looks for reviews that are over
LOOK_SIZE = 50  # reviews in one look
OUTAGE = timedelta(minutes=5)  # without a look: nothing ran, or it had no database
OUTAGE_LOOKS = 30  # that did not take place by then, however rare they are

ASKING = timedelta(hours=1)  # for which a member is looked for before their video is posted unseen

# Whether somebody is not on a server any more; None: Discord doesn't tell.
HasLeft = Callable[[int, int], Awaitable[bool | None]]
Show = Callable[[Generation], Awaitable[None]]  # brings a request's card up to date


async def nobody_has_left(_guild_id: int, _user_id: int) -> bool:
    """Say so, where nobody can be asked."""
    return False


async def show_nothing(_generation: Generation) -> None:
    """Leave cards as they are, where there are none."""


class Reviews:
    """Decides about reviews, and ends them.

    Args:
        work: set when there is something to do for the runner.
        has_left, show: Discord's side of what `look` does.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock = utc_now,
        *,
        work: asyncio.Event,
        has_left: HasLeft = nobody_has_left,
        show: Show = show_nothing,
    ) -> None:
        self._database = database
        self._clock = clock
        self._work = work
        self._has_left = has_left
        self._show = show
        self._looked_at: datetime | None = None  # when the last look came to its end
        self._resumed_at = clock()  # since when looks take place one after the other
        self._is_silent = False  # Discord has not told about a member in this look

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
            OwnCaseError: it's the moderator's own.
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
        log.info("review decided", review=review_id, decision=decision.value, by=by.user_id)
        _tell_watchers(ended, decision)
        self._work.set()
        return review

    async def record_shown(self, row: ReviewRow) -> None:
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
        look = partial(self.look, stopping)
        await run_every(LOOK_INTERVAL, stopping, look, failed="could not close reviews")

    async def look(self, stopping: asyncio.Event | None = None) -> None:
        """End reviews that nobody decided in time, and close those that nothing waits for any more.

        One whose time was over while nobody could click starts over. `stopping`: ends the look, too.
        """
        now = self._clock()
        if self._looked_at is None or not timedelta() <= now - self._looked_at <= _outage():
            self._resumed_at = now  # a clock that was set counts as an outage, too
        stopping, done, self._is_silent = stopping or asyncio.Event(), list[bool](), False
        found = await self._database.read(lambda session: _fetch_over(session, now))
        while found and not stopping.is_set():
            done += [await self._finish(review, now) for review in found if not stopping.is_set()]
            last = found[-1].row.id  # those that can't be ended now don't hide the others
            found = await self._database.read(lambda session, last=last: _fetch_over(session, now, last))
        if any(done) or not done:  # else the database takes nothing
            self._looked_at = self._clock()

    async def _finish(self, review: Review, now: datetime) -> bool:
        """End a review, or let it start over, without which others go on; no: the database was busy."""
        try:
            if self._was_missed(review):
                await self._start_over(review, now)
            else:
                await self._end(review, now)
        except Exception as error:  # its server's lock may be in trouble, or Discord
            log.exception("could not close a review", review=review.row.id)
            return not isinstance(error, DatabaseBusyError)
        return True

    def _was_missed(self, review: Review) -> bool:
        """Whether its time was over before looks began, or began again: any process would have ended it.

        It starts over once: where the bot often stands still, it ends at last.
        """
        is_waiting = any(map(is_in_review, review.requests))
        is_first = review.row.ends_at <= review.row.created_at + REVIEW_TIME
        return is_waiting and is_first and review.row.ends_at <= self._resumed_at - _outage()

    async def _start_over(self, review: Review, now: datetime) -> None:
        def work(session: Session) -> Sequence[Generation]:
            if not start_over(session, review.row, now):
                return []
            return load_review(session, review.row).at_stake

        waiting = await self._database.write(work, review.row.guild_id)
        if not waiting:
            return
        log.info("restarted a review's 24 hours after an outage", review=review.row.id)
        self._work.set()
        if review.row.stage is not ReviewStage.MADE:
            return  # a finished video is shown again with its card
        try:
            await self._show(waiting[0])  # a film's have one
        except Exception:  # the next change of the card shows it
            log.exception("could not show the card of a restarted review", review=review.row.id)

    async def _end(self, review: Review, now: datetime) -> None:
        row = review.row
        has_left = await self._has_member_left(row) if review.is_posted_unseen else False
        if has_left is None and now < row.ends_at + ASKING:
            return  # the next look asks again
        decision, ended = await self._database.write(
            lambda session: _end(session, row, now, has_left=bool(has_left)), row.guild_id
        )
        _tell_watchers(ended, decision)
        self._work.set()

    async def _has_member_left(self, row: ReviewRow) -> bool | None:
        """Ask Discord, unless it has kept silent in this look: each time costs others seconds."""
        if self._is_silent:
            return None
        has_left = await self._has_left(row.guild_id, row.user_id)
        self._is_silent = has_left is None
        return has_left


def _outage() -> timedelta:
    return max(OUTAGE, timedelta(seconds=OUTAGE_LOOKS * LOOK_INTERVAL))


def _fetch_over(session: Session, now: datetime, after: str = "") -> list[Review]:
    """Return some of the reviews that are over, in the order of their ids; `after`: the last one seen."""
    over = select(ReviewRow).where(
        ReviewRow.decision.is_(None), or_(ReviewRow.ends_at <= now, ~HAS_REQUESTS), ReviewRow.id > after
    )
    rows = session.scalars(over.order_by(ReviewRow.id).limit(LOOK_SIZE)).all()
    return [load_review(session, row) for row in rows]


def _end(
    session: Session, found: ReviewRow, now: datetime, *, has_left: bool
) -> tuple[ReviewDecision, Ended]:
    """Close a review that is over, and return how, and what ended with it."""
    row = session.get_one(ReviewRow, found.id)
    if row.decision is not None or row.ends_at != found.ends_at:
        # Somebody decided since it was found, or it starts over.
        return row.decision or ReviewDecision.OVER, Ended()
    decision, ended = _carry_out_end(session, row, now, has_left=has_left)
    close(session, row.id, decision, now)
    return decision, ended


def _carry_out_end(
    session: Session, row: ReviewRow, now: datetime, *, has_left: bool
) -> tuple[ReviewDecision, Ended]:
    """`has_left`: what would be posted unseen has no member to see it."""
    if not has_left and load_review(session, row).is_posted_unseen:
        is_posted = bool(let_go_on(session, row, now))
        return ReviewDecision.UNSEEN if is_posted else ReviewDecision.OVER, Ended()
    decision = ReviewDecision.LEFT if has_left else ReviewDecision.LAPSE
    ended = end_requests(session, row, decision, now)
    return decision if ended.ids else ReviewDecision.OVER, ended


def _tell_watchers(ended: Ended, decision: ReviewDecision) -> None:
    """Log all that ended, and count as failed what no step of the runner sees end."""
    for request_id in ended.ids:
        log.info("failed", generation=request_id, kind=ENDS[decision].value)
    if ended.silent:
        record_failed(ENDS[decision], ended.silent)
