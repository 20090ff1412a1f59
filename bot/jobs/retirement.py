"""Requests that end because their model is gone, or the bot was removed from their server.

What was not sent yet ends at once, and free; not when it would be sent. The gateway tells of a removal once,
to one process, and not at all while that is not connected. So `Departures` looks now and then, and a request
is looked at once more before it is sent (`bot.jobs.steps.preparation`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta

import structlog
from sqlalchemy import not_, update
from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.models import WAITING, Generation
from bot.errors import DatabaseBusyError
from bot.failures import FailureKind
from bot.jobs.cancellation import Cancellation
from bot.jobs.endings import is_being_answered, unsent
from bot.jobs.fair_order import is_free
from bot.signals import run_every

LOOK_INTERVAL = 60.0  # seconds

IsGone = Callable[[int], Awaitable[bool]]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Retirement:
    """Ends what waits for models that are gone; the runner then tells the members.

    Any number of processes may do that at once: a row ends once. What somebody runs at the moment, or
    what is being answered, is left to the next look; the provider refuses it if it is sent before.

    Args:
        lease: of a generation, as `GenerationQueue` has it.
    """

    def __init__(self, database: Database, lease: timedelta, clock: Clock = utc_now) -> None:
        self._database = database
        self._lease = lease
        self._clock = clock

    async def end(self, models: Collection[str]) -> None:
        """End what waits for models with these ids.

        What can't be recorded now is ended by a later look.
        """
        try:
            ended = await self._database.write(
                lambda session: _end(session, models, self._clock(), self._lease)
            )
        except DatabaseBusyError:
            log.warning("could not end requests for an unavailable model yet", models=sorted(models))
            return
        if ended:
            log.warning("a model is no longer available", models=sorted(models), ended=len(ended))
            for generation in ended:
                log.info("failed", generation=generation, kind=FailureKind.MODEL_GONE.value)


def _end(session: Session, models: Collection[str], now: datetime, lease: timedelta) -> list[str]:
    ended = (
        update(Generation)
        .where(
            Generation.model.in_(models),
            Generation.status.in_(WAITING),
            is_free(now, lease),
            not_(is_being_answered(now)),
        )
        .values(**unsent(FailureKind.MODEL_GONE, now))
        .returning(Generation.id)
    )
    return list(session.scalars(ended))


class Departures:
    """Ends what waits on servers that the bot is not on any more.

    Args:
        is_gone: whether Discord says so of a server, by its id.
        stopping: set when the program is to stop.
        is_ours: whether this process looks after a server; other processes do after the others.
    """

    def __init__(
        self,
        cancellation: Cancellation,
        is_gone: IsGone,
        stopping: asyncio.Event,
        *,
        is_ours: Callable[[int], bool] = lambda _: True,
    ) -> None:
        self._cancellation = cancellation
        self._is_gone = is_gone
        self._stopping = stopping
        self._is_ours = is_ours

    async def run(self) -> None:
        """Look regularly until `stopping` is set."""
        await run_every(
            LOOK_INTERVAL,
            self._stopping,
            self.look,
            failed="could not look for servers that removed the bot",
        )

    async def look(self) -> None:
        """Cancel what waits on each server that is gone."""
        for guild_id in filter(self._is_ours, await self._cancellation.list_waiting_servers()):
            if not self._stopping.is_set() and await self._is_gone(guild_id):
                await self._cancellation.cancel_waiting(guild_id)
