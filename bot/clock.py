"""The program's clocks: one for moments that are stored or shown, one that nobody can set."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

# By how much clocks of several machines may differ; what is dated later comes from a clock that was ahead.
CLOCK_SKEW = timedelta(minutes=1)


def utc_now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return seconds that only grow, from no particular moment on."""
    return time.monotonic()
