"""Facts about servers: from the gateway where it told, else asked for and remembered for a while.

A worker has no connection to the gateway, and a gateway hears of the servers of its own shards only.
"""

import asyncio
import time
from collections.abc import Callable

import discord
import structlog
from cachetools import FIFOCache

from cogs.ui.discord_errors import CALL_ERRORS, UNREADABLE

ANSWER_TTL_SECONDS = 600.0  # a boost or another language may come later by that
RETRY = 60.0  # seconds, after a question that was not answered
MAX_SERVERS = 1000  # servers; the oldest are forgotten first
DISCORD_TIMEOUT_SECONDS = 10.0  # for one question; nobody's video waits longer for it
GONE = frozenset({10004, 50001})  # unknown guild, missing access: the bot is not on that server

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Servers:
    """Finds servers by their ids."""

    def __init__(self, client: discord.Client, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        # Until when, and what was answered.
        self._asked = FIFOCache[int, tuple[float, discord.Guild | None]](MAX_SERVERS)
        # Servers that the bot may be on, and until when that is believed.
        self._there = FIFOCache[int, float](MAX_SERVERS)

    async def find(self, guild_id: int) -> discord.Guild | None:
        """Return a server without its channels and members; None: Discord does not tell."""
        if (present := self._client.get_guild(guild_id)) is not None:
            return present
        until, known = self._asked.get(guild_id, (0.0, None))
        if self._clock() < until:
            return known
        found = await self._fetch(guild_id)
        memory = RETRY if found is None else ANSWER_TTL_SECONDS
        # What was known before is better than nothing.
        self._asked[guild_id] = (self._clock() + memory, found or known)
        return found or known

    async def boost_level(self, guild_id: int) -> int:
        """Return a server's level as Discord told it last, and 0 where it tells nothing."""
        guild = await self.find(guild_id)
        return guild.premium_tier if guild else 0

    async def is_gone(self, guild_id: int) -> bool:
        """Whether the bot is not on a server any more; no, while Discord does not tell.

        A server with an outage is still there, and the gateway names it all the same.
        """
        if self._client.get_guild(guild_id) is not None or self._clock() < self._there.get(guild_id, 0.0):
            return False
        try:
            async with asyncio.timeout(DISCORD_TIMEOUT_SECONDS):
                await self._client.fetch_guild(guild_id, with_counts=False)
        except (*CALL_ERRORS, *UNREADABLE) as error:
            if isinstance(error, discord.HTTPException) and error.code in GONE:
                return True
            log.info("could not look up a server", guild=guild_id, reason=str(error) or repr(error))
        self._there[guild_id] = self._clock() + RETRY
        return False

    async def _fetch(self, guild_id: int) -> discord.Guild | None:
        try:
            async with asyncio.timeout(DISCORD_TIMEOUT_SECONDS):
                return await self._client.fetch_guild(guild_id, with_counts=False)
        except (*CALL_ERRORS, *UNREADABLE) as error:
            log.info("could not look up a server", guild=guild_id, reason=str(error) or repr(error))
            return None
