"""Events shared by a process's tasks: new work and shutdown, and how to wait and repeat until then."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog

from bot.errors import DatabaseBusyError

T = TypeVar("T")

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class StoppingError(Exception):
    """The program is stopping; the row says where to go on."""


@dataclass(frozen=True, slots=True)
class Signals:
    """Set `work` when there may be something to do, `stopping` when the program is to stop."""

    work: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, seconds: float) -> None:
        """Wait so long.

        Raises:
            StoppingError: the program is to stop.
        """
        await pause(seconds, self.stopping)


async def pause(seconds: float, stopping: asyncio.Event) -> None:
    """Wait, unless the program is to stop.

    Raises:
        StoppingError: it is.
    """
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return
    raise StoppingError


async def unless_stopping(work: Coroutine[Any, Any, T], stopping: asyncio.Event) -> T:
    """Return what `work` does; it's cancelled where the program is to stop before that.

    Raises:
        StoppingError: it is.
    """
    task, stop = asyncio.create_task(work), asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return await task
        raise StoppingError
    finally:
        stop.cancel()
        task.cancel()


async def run_every(
    seconds: float, stopping: asyncio.Event, job: Callable[[], Awaitable[None]], *, failed: str
) -> None:
    """Run `job` now and every so many seconds until `stopping` is set.

    An error ends nothing: it is logged as the event `failed`.
    """
    with suppress(StoppingError):
        while True:
            await _attempt(job, failed)
            await pause(seconds, stopping)


async def _attempt(job: Callable[[], Awaitable[None]], failed: str) -> None:
    try:
        await job()
    except StoppingError:
        raise
    except DatabaseBusyError:  # an outage may last; its reason is logged where it arose
        log.error(failed)
    except Exception:
        log.exception(failed)
