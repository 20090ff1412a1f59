"""Servers that removed the bot while requests waited there: what was not sent is cancelled, and free.

The gateway tells of a removal once, to one process, and not at all while that is not connected. So this looks
now and then, and a request is looked at once more before it is sent (`bot.jobs.steps.readiness`).
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.jobs.cancellation import Cancellation
from bot.signals import run_every

LOOK_INTERVAL = 60.0  # seconds

IsGone = Callable[[int], Awaitable[bool]]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


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
