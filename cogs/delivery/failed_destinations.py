"""Destinations that refused the bot, remembered for a while, so that it does not ask again and again.

Discord bans an address that makes 10,000 invalid requests in 10 minutes ("Rate Limits", Invalid Request
Limit). The memory is a courtesy to Discord and may be lost: a restart asks each destination once more.
Destinations with a long rate limit are remembered too, and passed over until it ends.
"""

import time
from collections.abc import Callable, Mapping

import discord
from cachetools import FIFOCache

from bot.discord_client.discord_py import RATE_LIMIT_WAIT_SECONDS
from cogs.ui.discord_errors import retry_after

# Missing access, missing permissions, invalid token of a webhook, unknown channel or guild.
LASTING_CODES = frozenset({10003, 10004, 50001, 50007, 50013, 50027, 50278})
REFUSAL_TTL_SECONDS = 900.0  # a moderator may have mended the permissions by then
MAX_DESTINATIONS = 10_000  # destinations; the oldest are forgotten first

Destination = tuple[str, int]


class FailedDestinations:
    """Destinations that refused something: a kind of call, and the id that it was for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._refused = FIFOCache[Destination, float](MAX_DESTINATIONS)  # until when
        self._limited = FIFOCache[Destination, float](MAX_DESTINATIONS)

    def remember(self, destination: Destination, error: Exception) -> None:
        """Remember the refusal, if asking again would be refused too, or a rate limit that lasts."""
        if isinstance(error, discord.HTTPException) and error.code in LASTING_CODES:
            self._refused[destination] = self._clock() + REFUSAL_TTL_SECONDS
        elif (wait := retry_after(error) or 0.0) > RATE_LIMIT_WAIT_SECONDS:
            self._limited[destination] = self._clock() + wait

    def has(self, destination: Destination) -> bool:
        """Whether the destination refused lately."""
        return self._left(self._refused, destination) > 0

    def wait(self, destination: Destination) -> float:
        """Return for how many seconds the destination is limited; 0: it is not."""
        return max(self._left(self._limited, destination), 0.0)

    def _left(self, memory: Mapping[Destination, float], destination: Destination) -> float:
        return memory.get(destination, 0.0) - self._clock()
