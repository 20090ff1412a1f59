"""SQLite: one file, many readers, one writer at a time.

Each connection lives on a thread of aiosqlite's; a transaction goes there once, whole, as a plain function.
"""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import cast

import aiosqlite
from sqlalchemy import URL, Connection, Engine, NullPool, Table, create_engine, event, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.db.addresses import shown_address
from bot.db.sqlite_file import NOT_ONE, damage_in, is_corrupt, prepare_folder, primary_code
from bot.db.transactions import Result, UnusableError

# Another process may hold the lock. Waiting for it and for our own writers (`ANSWER_PATIENCE`) together
# must leave a command time to be answered within Discord's three seconds.
BUSY_TIMEOUT_MS = 1000
READERS = 4  # threads: a long look keeps no short one waiting

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # A commit survives a power failure: a lost "submitting" could pay for a video twice.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # erased words do not stay in the file's free pages
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
)

# What may be over at the next start; where a full disk leaves no room for the WAL's index, it's an I/O error.
PASSING_CODES = sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR

# What is wrong with the place, which SQLite doesn't name.
PLACE_CODES = sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY

PAGES, PAGE_SIZE = text("PRAGMA page_count"), text("PRAGMA page_size")
QUICK_CHECK_MAX_BYTES = 256 * 2**20  # bytes that a start reads through, in about a second


class DatabaseThread:
    """A connection on a thread of its own, opened when it is first used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = asyncio.Lock()
        self._thread: aiosqlite.Connection | None = None
        self._connection: Connection | None = None

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` there in one transaction: committed at its end, rolled back on an error.

        A caller that is cancelled meanwhile does not stop it; it still goes on then.
        """
        async with self._lock:
            if self._thread is None:
                self._thread = await _open(aiosqlite.Connection(self._connect, iter_chunk_size=64))
        return await _call(self._thread, lambda: self._transact(work))

    async def close(self) -> None:
        """Close the connection, and end the thread."""
        if self._thread is not None and self._connection is not None:
            await _call(self._thread, self._connection.close)
            await self._thread.close()

    def _connect(self) -> sqlite3.Connection:
        self._connection = self._engine.connect()
        return cast("sqlite3.Connection", self._connection.connection.driver_connection)

    def _transact(self, work: Callable[[Connection], Result]) -> Result:
        assert self._connection is not None  # noqa: S101 it was opened on this thread
        with self._connection.begin():
            return work(self._connection)


class SqliteConnections:
    """The open file: one thread that writes, and some that read."""

    def __init__(self, writing: Engine, reading: Engine) -> None:
        self._writer = DatabaseThread(writing)
        self._readers = [DatabaseThread(reading) for _ in range(READERS)]
        # The last one that read reads next: the others are opened only when they are needed.
        self._idle: asyncio.LifoQueue[DatabaseThread] = asyncio.LifoQueue()
        for reader in self._readers:
            self._idle.put_nowait(reader)

    async def read(self, work: Callable[[Connection], Result], *, deadline: float | None) -> Result:
        """Run `work` in a transaction that reads; see `bot.db.engines.Connections`."""
        async with asyncio.timeout_at(deadline):
            reader = await self._idle.get()
        reading = asyncio.ensure_future(reader.run(work))
        reading.add_done_callback(lambda _: self._idle.put_nowait(reader))
        return await asyncio.shield(reading)

    async def write(
        self,
        work: Callable[[Connection], Result],
        lock: int | None,  # noqa: ARG002 SQLite has one lock for all
        *,
        deadline: float | None,  # noqa: ARG002 a batch that began waits for the file (`BUSY_TIMEOUT_MS`)
    ) -> Result:
        """Run `work` in a transaction that holds the file's write lock, whatever `lock` and the deadline."""
        return await self._writer.run(work)

    async def close(self) -> None:
        """Close all connections."""
        for thread in (self._writer, *self._readers):
            await thread.close()


