"""Forgets prompts and links when their time is over."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, or_
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock, utc_now
from bot.database import Database
from bot.erasure import BATCH, anonymize_batch, erase_batch, unlink
from bot.models import Generation
from bot.steps.errors import StoppingError
from bot.steps.timing import pause

CLEAN_INTERVAL = 3600.0  # seconds
RETRY_INTERVAL = 60.0  # seconds, after a database that could not be written

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Retention:
    """Cleans up until the program stops.

    Args:
        keep: how long prompts and links are kept; None: until the member asks.
    """

    def __init__(
        self, database: Database, *, keep: timedelta | None, stopping: asyncio.Event, clock: Clock = utc_now
    ) -> None:
        self._database = database
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
        """Clean up once: erase what is due, and take members off what they asked to forget.

        Raises:
            DatabaseBusyError: the database cannot be written now; what was done stays done.
        """
        now = self._clock()
        due: list[ColumnElement[bool]] = [Generation.erase_at.is_not(None)]
        if self._keep is not None:
            due.append(Generation.delivered_at <= now - self._keep)
        async with self._database.write() as session:
            await unlink(session)
        erased = await self._repeat(lambda session: erase_batch(session, or_(*due), now))
        anonymous = await self._repeat(lambda session: anonymize_batch(session, now))
        if erased or anonymous:
            log.info("forgotten", erased=erased, anonymous=anonymous)

    async def _try_to_clean(self) -> bool:
        try:
            await self.clean()
        except Exception:  # whatever the database has, the rest of the program goes on
            log.exception("prompts and links cannot be forgotten")
            return False
        return True

    async def _repeat(self, forget: Callable[[AsyncSession], Awaitable[int]]) -> int:
        """Forget one batch after the other, each in its own transaction; return how many rows it were."""
        total, latest = 0, BATCH
        while latest == BATCH and not self._stopping.is_set():
            async with self._database.write() as session:
                latest = await forget(session)
            total += latest
        return total
