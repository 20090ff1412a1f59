"""Clocks in a test's hands, and waiting for something with a bounded deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.clock import utc_now

LOOK_INTERVAL = 0.01  # seconds between two looks


class StoppedClock:
    """A moment that changes only when a test says so."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        """Let `by` pass at once."""
        self.now += by


class JumpingClock:
    """The real time, which a test can let jump ahead."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._set_by = timedelta()
        self._began = utc_now()

    def __call__(self) -> datetime:
        return utc_now() + self._ahead + self._set_by

    def monotonic(self) -> float:
        """Return seconds by a clock that cannot be set."""
        return (utc_now() + self._ahead - self._began).total_seconds()

    def set(self, by: timedelta) -> None:
        """Set the clock, while no time passes."""
        self._set_by += by

    def advance(self, by: timedelta) -> None:
        """Let `by` pass at once."""
        self._ahead += by


async def until(what: str, look: Callable[[], Awaitable[bool]], *, seconds: float = 30) -> None:
    """Wait for `look` to be true; fail with `what` when it does not become true in time."""
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    while not await look():
        assert clock() < end, f"within {seconds} s it never happened that {what}"
        await asyncio.sleep(LOOK_INTERVAL)
