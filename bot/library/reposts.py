"""Posting a delivered video again: who may, where, and which messages show it after that."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import stamina
import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.admission.check_request import AdmissionContext, Requester, check_channel, check_words
from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.models import TAKEDOWN_GRACE, Generation, Status
from bot.errors import DatabaseBusyError, NotFoundError, RepeatedError, UserError
from bot.i18n import _, ngettext
from bot.jobs.ports import Posted
from bot.media.files import VideoStore
from bot.policy.store import fetch_rules

REPOST_TIME = timedelta(minutes=1)  # a post that is not written down after this has failed
WRITE_PATIENCE = timedelta(seconds=30)  # a message that is there is worth waiting for a locked database
MAX_POSTS = 10  # messages that show one video: all of them must be found when it is taken down

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class CannotRepostError(UserError):
    """There is nothing that could be posted again; the sentence says why."""


class Reposts:
    """Decides about posts of videos that were delivered before, and keeps track of them."""

    def __init__(self, database: Database, videos: VideoStore, clock: Clock = utc_now) -> None:
        self._database = database
        self._videos = videos
        self._clock = clock

    async def claim(self, requester: Requester, generation_id: str) -> Generation:
        """Begin to post one of the requester's own videos again; end with `finish` or `give_up`.

        Raises:
            NotFoundError: it is not there, or somebody else's, or another server's.
            CannotRepostError: there is no video (any more).
            RefusedError: a rule of the server does not allow it there.
            RepeatedError: it is being posted already.
            DatabaseBusyError: nothing can be recorded now.
        """
        now = self._clock()
        own = (Generation.guild_id == requester.guild_id, Generation.user_id == requester.user_id)

        def claim(session: Session) -> Generation:
            generation = session.scalar(select(Generation).where(Generation.id == generation_id, *own))
            if generation is None:
                raise NotFoundError
            _ensure_postable(generation)
            policy, member_policy = fetch_rules(session, requester.guild_id, requester.user_id)
            refusal = check_channel(requester, AdmissionContext(policy, member_policy), now) or check_words(
                generation.prompt, policy
            )
            if refusal is not None:
                raise refusal
            if _is_being_posted(generation, now):
                raise RepeatedError
            generation.posting_at = now
            return generation

        return await self._database.write(claim, requester.guild_id, hurried=True)

    def find_original(self, generation_id: str) -> Path | None:
        """Return the file that was kept, or None."""
        return self._videos.find_original(generation_id)

    async def finish(
        self, claimed: Generation, posted: Posted, earlier: Sequence[Posted]
    ) -> Generation | None:
        """Write down the new message, and those that still show the video; None: it was forgotten meanwhile.

        One that was removed meanwhile is returned all the same, and its messages are to be deleted once more:
        who deletes the new one may fail, or not get to it.
        """
        values: dict[str, object] = {
            "result_id": posted.message_id,
            "result_channel_id": posted.channel_id,
            "earlier_posts": [[post.channel_id, post.message_id] for post in earlier] or None,
        }
        return await self._end(claimed, values)

    async def give_up(self, claimed: Generation) -> None:
        """Let another try begin at once."""
        await self._end(claimed, {})

    @stamina.retry(on=DatabaseBusyError, attempts=None, timeout=WRITE_PATIENCE, wait_max=2)
    async def _end(self, claimed: Generation, values: dict[str, object]) -> Generation | None:
        here = (Generation.id == claimed.id, Generation.erased_at.is_(None))
        ended = update(Generation).where(*here).values(posting_at=claimed.delivered_at, **values)

        def end(session: Session) -> Generation | None:
            row = session.scalar(ended.returning(Generation))
            if values and row is not None and row.removed_at is not None:
                row.take_down_at = self._clock() + TAKEDOWN_GRACE
            return row

        return await self._database.write(end)


def posts_of(generation: Generation) -> list[Posted]:
    """Return the messages that show the video, the newest first."""
    earlier = [Posted(message, channel) for channel, message in generation.earlier_posts or [] if message]
    if generation.result_id is None:
        return earlier
    return [Posted(generation.result_id, generation.result_channel_id), *earlier]


def _ensure_postable(generation: Generation) -> None:
    if generation.status is not Status.SUCCEEDED or generation.delivered_at is None:
        raise CannotRepostError(_("There's no finished video with that ID to post. Nothing was posted."))
    if generation.removed_at is not None:
        raise CannotRepostError(_("This video was removed, so I won't post it again. Nothing was posted."))
    if generation.erased_at is not None:
        raise CannotRepostError(
            _("The link to this video was deleted, so I can't find it anymore. Nothing was posted.")
        )
    if len(generation.earlier_posts or []) >= MAX_POSTS - 1:
        raise CannotRepostError(
            ngettext(
                "This video was posted {count} time, which is the maximum. Nothing was posted.",
                "This video was posted {count} times, which is the maximum. Nothing was posted.",
                MAX_POSTS,
            )
        )


def _is_being_posted(generation: Generation, now: datetime) -> bool:
    begun, delivered = generation.posting_at, generation.delivered_at
    return begun is not None and delivered is not None and begun > max(delivered, now - REPOST_TIME)
