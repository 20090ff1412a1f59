"""The database without its thread: the real schema in a real file, each transaction run at once and whole.

`InlineThread` stands where `bot.db.sqlite.DatabaseThread` stands; group commit, readers, migrations and what
SQLite's errors mean are the program's own. A process may die before a transaction or after it, never within:
SQLite undoes what was not committed. Nothing is flushed (`synchronous`), since no machine fails here.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import cast
from unittest.mock import patch

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

import bot.db.sqlite
from bot.db.transactions import Result
from bot.media.file_age import LEFTOVER_AGE
from tests.simulation.loop import OWNER
from tests.simulation.process import Process
from tests.sqlite import SharedCompiler

PRAGMAS = tuple(
    "PRAGMA synchronous = OFF" if "synchronous" in pragma else pragma for pragma in bot.db.sqlite.PRAGMAS
)

_COMPILER = SharedCompiler()  # for all runs


class InlineThread:
    """A connection, used by one at a time as if it lived on a thread of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = asyncio.Lock()
        self._connection: Connection | None = None

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in one transaction, which the process reaches after a moment, if it lives that long."""
        process = cast("Process | None", OWNER.get())
        if process is None:
            return self._transact(work)
        async with self._lock:
            await process.go("database")
            before = self._changes()
            result = self._transact(work)
            if self._changes() != before:
                process.world.committed(process)
            await process.come_back("database")
        return result

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()

    def _changes(self) -> int:
        if self._connection is None:
            self._connection = self._engine.connect()
        driver = cast("sqlite3.Connection", self._connection.connection.driver_connection)
        return driver.total_changes

    def _transact(self, work: Callable[[Connection], Result]) -> Result:
        if self._connection is None:
            self._connection = self._engine.connect()
        with self._connection.begin():
            return work(self._connection)


class Disk:
    """The file, and who holds it. `file`: where it lies."""

    def __init__(self, file: Path, now: Callable[[], float]) -> None:
        self.file = file
        self._now = now
        self._locked_until = 0.0
        self._full_until = 0.0

    def lock(self, seconds: float) -> None:
        """Let somebody else hold the file, such as a backup."""
        self._locked_until = self._now() + seconds

    def fill(self, seconds: float) -> None:
        """Let there be no room for a while."""
        self._full_until = self._now() + seconds

    def ensure_free(self) -> None:
        """Raise what SQLite says where the file is held or the disk full.

        Raises:
            OperationalError: it is.
        """
        if self._now() < self._locked_until:
            raise _refusal("database is locked", sqlite3.SQLITE_BUSY)
        if self._now() < self._full_until:
            raise _refusal("database or disk is full", sqlite3.SQLITE_FULL)


class FileAges:
    """How long files have been lying, by the run's clock: the file system goes by the machine's own."""

    def __init__(self) -> None:
        self._seen: dict[Path, float] = {}

    def old_ones(self, paths: Iterable[Path]) -> list[Path]:
        """Return those that were there an hour ago (`bot.media.file_age`), as far as anybody looked."""
        there = [path for path in paths if path.exists()]
        now = time.monotonic()
        return [path for path in there if now - self._seen.setdefault(path, now) > LEFTOVER_AGE]


def _refusal(words: str, code: int) -> OperationalError:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    return OperationalError("BEGIN IMMEDIATE", None, error)


def _begin(statement: str, connection: Connection) -> None:
    """Begin a transaction; one that reads waits for nobody."""
    process = cast("Process | None", OWNER.get())
    if process is not None and statement != "BEGIN DEFERRED":
        process.world.disk.ensure_free()
    connection.exec_driver_sql(statement)


@contextmanager
def without_threads() -> Generator[None]:
    """Let the program's database code use `InlineThread`."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(bot.db.sqlite, "DatabaseThread", InlineThread))
        stack.enter_context(patch.object(bot.db.sqlite, "PRAGMAS", PRAGMAS))
        stack.enter_context(patch.object(bot.db.sqlite, "_begin", _begin))
        stack.enter_context(patch.object(bot.db.sqlite, "create_engine", _COMPILER.create_engine))
        yield
