"""Servers' documents as they were a moment ago, for what is suggested while somebody types.

A document is in no process's memory otherwise: every decision reads it in its own transaction. Suggestions
decide nothing, come with every key, and are of no use late. So one is read with a short deadline and kept for
a few seconds; nobody has to tell this memory of changes, which other processes make too.
"""

import asyncio
from collections.abc import Callable

from cachetools import FIFOCache

from bot.clock import monotonic
from bot.db.database import Database
from bot.errors import DatabaseBusyError
from bot.policy.documents import Policy
from bot.policy.store import fetch_policy

KEPT_SECONDS = 5.0
READING_TIMEOUT_SECONDS = 0.5  # Discord forgets suggestions after three
MAX_SERVERS = 1000


class RecentPolicies:
    """Remembers the documents of the servers in which somebody types. `clock`: monotonic, in seconds."""

    def __init__(self, database: Database, clock: Callable[[], float] = monotonic) -> None:
        self._database = database
        self._clock = clock
        self._kept = FIFOCache[int, tuple[float, Policy]](MAX_SERVERS)

    async def find(self, guild_id: int) -> Policy | None:
        """Return a server's document as it was at most `KEPT_SECONDS` ago; None: it can't be read in time."""
        kept = self._kept.get(guild_id)
        if kept is not None and self._clock() - kept[0] < KEPT_SECONDS:
            return kept[1]
        try:
            async with asyncio.timeout(READING_TIMEOUT_SECONDS):
                policy = await self._database.read(
                    lambda session: fetch_policy(session, guild_id), hurried=True
                )
        except (TimeoutError, DatabaseBusyError):
            return None
        self._kept[guild_id] = (self._clock(), policy)
        return policy
