"""Signs of life that are looked at all the time, and the end of a program that hangs.

The signs are how late the event loop is, and when Discord last answered. A blocked event loop can do nothing
about itself, and Docker only shows an unhealthy container. So a thread without Python in it waits for the
loop's signs of life; after the last one it prints where every thread stands, file by file and line by line
without any values, and ends the process at once with exit code 1. Docker or systemd starts it again, and
the work goes on from its rows.
"""

import asyncio
import faulthandler
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

from bot.metrics.metrics import CONNECTED, HEARTBEAT, LAG, WORST_LAG

LOOK_INTERVAL = 0.25  # seconds
LAG_MEMORY = 15.0  # seconds for which a late event loop is remembered
HUNG_AFTER = 120.0  # seconds; suspended machines are not counted, since their clock stands still
BEATS = 12  # in that time


@dataclass(slots=True)
class Lags:
    """The lags of the event loop. Pure: times are seconds on the caller's clock.

    Attributes:
        seen: when, and how late; the oldest first.
    """

    seen: deque[tuple[float, float]] = field(default_factory=deque[tuple[float, float]])

    def record(self, now: float, lag: float) -> None:
        """Record that it was `lag` seconds late."""
        self.seen.append((now, lag))
        self.forget(now)

    def forget(self, now: float) -> None:
        """Forget what is too long ago."""
        while self.seen and self.seen[0][0] <= now - LAG_MEMORY:
            self.seen.popleft()

    def worst(self, now: float) -> float:
        """Return the worst lag of the last time; an outstanding look counts as far as it is late."""
        self.forget(now)
        late = now - self.seen[-1][0] - LOOK_INTERVAL if self.seen else 0.0
        return max([0.0, late, *(lag for _, lag in self.seen)])


class Connection(Protocol):
    """The connection to Discord."""

    @property
    def is_connected(self) -> bool:
        """Whether Discord answers; at a gateway, whether commands arrive."""
        ...


class Gateway(Connection, Protocol):
    """The connection to Discord, as `bot.discord_client.client.VeoBot` knows it."""

    @property
    def heard_at(self) -> float | None:
        """Discord's last answer to a heartbeat, on the monotonic clock; None: it was never connected."""
        ...

    @property
    def heartbeat_interval(self) -> float:
        """Seconds between two heartbeats, as Discord wants it."""
        ...


class LivenessProbe:
    """Looks at the event loop and the gateway, several times a second.

    Args:
        gateway: None: this process has none.
    """

    def __init__(self, gateway: Gateway | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._gateway = gateway
        self._clock = clock
        self._lags = Lags()
        self._heard_at = clock()  # never: counted from the start

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            due = self._clock() + LOOK_INTERVAL
            await asyncio.sleep(LOOK_INTERVAL)
            now = self._clock()
            lag = max(0.0, now - due)
            self._lags.record(now, lag)
            LAG.observe(lag)
            WORST_LAG.set(self._lags.worst(now))
            self._look_at_gateway(now)

    @property
    def lag(self) -> float:
        """The worst lag of the last seconds."""
        return self._lags.worst(self._clock())

    @property
    def heartbeat_age(self) -> float:
        """Seconds since Discord answered a heartbeat, or since the start."""
        return self._clock() - self._heard_at

    def _look_at_gateway(self, now: float) -> None:
        if self._gateway is None:
            return
        heard_at = self._gateway.heard_at
        if heard_at is not None:
            self._heard_at = max(self._heard_at, heard_at)
        CONNECTED.set(self._gateway.is_connected)
        HEARTBEAT.set(now - self._heard_at)


@asynccontextmanager
async def ended_when_hung(after: float = HUNG_AFTER) -> AsyncGenerator[None]:
    """End the process when the event loop has not run for so many seconds."""
    living = asyncio.create_task(_beat(after), name="signs of life")
    try:
        yield
    finally:
        living.cancel()
        with suppress(asyncio.CancelledError):
            await living
        faulthandler.cancel_dump_traceback_later()


async def _beat(after: float) -> None:
    while True:
        faulthandler.dump_traceback_later(after, exit=True)
        await asyncio.sleep(after / BEATS)
