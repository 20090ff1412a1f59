"""Events shared by a process's tasks: new work and shutdown; waiting and repeating until then."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog

from bot.errors import DatabaseBusyError
from bot.outages import Outage

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

    An error ends nothing: it is logged as the event `failed`, and as one trouble as long as it lasts.
    """
    attempts = Attempts(failed)
    with suppress(StoppingError):
        while True:
            await attempts.make(job)
            await pause(seconds, stopping)


class Attempts:
    """Tries of one job that is done again and again, whatever happens to it.

    Args:
        failed: the event of the log where it fails.
    """

    def __init__(self, failed: str) -> None:
        self._failed = failed
        self._database, self._other = Outage(), Outage()

    async def make(self, job: Callable[[], Awaitable[T]]) -> T | None:
        """Do it once; return None where it fails.

        Raises:
            StoppingError: the program is to stop.
        """
        try:
            result = await job()
        except StoppingError:
            raise
        except DatabaseBusyError:  # why, and when it's over, is logged where it arose
            if (so_far := self._database.failed("")) is not None:
                log.error(self._failed, **so_far)
        except Exception as error:
            if (so_far := self._other.failed(repr(error))) is not None:
                log.exception(self._failed, **so_far)
        else:
            self._database.worked()
            if (past := self._other.worked()) is not None:
                log.info("works again", after=self._failed, **past)
            return result
        return None
