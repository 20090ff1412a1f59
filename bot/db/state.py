"""Facts the program keeps for itself between two runs, and a rate limit that all processes share there."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, delete
from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.locks import Lock
from bot.db.models import StateRow

PREVIEWS = "preview:"  # and when it ends, in seconds since 1970, and a number of its own
COMMANDS = "commands of "  # and an application's id: what Discord was told about the commands last
PREFIX = "turn: "
CLOCK_SKEW = timedelta(seconds=10)  # by which the clocks of several hosts may differ


async def get_state(database: Database, name: str) -> str | None:
    """Return what was kept under `name`, or None."""
    row = await database.read(lambda session: session.get(StateRow, name))
    return row.value if row else None


async def keep_state(database: Database, name: str, value: str) -> None:
    """Keep `value` under `name`, in place of what was there."""
    await database.write(lambda session: session.merge(StateRow(name=name, value=value)), Lock.STATE)


def forget_previews(session: Session, now: datetime) -> int:
    """Delete the previews whose time is over; return how many there were."""
    ended = (StateRow.name > PREVIEWS, StateRow.name < f"{PREVIEWS}{int(now.timestamp()):010d}")
    gone = session.execute(delete(StateRow).where(*ended).execution_options(synchronize_session=False))
    return cast("CursorResult[tuple[()]]", gone).rowcount


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
