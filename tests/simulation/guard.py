"""What a run must not touch: threads, programs, sockets, the wall clock, real chance. A touch fails the run.

Time and chance are led to the simulation's own; the rest raises, and is remembered if somebody swallows it.
"""

import os
import random
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from typing import Any, Self
from unittest.mock import patch

# Modules that ask for the present moment themselves; `tests.lint.clocks` finds others in the bot.
DATED = (
    "bot.clock",
    "sandbox.ledger",
    "sandbox.request_log",
    "sandbox.reports",
    "sandbox.terms",
    "sandbox.refusals",
)
FORBIDDEN: tuple[tuple[Any, str], ...] = (
    (threading.Thread, "start"),
    (subprocess.Popen, "_execute_child"),
    (socket.socket, "connect"),
    (socket.socket, "bind"),
    (socket, "getaddrinfo"),
    (time, "sleep"),
    (os, "fork"),
)


class OutsideError(BaseException):
    """Something reached for the real world."""


class Guard:
    """Keeps the real world out while a run is on.

    Args:
        now: the simulation's moment, by the clock of the process that asks.
        seconds: the simulation's clock that nobody can set.
        chance: where all randomness comes from.

    Attributes:
        touches: what reached for the real world.
    """

    def __init__(
        self, now: Callable[[], datetime], seconds: Callable[[], float], chance: random.Random
    ) -> None:
        self._now = now
        self._seconds = seconds
        self._chance = chance
        self.touches: list[str] = []

    @contextmanager
    def closed(self) -> Generator[None]:
        """Keep the real world out."""
        state = random.getstate()
        with ExitStack() as stack:
            for place, name in FORBIDDEN:
                stack.enter_context(patch.object(place, name, self._forbidden(getattr(place, name))))
            for place, name, instead in self._led():
                stack.enter_context(patch.object(place, name, instead))
            random.seed(self._chance.randrange(2**32))
            try:
                yield
            finally:
                random.setstate(state)

    def _led(self) -> list[tuple[Any, str, Any]]:
        import aiohttp.connector  # noqa: PLC0415 it keeps the clock's name

        dated = self._dated()
        draw = self._chance.randbytes
        return [
            *((import_module(name), "datetime", dated) for name in DATED),
            (time, "monotonic", self._seconds),
            (time, "perf_counter", self._seconds),
            (time, "time", lambda: self._now().timestamp()),
            (aiohttp.connector, "monotonic", self._seconds),
            (os, "urandom", draw),
            (random, "_urandom", draw),
        ]

    def _forbidden(self, real: Callable[..., Any]) -> Callable[..., Any]:
        ours = threading.get_ident()

        def touch(*arguments: Any, **named: Any) -> Any:
            if threading.get_ident() != ours:  # of who runs the run, such as pytest's helpers
                return real(*arguments, **named)
            self.touches.append(f"{real.__qualname__} was called with {arguments[:2]!r}")
            raise OutsideError(real.__qualname__)

        return touch

    def _dated(self) -> type[datetime]:
        present = self._now

        class SimulatedDatetime(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                moment = present()
                return moment.astimezone(tz)  # pyright: ignore[reportReturnType]: nobody needs the subclass

        return SimulatedDatetime


def shown(moment: timedelta) -> str:
    """Return a time since the beginning as it stands in logs and stories."""
    days, rest = divmod(moment.total_seconds(), 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"day {int(days) + 1} {int(hours):02d}:{int(minutes):02d}:{seconds:06.3f}"
