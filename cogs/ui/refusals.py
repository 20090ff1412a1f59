"""Places that refused the bot, remembered for a while, so that it does not ask again and again.

Discord bans an address that makes 10,000 invalid requests in 10 minutes ("Rate Limits", Invalid Request
Limit). The memory is a courtesy to Discord and may be lost: a restart asks each place once more.
"""

import time
from collections.abc import Callable

import discord

# Missing access, missing permissions, invalid token of a webhook, unknown channel or guild.
LASTING_CODES = frozenset({10003, 10004, 50001, 50007, 50013, 50027, 50278})
MEMORY = 900.0  # seconds; a moderator may have mended the permissions by then
MOST = 10_000  # places; the oldest are forgotten first

Place = tuple[str, int]


class Refusals:
    """Which places refused what: a place is a kind of call and the id that it was for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[Place, float] = {}

    def note(self, place: Place, error: Exception) -> None:
        """Remember the refusal, if asking again would be refused too."""
        if isinstance(error, discord.HTTPException) and error.code in LASTING_CODES:
            self._until.pop(place, None)
            self._until[place] = self._clock() + MEMORY
            if len(self._until) > MOST:
                del self._until[next(iter(self._until))]

    def has(self, place: Place) -> bool:
        """Whether the place refused lately."""
        return self._until.get(place, 0.0) > self._clock()
