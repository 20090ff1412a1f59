"""The database: engine, pragmas, migrations, and the two kinds of session.

`read()` sees a consistent state and never waits for a writer. `write()` holds the write lock from its
first statement, so that a rule and the row it allows are one step.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import stamina
import structlog
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import UserError
from bot.language import N_, _

MIGRATIONS = Path(__file__).parent / "migrations"

# Another process may hold the lock. Waiting for it and for our own writers (`ANSWER_PATIENCE`) together
# must leave a command time to be answered within Discord's three seconds.
BUSY_TIMEOUT_MS = 1000
ANSWER_PATIENCE = 1.8  # seconds
START_PATIENCE = 30.0  # seconds that a start waits for a locked database

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # A commit survives a power failure: a lost "submitting" could pay for a video twice.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # erased words do not stay in the file's free pages
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
)


# What SQLite and PostgreSQL say when there is no room, or the disk refuses.
NO_ROOM = ("disk is full", "disk I/O error", "No space left")

NEWER = (
    "The database was written by a newer version of this program, which this one does not understand. "
    "Nothing was changed. Run that version again, or put back the backup from before the upgrade."
)
BUSY = N_("I cannot write anything down at the moment. Please try again in a minute. Nothing was counted.")

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class DatabaseError(Exception):
    """The database cannot be used; `str()` is a sentence for the operator."""


class DatabaseBusyError(UserError):
    """The database takes no writes at this moment: locked by another process, or its disk is full."""


class Database:
    """Sessions on one database. Use `open_database` to make one."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._write_sessions = async_sessionmaker(engine, expire_on_commit=False)
        reading = engine.execution_options(sqlite_begin="BEGIN DEFERRED")
        self._read_sessions = async_sessionmaker(reading, expire_on_commit=False)
        # SQLite lets one writer at a time in; waiting here is fair and costs no sleeping threads.
        self._writer = asyncio.Lock()
        self._full_at: float | None = None

    @property
    def full_at(self) -> float | None:
        """When a write was last refused for want of room, on the monotonic clock; None: not yet."""
        return self._full_at

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncSession]:
        """Open a session for reading."""
        async with self._read_sessions() as session:
            yield session

    @asynccontextmanager
    async def write(self, *, patience: float | None = None) -> AsyncGenerator[AsyncSession]:
        """Open a session in one exclusive transaction: committed at the end, rolled back on an error.

        Args:
            patience: seconds to wait for this process's other writers; None: however long.

        Raises:
            DatabaseBusyError: nothing can be written now; nothing was.
        """
        async with self._turn(patience):
            try:
                async with self._write_sessions.begin() as session:
                    yield session
            except OperationalError as error:
                log.error("the database cannot be written", error=str(error.orig))
                if any(words in str(error.orig) for words in NO_ROOM):
                    self._full_at = time.monotonic()
                raise DatabaseBusyError(_(BUSY)) from error

    @asynccontextmanager
    async def _turn(self, patience: float | None) -> AsyncGenerator[None]:
        try:
            async with asyncio.timeout(patience):
                await self._writer.acquire()
        except TimeoutError as error:
            log.error("too many writers", patience=patience)
            raise DatabaseBusyError(_(BUSY)) from error
        try:
            yield
        finally:
            self._writer.release()


@asynccontextmanager
async def open_database(url: str) -> AsyncGenerator[Database]:
    """Open the database at `url` (SQLAlchemy's form), bring its tables up to date, and close it at the end.

    Raises:
        DatabaseError: the file cannot be opened, or belongs to a newer version of the program.
    """
    engine = create_async_engine(url)
    event.listen(engine.sync_engine, "connect", _prepare_connection)
    event.listen(engine.sync_engine, "begin", _begin)
    try:
        await _prepare(engine)
        yield Database(engine)
    finally:
        await engine.dispose()


async def _prepare(engine: AsyncEngine) -> None:
    path = engine.url.database
    try:
        if path:
            await asyncio.to_thread(Path(path).parent.mkdir, mode=0o700, parents=True, exist_ok=True)
        async for attempt in stamina.retry_context(
            on=_is_locked, attempts=None, timeout=START_PATIENCE, wait_max=2
        ):
            with attempt:
                async with engine.begin() as connection:
                    await connection.run_sync(_migrate)
    except CommandError as error:
        raise DatabaseError(f"{NEWER} ({error})") from error
    except OSError as error:
        raise DatabaseError(f"The database's folder cannot be made: {error.strerror}") from error
    except SQLAlchemyError as error:
        raise DatabaseError(f"The database cannot be opened: {error.__cause__ or error}") from error


def _is_locked(error: Exception) -> bool:
    """Whether another process holds the database, as a backup does for a while."""
    return isinstance(error, OperationalError) and "database is locked" in str(error)


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


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
