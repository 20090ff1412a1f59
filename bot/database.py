"""The database: opening it, migrations, and the two kinds of session.

`read()` sees a consistent state and never waits for a writer. `write()` holds the lock that it names from
its first statement, so that a rule and the row it allows are one step. What differs between SQLite and
PostgreSQL is in `bot.storage`.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import LiteralString

import stamina
import structlog
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from bot.errors import UserError
from bot.language import N_, _
from bot.storage.engines import Storage, storage_of
from bot.storage.locks import Turns

MIGRATIONS = Path(__file__).parent / "migrations"

ANSWER_PATIENCE = 1.8  # seconds: a command must be answered within Discord's three
START_PATIENCE = 30.0  # seconds that a start waits for a locked database, or one that is not up yet

# What SQLite and PostgreSQL say when there is no room, or the disk refuses.
NO_ROOM = ("disk is full", "disk I/O error", "No space left")

NEWER = (
    "The database was written by a newer version of this program, which this one does not understand. "
    "Nothing was changed. Run that version again, or put back the backup from before the upgrade."
)
BUSY = N_("I cannot write anything down at the moment. Please try again in a minute. Nothing was counted.")
UNKNOWN = N_(
    "I lost the database just as I was writing that down, and cannot tell whether it was done. "
    "Please look in a minute before you try again: `/videos` shows requests, `/veo-admin log` decisions."
)
UNREADABLE = N_("I cannot look anything up at the moment. Please try again in a minute.")

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class DatabaseError(Exception):
    """The database cannot be used; `str()` is a sentence for the operator."""


class DatabaseAwayError(DatabaseError):
    """It could not be opened in the time that a start waits, and may be there later."""


class DatabaseBusyError(UserError):
    """The database does not serve us at this moment: locked, full, restarting or not to be reached."""


class OutcomeUnknownError(DatabaseBusyError):
    """The connection was lost while a transaction was committed: it may stand or not."""


class Database:
    """Sessions on one database. Use `open_database` to make one."""

    def __init__(self, engine: AsyncEngine, storage: Storage) -> None:
        self._storage = storage
        self._write_sessions = async_sessionmaker(engine, expire_on_commit=False)
        reading = engine.execution_options(**storage.reading)
        self._read_sessions = async_sessionmaker(reading, expire_on_commit=False)
        self._turns = Turns()
        self._full_at: float | None = None

    @property
    def full_at(self) -> float | None:
        """When a write was last refused for want of room, on the monotonic clock; None: not yet."""
        return self._full_at

    @asynccontextmanager
    async def read(self, *, hurried: bool = False) -> AsyncGenerator[AsyncSession]:
        """Open a session for reading.

        `hurried`: somebody waits for an answer; a server is waited for no longer than `ANSWER_PATIENCE`.

        Raises:
            DatabaseBusyError: nothing can be read now.
        """
        async with (
            self._told_politely("the database cannot be read", UNREADABLE),
            self._read_sessions() as session,
        ):
            async with asyncio.timeout(ANSWER_PATIENCE if hurried else None):
                await self._storage.begin_reading(session)
            yield session

    @asynccontextmanager
    async def write(
        self, lock: int | None = None, *, hurried: bool = False, patience: float | None = None
    ) -> AsyncGenerator[AsyncSession]:
        """Open a session in one transaction: committed at the end, rolled back on an error.

        Args:
            lock: of the transactions with the same number, over all processes, one is open at a time: a
                server's id for what its rules allow, or a `bot.storage.locks.Lock`. None: the statements
                need nobody else to wait (on SQLite, all wait for each other all the same).
            hurried: somebody waits for an answer; the transaction begins within `ANSWER_PATIENCE`.
            patience: seconds to wait until the transaction begins; None: however long.

        Raises:
            DatabaseBusyError: nothing can be written now; nothing was.
            OutcomeUnknownError: all or nothing was written.
        """
        if hurried:
            patience = ANSWER_PATIENCE
        deadline = None if patience is None else asyncio.get_running_loop().time() + patience
        async with (
            self._turn(lock, deadline),
            self._told_politely("the database cannot be written", BUSY),
            self._write_sessions() as session,
        ):
            async with asyncio.timeout_at(deadline):
                await self._storage.begin_writing(session, lock)
            yield session
            await session.flush()  # what fails here leaves no doubt
            await self._commit(session)

    async def hold(self, session: AsyncSession, lock: int) -> None:
        """Take one more lock in a transaction of `write()`, until it ends."""
        await self._storage.hold(session, lock)

    async def _commit(self, session: AsyncSession) -> None:
        committing = asyncio.create_task(session.commit(), name="commit")
        try:
            await asyncio.shield(committing)
        except asyncio.CancelledError:
            # Left halfway it might stand or not, and its connection would go back to the pool in use.
            await _ended(committing)
            raise
        except Exception as error:
            if not self._storage.leaves_doubt(error):
                raise
            log.error("not known whether a change was written", error=_reason_of(error))
            raise OutcomeUnknownError(_(UNKNOWN)) from error

    @asynccontextmanager
    async def _turn(self, lock: int | None, deadline: float | None) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout_at(deadline):
                    await stack.enter_async_context(self._turns.take(self._storage.turn_of(lock)))
            except TimeoutError as error:
                log.error("too many writers", lock=lock)
                raise DatabaseBusyError(_(BUSY)) from error
            yield

    @asynccontextmanager
    async def _told_politely(self, event: str, sentence: LiteralString) -> AsyncGenerator[None]:
        """Turn troubles that pass into an error whose text may be shown."""
        try:
            yield
        except Exception as error:
            if not self._storage.is_passing(error):
                raise
            reason = _reason_of(error)
            log.error(event, error=reason)
            if any(words in reason for words in NO_ROOM):
                self._full_at = time.monotonic()
            raise DatabaseBusyError(_(sentence)) from error


@asynccontextmanager
async def open_database(url: str) -> AsyncGenerator[Database]:
    """Open the database at `url` (SQLAlchemy's form), bring its tables up to date, and close it at the end.

    Raises:
        DatabaseError: it cannot be opened, or belongs to a newer version of the program.
    """
    storage = storage_at(url)
    engine = storage.create_engine()
    try:
        await bring_up_to_date(storage, engine)
        yield Database(engine, storage)
    finally:
        await engine.dispose()


def storage_at(url: str) -> Storage:
    """Return what is at an address; nothing is opened.

    Raises:
        DatabaseError: it is no address of a database that the program can use.
    """
    try:
        return storage_of(url)
    except ValueError as error:
        raise DatabaseError(f"The address {error}.") from None


async def bring_up_to_date(storage: Storage, engine: AsyncEngine) -> None:
    """Make the tables, or change them to what this version needs; wait a while for the database itself.

    Raises:
        DatabaseError: it cannot be opened, or belongs to a newer version of the program.
    """
    try:
        await storage.make_place()
        async with storage.patient(engine) as patient:
            await _migrate_in_time(storage, patient)
    except CommandError as error:
        raise DatabaseError(f"{NEWER} ({error})") from error
    except Exception as error:
        if (sentence := storage.explain(error)) is None:
            raise
        kind = DatabaseAwayError if storage.waits_for(error) else DatabaseError
        raise kind(sentence) from error


async def _migrate_in_time(storage: Storage, engine: AsyncEngine) -> None:
    async for attempt in stamina.retry_context(
        on=lambda error: _is_waited_for(storage, error), attempts=None, timeout=START_PATIENCE, wait_max=2
    ):
        with attempt:
            async with engine.begin() as connection:
                await storage.begin_migrating(connection)
                await connection.run_sync(_migrate)


def _is_waited_for(storage: Storage, error: Exception) -> bool:
    if not storage.waits_for(error):
        return False
    log.warning(
        "the database cannot be opened yet",
        place=storage.place,
        error=_reason_of(error),
        patience=START_PATIENCE,
    )
    return True


async def _ended(committing: asyncio.Task[None]) -> None:
    try:
        await committing
    except Exception as error:  # noqa: BLE001 whatever it is, its writer was told to end
        log.error("a change was not written, and its writer has ended", error=_reason_of(error))


def _reason_of(error: Exception) -> str:
    reason = error.orig if isinstance(error, DBAPIError) else error
    return str(reason) or type(reason).__name__


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
