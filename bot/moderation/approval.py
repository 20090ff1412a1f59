"""Finished videos that moderators see before they're posted: shown once by who has the file, then left alone.

The row's review is its outbox: while `post_at` is due, the runner takes the row (`bot.jobs.fair_order`) and
this shows it. After a decision nobody runs the row any more, and the same runner delivers it, or its end.
"""

from dataclasses import replace
from datetime import timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.admission.reviewing import new_review
from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.db.review_models import HAS_REQUESTS, IN_REVIEW, ReviewRow, ReviewStage
from bot.jobs.ports import (
    DeliveryPort,
    DeliveryPostponedError,
    FetchClip,
    HeldVideo,
    Posted,
    UndeliverableError,
)
from bot.jobs.steps.upload import Upload
from bot.media.files import Clip, MediaError
from bot.moderation.outbox import REFUSED_WAIT, record_shown, wait_after
from bot.policy.store import fetch_policy

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

NOW = timedelta()  # nothing is left to do: the row is held until somebody decides, or it's to be shown again


class Approval:
    """Asks moderators about finished videos (see `bot.jobs.ports.ApprovalPort`)."""

    def __init__(
        self,
        database: Database,
        delivery: DeliveryPort,
        upload: Upload[HeldVideo],
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._delivery = delivery
        self._upload = upload
        self._clock = clock

    async def ask(self, generation: Generation, fetch: FetchClip) -> timedelta:
        """Open the review once the file is here, and show it; what fails for now is tried again later.

        Raises:
            MediaError: the file cannot be had now, and nobody was asked yet.
        """
        review, clip = await self._database.read(lambda session: _find_open(session, generation)), None
        if review is None:
            generation, clip = await fetch(generation)
            opened = await self._open(generation)
            if opened is None:
                return NOW
            generation, review = opened
        await self._show_card(generation)
        held = await self._aim(review, generation)
        if held is None:
            return NOW
        try:
            shown = await self._show(held, clip, fetch)
        except (DeliveryPostponedError, MediaError) as error:
            log.warning(
                "could not show a finished video to moderators yet", review=review.id, reason=str(error)
            )
            return wait_after(error)
        except UndeliverableError as error:
            log.warning(
                "could not post a finished video in the moderators' channel",
                review=review.id,
                reason=str(error),
            )
            return REFUSED_WAIT
        await self._database.write(
            lambda session: self._record_shown(session, review, shown), review.guild_id
        )
        return NOW

    def _record_shown(self, session: Session, review: ReviewRow, shown: Posted) -> None:
        """Record it, and forget the tries that failed: what comes next has as many of its own."""
        record_shown(session, review, review.post_at, shown, self._clock())
        held = update(Generation).where(Generation.review_id == review.id, IN_REVIEW)
        session.execute(held.values(attempts=0).execution_options(synchronize_session=False))

    async def _open(self, generation: Generation) -> tuple[Generation, ReviewRow] | None:
        """Write down what is to be decided, once: of two processes that want to, one can.

        None: the row is not as `generation` shows it; a review of it was decided since, or it was cancelled.
        """

        def open_review(session: Session) -> tuple[Generation, ReviewRow] | None:
            same = (
                Generation.status == Status.SUCCEEDED,
                Generation.review_id.is_not_distinct_from(generation.review_id),
                Generation.review_until.is_not_distinct_from(generation.review_until),
            )
            with session.begin_nested() as savepoint:
                review = new_review(session, generation, ReviewStage.POSTED, self._clock())
                opened = update(Generation).where(Generation.id == generation.id, *same)
                values = opened.values(review_id=review.id, review_until=review.ends_at)
                row = session.scalar(
                    values.returning(Generation).execution_options(synchronize_session=False)
                )
                if row is None:
                    savepoint.rollback()
                    return None
            return row, review

        return await self._database.write(open_review)

    async def _aim(self, review: ReviewRow, generation: Generation) -> HeldVideo | None:
        """Return what to show and where; None: it's decided or over, or the server has no channel for it now.

        That it may be there is written down before, since nobody may learn of its message.
        """

        def aim(session: Session) -> HeldVideo | None:
            row, channel_id = session.get_one(ReviewRow, review.id), _channel_of(session, review)
            if row.decision is not None or not _is_waiting(session, review):
                return None
            if channel_id is None:
                row.post_at = None  # until there is one (`show_open_reviews`)
                return None
            if review.message_id is None:
                row.channel_id = channel_id
            return HeldVideo(review, generation, channel_id)

        return await self._database.write(aim, review.guild_id)

    async def _show(self, held: HeldVideo, clip: Clip | None, fetch: FetchClip) -> Posted:
        """Post it, unless an earlier try did, or its message is still there."""
        found = None if held.review.channel_id is None else await self._upload.find(held)
        if found is not None:
            return found
        if clip is None:
            generation, clip = await fetch(held.generation)
            held = replace(held, generation=generation)
        return await self._upload.post(held, clip, _begin)

    async def _show_card(self, generation: Generation) -> None:
        try:
            await self._delivery.show_state(generation)
        except DeliveryPostponedError as error:
            log.warning("could not update the card yet", reason=str(error))


async def _begin(held: HeldVideo) -> HeldVideo:
    """Do nothing: that it may be there is written down already."""
    return held


def _find_open(session: Session, generation: Generation) -> ReviewRow | None:
    row = None if generation.review_id is None else session.get(ReviewRow, generation.review_id)
    return row if row is not None and row.decision is None else None


def _is_waiting(session: Session, review: ReviewRow) -> bool:
    """Whether there is still something to decide about; it may have been cancelled a moment ago."""
    waiting = select(ReviewRow.id).where(ReviewRow.id == review.id, HAS_REQUESTS)
    return session.scalar(waiting) is not None


def _channel_of(session: Session, review: ReviewRow) -> int | None:
    return fetch_policy(session, review.guild_id).moderators_channel_id
