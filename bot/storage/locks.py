"""Who goes first: the numbers of locks, and the turns that a process's own writers take.

Discord's ids are positive, so a server's id is the number of its lock, and the others are negative.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from enum import IntEnum
from weakref import WeakValueDictionary


class Lock(IntEnum):
    """Locks that belong to no server."""

    MIGRATIONS = -1  # processes that start at once bring the tables up to date one after the other
    PLACES = -2  # the places at the provider are counted and taken in one step
    NOTES = -3  # a note is read and replaced in one step
    COPY = -4  # one copy at a time reads from a database, or writes to it


class Turns:
    """Lets one task at a time in per number, those that came first first.

    Waiting here takes no connection: one busy server cannot use up those of all others.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def take(self, number: int | None) -> AsyncGenerator[None]:
        """Wait for the turn and hold it; None: there is nothing to wait for."""
        if number is None:
            yield
            return
        lock = self._locks.setdefault(number, asyncio.Lock())
        async with lock:
            yield