class SqliteStorage:
    """A file; see `bot.db.engines.Storage`."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self.location = shown_address(url)

    @asynccontextmanager
    async def open(self, *, patient: bool = False) -> AsyncGenerator[SqliteConnections]:  # noqa: ARG002 nothing ends a long transaction
        """Open the file; see `bot.db.engines.Storage`."""
        engine = self._create_engine()
        connections = SqliteConnections(
            _beginning(engine, "BEGIN IMMEDIATE"), _beginning(engine, "BEGIN DEFERRED")
        )
        try:
            yield connections
        finally:
            await connections.close()

    def _create_engine(self) -> Engine:
        # Parameters of a statement stay out of errors, which are logged: prompts are among them.
        engine = create_engine(self._url.set(drivername="sqlite"), poolclass=NullPool, hide_parameters=True)
        event.listen(engine, "connect", _prepare_connection)
        return engine

    def create_lone_engine(self) -> AsyncEngine:
        """Return an engine that cannot open a file which another program has open."""
        engine = create_async_engine(self._url, hide_parameters=True, poolclass=NullPool)
        # Set before the file is looked at: SQLite wants it for itself then, and not only for writing.
        event.listen(engine.sync_engine, "connect", _want_alone)
        event.listen(engine.sync_engine, "connect", _prepare_connection)
        event.listen(engine.sync_engine, "begin", partial(_begin, "BEGIN IMMEDIATE"))
        return engine

    async def prepare_location(self) -> None:
        """Make the file's folder, for its owner only.

        Raises:
            OSError: it cannot be made.
            UnusableError: the file is gone, and what was last written to it is not.
        """
        if path := self._url.database:
            await asyncio.to_thread(prepare_folder, Path(path))

    def lane_of(self, lock: int | None) -> object:  # noqa: ARG002 the interface names it
        """Return the same for all: SQLite lets one writer at a time in."""
        return None

    def ensure_usable(self, connection: Connection) -> None:
        """Read the file through, unless that would take long; a file keeps every character.

        Raises:
            UnusableError: it is damaged.
        """
        if damage := self.find_damage(connection):
            raise UnusableError(self._name_damage(damage))

    def find_damage(self, connection: Connection) -> str | None:
        """Read the file through, unless that would take long."""
        pages, size = connection.scalar(PAGES), connection.scalar(PAGE_SIZE)
        return damage_in(connection) if pages * size <= QUICK_CHECK_MAX_BYTES else None

    async def is_alone(self, connection: AsyncConnection, tables: Sequence[str]) -> bool:  # noqa: ARG002 the interface names it
        """Return True: a lone engine's connection could not have been opened otherwise."""
        return True

    async def set_sequence(self, connection: AsyncConnection, table: Table) -> None:
        """Do nothing: SQLite takes the number after the highest one by itself."""

    def is_damaged(self, error: Exception) -> bool:
        """Whether a page of the file makes no sense, or a text in it."""
        return is_corrupt(error)

    def is_passing(self, error: Exception) -> bool:
        """Whether the file is locked, the disk full or every reader busy; not what will never make sense."""
        if isinstance(error, TimeoutError):
            return True
        return isinstance(error, OperationalError) and primary_code(error) != sqlite3.SQLITE_ERROR

    def waits_for(self, error: Exception) -> bool:
        """Whether another process holds the database, as a backup does for a while, or the disk is full."""
        return isinstance(error, OperationalError) and primary_code(error) in PASSING_CODES

    def is_in_use(self, error: Exception) -> bool:
        """Whether another program has the file open."""
        return isinstance(error, OperationalError) and primary_code(error) == sqlite3.SQLITE_BUSY

    def explain(self, error: Exception) -> str | None:
        """Say why the file cannot be used."""
        if isinstance(error, UnusableError):
            return str(error)
        if is_corrupt(error):
            return self._name_damage(str(error.__cause__ or error))
        if isinstance(error, SQLAlchemyError):
            where = f" ({self.location})" if primary_code(error) in PLACE_CODES else ""
            return f"The database can't be opened: {_reason_of(error)}{where}"
        if isinstance(error, OSError):
            return f"I can't use the database's folder ({error.filename or self.location}): {error.strerror}"
        return None

    def _name_damage(self, damage: str) -> str:
        if damage == NOT_ONE:
            return (
                f"The file {self.location} isn't an SQLite database, or its beginning is damaged. "
                "If it's the right file, keep it, and restore the latest backup."
            )
        return f"The file {self.location} is damaged ({damage}). Keep it, and restore the latest backup."


def _want_alone(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA locking_mode = EXCLUSIVE")
    cursor.close()


def _reason_of(error: SQLAlchemyError) -> str:
    reason = str(error.__cause__ or error)
    # SQLite's own words don't lead to what is nearly always wrong then.
    return f"{reason} (is the disk full?)" if primary_code(error) == sqlite3.SQLITE_IOERR else reason


def _beginning(engine: Engine, begin: str) -> Engine:
    """Return the engine with transactions that begin like this; what one compiles, the others find."""
    beginning = engine.execution_options()
    event.listen(beginning, "begin", partial(_begin, begin))
    return beginning


def _prepare_connection(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # SQLAlchemy shall begin transactions (below), not the driver.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(statement: str, connection: Connection) -> None:
    connection.exec_driver_sql(statement)


async def _call(thread: aiosqlite.Connection, function: Callable[[], Result]) -> Result:
    """Run a function on the thread of a connection; aiosqlite itself has only single statements for that."""
    execute = cast("Callable[..., Awaitable[Result]]", thread._execute)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]: SQLAlchemy's dialect looks inside as well
    return await execute(function)


async def _open(thread: aiosqlite.Connection) -> aiosqlite.Connection:
    """Open a connection; a task that is cancelled meanwhile waits, so that none is dropped open.

    aiosqlite ends the thread of one that can't be opened, but doesn't wait for it: the thread would call an
    event loop that may be closed by then.
    """

    async def connect() -> aiosqlite.Connection:
        try:
            return await thread
        except Exception:
            await asyncio.to_thread(thread._thread.join)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]: as above
            raise

    opening = asyncio.create_task(connect(), name="open a connection")
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        await (await opening).close()
        raise
