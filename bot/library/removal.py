"""Taking a finished video down, for whoever asked for it and for moderators."""

from contextlib import suppress
from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.film_models import FilmRow
from bot.db.guild_models import Action
from bot.db.models import TAKEDOWN_GRACE, Generation, Status
from bot.errors import DatabaseBusyError, NotFoundError, UserError
from bot.i18n import _
from bot.jobs.ports import Posted
from bot.library.reposts import posts_of
from bot.policy import audit

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class NothingToRemoveError(UserError):
    """There is no video, or it is still on its way."""

    def __init__(self) -> None:
        super().__init__(_("There's no finished video with that ID to delete. Nothing changed."))


class Removal:
    """Writes down that a video is taken down; its messages are deleted after that."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def remember(self, generation: Generation, shown_at: Posted) -> Generation:
        """Record where somebody saw a video, if its message isn't recorded (any more), and return the row.

        It isn't where Discord's answer to a repost was lost. `bot.privacy.erasure` forgets it after a while.

        Raises:
            DatabaseBusyError: nothing can be recorded now.
        """
        if not _is_unknown(generation, shown_at):
            return generation

        def remember(session: Session) -> Generation | None:
            row = session.get(Generation, generation.id, with_for_update=True)
            if row is not None and _is_unknown(row, shown_at):
                if row.result_id is None:
                    row.result_id, row.result_channel_id = shown_at.message_id, shown_at.channel_id
                else:
                    new = [shown_at.channel_id, shown_at.message_id]
                    row.earlier_posts = [*(row.earlier_posts or []), new]
            return row

        return await self._database.write(remember, hurried=True) or generation

    async def remove(self, guild_id: int, generation_id: str, actor_id: int) -> Generation:
        """Mark a video as removed; whether the actor may is decided before. The retention deletes files.

        One that is removed already stays as it is, and is returned all the same: deleting its messages
        may have failed. Its slot is not given back.

        Raises:
            NotFoundError: this server has no such generation.
            NothingToRemoveError: it has no video, or none yet.
            DatabaseBusyError: nothing can be recorded now.
        """
        now = self._clock()
        query = select(Generation).where(Generation.id == generation_id, Generation.guild_id == guild_id)

        def remove(session: Session) -> Generation:
            generation = session.scalar(query)
            if generation is None:
                raise NotFoundError
            if generation.removed_at is not None:
                return generation
            if not is_shown(generation):
                raise NothingToRemoveError
            generation.removed_at, generation.video_url = now, None
            generation.take_down_at = now + TAKEDOWN_GRACE
            if actor_id != generation.user_id:
                audit.record(
                    session,
                    guild_id,
                    actor_id,
                    Action.VIDEO_DELETE,
                    now,
                    subject=f"generation:{generation_id}",
                    new={"user_id": generation.user_id},
                )
            return generation

        generation = await self._database.write(remove, guild_id, hurried=True)
        log.info("removed", generation=generation_id, guild=guild_id, actor=actor_id)
        return generation

    async def finish(self, row: Generation | FilmRow) -> None:
        """Note that no message of a removed video or film is left; if that fails, it's looked for again.

        `row`: as it was before its messages were deleted.
        """
        seen = row.take_down_at
        if seen is not None:
            with suppress(DatabaseBusyError):
                await self._database.write(
                    lambda session: record_taken_down(session, row, seen), hurried=True
                )


def record_taken_down(session: Session, row: Generation | FilmRow, seen: datetime) -> None:
    """Write down that no message of a removed video or film is left to delete.

    `seen`: when that was due before they were deleted; it's moved where there is another one since then.
    """
    table = type(row)
    done = update(table).where(table.id == row.id, table.take_down_at == seen)
    session.execute(done.values(take_down_at=None))


def is_shown(generation: Generation) -> bool:
    """Whether a message with the video was posted and not taken down; its card may still wait."""
    is_posted = generation.status is Status.SUCCEEDED and generation.result_id is not None
    return is_posted and generation.removed_at is None


def _is_unknown(generation: Generation, shown_at: Posted) -> bool:
    """Whether a message with a video isn't among those that are recorded; the delivery records its own."""
    if generation.erased_at is None and not _is_delivered(generation):
        return False
    return shown_at.message_id not in {post.message_id for post in posts_of(generation)}


def _is_delivered(generation: Generation) -> bool:
    return generation.status is Status.SUCCEEDED and generation.delivered_at is not None
