"""At most so many calls in a second, of polls or of card edits; first asked, first served."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

CATCH_UP = 0.1  # seconds that a busy process may wake too late without losing slots


@dataclass(slots=True)
class Slots:
    """The moments at which a call may be made. Pure.

    Attributes:
        gap: seconds between two of them.
        free_at: the next one, in seconds on the caller's clock.
    """

    gap: float
    free_at: float = 0.0

    def delay(self, now: float) -> float:
        """Return the seconds until the next slot."""
        return max(0.0, self.free_at - now)

    def take(self, now: float) -> None:
        """Take the next slot."""
        self.free_at = max(now, self.free_at) + self.gap


class RateLimiter:
    """Gives slots. One object for all calls that share a rate.

    Slots are given in the order in which they are asked for, as `asyncio.Lock` promises; so while there are
    too many polls, all generations are asked about once a round, and everybody's rounds grow by the same. A
    caller that is cancelled leaves the row and takes no slot. (aiolimiter allows bursts,
    and makes no promise about the order.)

    Args:
        per_second: how many slots a second has; more than 0.
        wait: waits so many seconds; whatever it raises leaves `acquire` too.
    """

    def __init__(self, per_second: float, wait: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._slots = Slots(1 / per_second)
        self._wait = wait
        self._lock = asyncio.Lock()

    async def acquire(self) -> None:
        """Wait for the caller's slot, and take it."""
        async with self._lock:
            clock = asyncio.get_running_loop().time
            due = clock()
            if delay := self._slots.delay(due):
                due += delay
                await self._wait(delay)
            self._slots.take(max(due, clock() - CATCH_UP))
