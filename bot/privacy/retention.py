"""Forgets prompts, links and videos when their time is over, and tidies up files that nobody needs."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.film_models import FilmRow
from bot.db.models import Generation, QuoteRow
from bot.db.state import forget_previews
from bot.errors import DatabaseBusyError
from bot.media.file_age import later_if_not_now
from bot.media.files import VideoStore
from bot.media.orphaned_files import OrphanedFiles
from bot.privacy.appeals import drop_appeals, end_unanswered
from bot.privacy.erasure import (
    ASKED_TO_FORGET,
    BATCH,
    anonymize_batch,
    erase_batch,
    forget_film_offers,
    forget_picture_links,
    forget_quotes,
    forget_strikes,
    select_dead_links,
    unlink_batch,
    unlink_films,
)
from bot.privacy.reviews import drop_reviews, forget_reviews, select_forgotten, select_wordless
from bot.signals import StoppingError, pause

CLEAN_INTERVAL = 3600.0  # seconds
RETRY_INTERVAL = 60.0  # seconds, after a database that could not be written

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Retention:
    """Cleans up until the program stops.

    Args:
        videos: where the originals of videos lie that were posted in a smaller form.
        orphaned_files: what else lies about.
        keep: how long prompts, links and originals are kept; None: until the member asks.
    """

    def __init__(
        self,
        database: Database,
        videos: VideoStore,
        orphaned_files: OrphanedFiles,
        *,
        keep: timedelta | None,
        stopping: asyncio.Event,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._videos = videos
        self._orphaned_files = orphaned_files
        self._keep = keep
        self._stopping = stopping
        self._clock = clock

    async def run(self) -> None:
        """Clean up now and every hour until `stopping` is set."""
        with suppress(StoppingError):
            while True:
                is_clean = await self._try_to_clean()
                await pause(CLEAN_INTERVAL if is_clean else RETRY_INTERVAL, self._stopping)

    async def clean(self) -> None:
        """Clean up once: erase what is due, take members off what they asked to forget, drop what is dead.

        Raises:
            DatabaseBusyError: the database cannot be written now; what was done stays done.
            OSError: a file cannot be deleted; the same holds.
        """
        now = self._clock()
        due: list[ColumnElement[bool]] = [ASKED_TO_FORGET]
        if self._keep is not None:
            due.append(Generation.delivered_at <= now - self._keep)
        await self._repeat(unlink_batch)
        await self._database.write(unlink_films)
        offers = await self._repeat(lambda session: forget_quotes(session, QuoteRow.expires_at <= now))
        offers += await self._repeat(lambda session: forget_film_offers(session, FilmRow.expires_at <= now))
        erased = 0
        for condition in due:  # one after the other: each has its index
            erased += await self._repeat(partial(erase_batch, condition=condition, now=now))
        anonymous = await self._repeat(lambda session: anonymize_batch(session, now))
        unanswered = await self._database.write(lambda session: end_unanswered(session, now, self._keep))
        forgotten = {
            "offers": offers,
            "unanswered_appeals": unanswered,
            "appeals": await self._database.write(lambda session: drop_appeals(session, now, self._keep)),
            "reviews": await self._forget_each(select_forgotten, drop_reviews),
            "reviewed": await self._forget_each(select_wordless, partial(forget_reviews, now=now)),
            "previews": await self._database.write(lambda session: forget_previews(session, now)),
            "strikes": await self._repeat(lambda session: forget_strikes(session, now)),
            "erased": erased,
            "anonymous": anonymous,
            "picture_links": await self._forget_each(
                partial(select_dead_links, now=now), forget_picture_links
            ),
            "originals": await self._discard_originals(),
        }
        if any(forgotten.values()):
            log.info("forgotten", **forgotten)
        if tidied := await self._orphaned_files.discard():
            log.info("deleted orphaned files", files=tidied)

    async def _forget_each(
        self,
        find: Callable[[Session], Sequence[str]],
        forget: Callable[[Session, Collection[str]], None],
    ) -> int:
        """Forget what `find` returns, one batch after the other; return how many rows it were."""
        found = await self._database.read(find)
        for start in range(0, len(found), BATCH):
            batch = found[start : start + BATCH]
            await self._database.write(lambda session, batch=batch: forget(session, batch))
        return len(found)

    async def _discard_originals(self) -> int:
        """Delete the originals of videos that were forgotten or taken down; return how many."""
        lying = sorted(await asyncio.to_thread(self._videos.list_originals))
        discarded = 0
        for start in range(0, len(lying), BATCH):
            batch = lying[start : start + BATCH]
            for generation_id in set(batch) - await self._select_kept(batch):
                with later_if_not_now():
                    await asyncio.to_thread(self._videos.discard_original, generation_id)
                    discarded += 1
        return discarded

    async def _select_kept(self, generation_ids: Collection[str]) -> set[str]:
        """Return those whose video is neither forgotten nor taken down."""
        query = select(Generation.id).where(
            Generation.id.in_(generation_ids), Generation.erased_at.is_(None), Generation.removed_at.is_(None)
        )
        return await self._database.read(lambda session: set(session.scalars(query)))

    async def _try_to_clean(self) -> bool:
        try:
            await self.clean()
        except DatabaseBusyError:  # an outage may last; its reason is logged where it arose
            log.error("could not delete prompts and links")
            return False
        except Exception:  # whatever it is, the rest of the program goes on
            log.exception("could not delete prompts and links")
            return False
        return True

    async def _repeat(self, forget: Callable[[Session], int]) -> int:
        """Forget one batch after the other, each in its own transaction; return how many rows it were."""
        total, latest = 0, BATCH
        while latest == BATCH and not self._stopping.is_set():
            latest = await self._database.write(forget)
            total += latest
        return total
