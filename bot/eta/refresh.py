"""Keeping something that was fetched from the provider fresh, through the provider's troubles."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.errors import DatabaseBusyError
from bot.eta.pacing import retry_delay
from bot.provider.errors import VeoError

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Refresher:
    """Fetches regularly; what could not be fetched is tried again after a growing wait.

    Args:
        what: is fetched, for the log, such as "prices".
        fetch: fetches and keeps it; may raise anything.
        stopping: set when the program is to stop.
        interval: seconds between two fetches.
        retry: the seconds to wait after so many failed fetches in a row.
    """

    def __init__(
        self,
        what: str,
        fetch: Callable[[], Awaitable[None]],
        stopping: asyncio.Event,
        *,
        interval: float,
        retry: Callable[[int], float] = retry_delay,
    ) -> None:
        self._what = what
        self._lost, self._found = f"could not fetch the {what}", f"fetched the {what} again"
        self._fetch = fetch
        self._stopping = stopping
        self._interval = interval
        self._retry = retry
        self._failures = 0  # in a row

    async def run(self) -> None:
        """Keep it fresh until `stopping` is set."""
        async with asyncio.TaskGroup() as group:
            refreshing = group.create_task(self._refresh_regularly(), name=self._what)
            await self._stopping.wait()
            refreshing.cancel()  # a call may be waiting for its answer, for a minute

    async def _refresh_regularly(self) -> None:
        while True:
            try:
                await self._fetch()
            except Exception as error:  # noqa: BLE001 whatever it is, videos are made without it too
                self._tell_failure(error)
                wait = self._retry(self._failures)
                self._failures += 1
            else:
                if self._failures:
                    log.info(self._found)
                wait = self._interval
                self._failures = 0
            await asyncio.sleep(wait)

    def _tell_failure(self, error: Exception) -> None:
        if not self._failures:
            unforeseen = None if isinstance(error, VeoError | DatabaseBusyError) else error
            log.warning(
                self._lost,
                reason=str(error),
                kind=type(error).__name__,
                exc_info=unforeseen,
            )
