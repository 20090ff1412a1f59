"""SQLite: one file, many readers, one writer at a time."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Table, event
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from bot.storage.addresses import shown_address

# Another process may hold the lock. Waiting for it and for our own writers (`ANSWER_PATIENCE`) together
# must leave a command time to be answered within Discord's three seconds.
BUSY_TIMEOUT_MS = 1000

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # A commit survives a power failure: a lost "submitting" could pay for a video twice.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # erased words do not stay in the file's free pages
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
)

PRIMARY = 0xFF  # the part of SQLite's codes that says what kind of error it is
EVERYBODY = 0  # all writers of a process wait for each other: waiting here is fair and costs no threads


class SqliteStorage:
    """A file; see `bot.storage.engines.Storage`."""

    reading: Mapping[str, object] = {"sqlite_begin": "BEGIN DEFERRED"}

    def __init__(self, url: URL) -> None:
        self._url = url
        self.place = shown_address(url)

    def create_engine(self) -> AsyncEngine:
        """Return an engine whose transactions hold the write lock from their first statement.

        Parameters of a statement stay out of errors, which are logged: prompts are among them.
        """
        engine = create_async_engine(self._url, hide_parameters=True)
        event.listen(engine.sync_engine, "connect", _prepare_connection)
        event.listen(engine.sync_engine, "begin", _begin)
        return engine

    @asynccontextmanager
    async def patient(self, engine: AsyncEngine) -> AsyncGenerator[AsyncEngine]:
        """Lend the same: nothing ends a long transaction."""
        yield engine

    def create_lone_engine(self) -> AsyncEngine:
        """Return an engine that cannot open a file which another program has open."""
        engine = create_async_engine(self._url, hide_parameters=True, poolclass=NullPool)
        # Set before the file is looked at: SQLite wants it for itself then, and not only for writing.
        event.listen(engine.sync_engine, "connect", _want_alone)
        event.listen(engine.sync_engine, "connect", _prepare_connection)
        event.listen(engine.sync_engine, "begin", _begin)
        return engine

    async def make_place(self) -> None:
        """Make the file's folder, for its owner only.

        Raises:
            OSError: it cannot be made.
        """
        if path := self._url.database:
            await asyncio.to_thread(Path(path).parent.mkdir, mode=0o700, parents=True, exist_ok=True)

    def turn_of(self, lock: int | None) -> int | None:  # noqa: ARG002 the interface names it
        """Return the same for all: SQLite lets one writer at a time in."""
        return EVERYBODY

    async def begin_reading(self, session: AsyncSession) -> None:
        """Do nothing: no reader waits, and the first statement begins."""

    async def begin_writing(self, session: AsyncSession, lock: int | None) -> None:
        """Do nothing: the write lock is taken with the first statement, and is everybody's."""

    async def hold(self, session: AsyncSession, lock: int) -> None:
        """Do nothing: see `begin_writing`."""

    async def begin_migrating(self, connection: AsyncConnection) -> None:
        """Do nothing: see `begin_writing`."""

    async def is_alone(self, connection: AsyncConnection, tables: Sequence[str]) -> bool:  # noqa: ARG002 as above
        """Return True: a lone engine's connection could not have been opened otherwise."""
        return True

    async def set_sequence(self, connection: AsyncConnection, table: Table) -> None:
        """Do nothing: SQLite takes the number after the highest one by itself."""

    def is_passing(self, error: Exception) -> bool:
        """Whether the file is locked or the disk full; a statement that makes no sense never will."""
        if not isinstance(error, OperationalError):
            return False
        code: int = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_BUSY)
        return code & PRIMARY != sqlite3.SQLITE_ERROR

    def leaves_doubt(self, error: Exception) -> bool:  # noqa: ARG002 the interface names it
        """Never: there is no way on which an answer could be lost."""
        return False

    def waits_for(self, error: Exception) -> bool:
        """Whether another process holds the database, as a backup does for a while."""
        return isinstance(error, OperationalError) and "database is locked" in str(error)

    def is_in_use(self, error: Exception) -> bool:
        """Whether another program has the file open."""
        return self.waits_for(error)

    def explain(self, error: Exception) -> str | None:
        """Say why the file cannot be used."""
        if isinstance(error, SQLAlchemyError):
            return f"The database cannot be opened: {error.__cause__ or error}"
        if isinstance(error, OSError):
            return f"The database's folder cannot be made: {error.strerror}"
        return None


def _want_alone(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA locking_mode = EXCLUSIVE")
    cursor.close()


def _prepare_connection(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # SQLAlchemy shall begin transactions (below), not the driver.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    statement = connection.get_execution_options().get("sqlite_begin", "BEGIN IMMEDIATE")
    connection.exec_driver_sql(statement)
