"""Discord's ids: 64 bits, the upper 42 of them the milliseconds since 2015 ("Snowflakes", API reference)."""

import time

DISCORD_EPOCH_MS = 1_420_070_400_000
TIME_SHIFT = 22


class Snowflakes:
    """Makes ids that carry the present time, never repeat and only grow."""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> int:
        """Return the next id."""
        now = (int(time.time() * 1000) - DISCORD_EPOCH_MS) << TIME_SHIFT
        self._last = max(self._last + 1, now)
        return self._last
