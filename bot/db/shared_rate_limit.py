"""A rate limit that all processes on a database share: one call at a time, so and so far apart."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.locks import Lock
from bot.db.models import StateRow

PREFIX = "turn: "
CLOCK_SKEW = timedelta(seconds=10)  # by which the clocks of several hosts may differ


class SharedRateLimit:
    """Gives slots by their name. Nobody keeps a position in a line, so a process that dies blocks nobody.

    Args:
        wait: waits so many seconds; whatever it raises leaves `acquire` too.
    """

    def __init__(
        self,
        database: Database,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._wait = wait
        self._clock = clock

    async def acquire(self, name: str, spacing: timedelta) -> None:
        """Wait for a slot and take it; the next one comes `spacing` later at the earliest.

        Raises:
            DatabaseBusyError: nothing can be written now.
        """
        while seconds := await self._try(f"{PREFIX}{name}", spacing):
            await self._wait(seconds)

    async def _try(self, name: str, spacing: timedelta) -> float:
        """Take the slot if it is free and return 0, else return the seconds until it may be."""

        def take(session: Session) -> float:
            row = session.get(StateRow, name)
            now = self._clock()  # a busy database may have kept us waiting
            free_at = now if row is None else datetime.fromisoformat(row.value)
            # One that is further away comes from a clock that was set back.
            if now < free_at <= now + spacing + CLOCK_SKEW:
                return (free_at - now).total_seconds()
            session.merge(StateRow(name=name, value=(now + spacing).isoformat()))
            return 0.0

        return await self._database.write(take, Lock.STATE)
