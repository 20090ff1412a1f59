"""PostgreSQL: any number of writers and processes; who must not work at once takes an advisory lock.

All advisory locks are a transaction's: a process that dies gives them back with its connection.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]: it has none; only its errors are used
from sqlalchemy import URL, Connection, Table, false, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from bot.db.addresses import shown_address
from bot.db.locks import HOLD, Lock
from bot.db.transactions import InDoubtError, NotBegunError, Result, UnusableError
from bot.db.words import reason_of

APPLICATION = "veo-bot"  # as the server's list of connections shows it
CONNECTIONS = 10  # of a process, kept open
MORE_CONNECTIONS = 5  # opened while those are in use
CONNECT_TIMEOUT = 5.0  # seconds
CALL_TIMEOUT = 30.0  # seconds; a network that swallows everything must not hold a task for longer

# What the server does for a process that cannot: it waits for no lock for ever, and takes a transaction
# from a host that vanished without a word, with all its locks.
LOCK_TIMEOUT = "10s"
IDLE_TIMEOUT = "30s"

# SQLSTATE classes and codes of troubles that pass: "Appendix A" of PostgreSQL's manual.
PASSING_CLASSES = (
    "08",  # connection lost
    "53",  # disk full, too many connections, out of memory
    "57P",  # shutting down, starting up
    "58",  # input and output errors of the server's system
)
PASSING_CODES = frozenset(
    {
        "25006",  # the server takes no writes: another one is taking over
        "25P03",  # the transaction did nothing for too long
        "40001",  # the order of transactions
        "40P01",  # a deadlock was resolved at our cost
        "55P03",  # a lock was waited for too long
        "57014",  # cancelled by the operator or a timeout
    }
)
REFUSED_CLASS = "28"  # the user or the password
DAMAGED_CODES = frozenset({"XX001", "XX002"})  # a page, an index
NO_SUCH_DATABASE = "3D000"
NO_SCHEMA = "3F000"  # the database has none of those that search_path names
NO_RIGHT = "42501"
LOCK_NOT_AVAILABLE = "55P03"

TRY_TO_HOLD = text("SELECT pg_try_advisory_xact_lock(:number)")
OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND application_name = :name AND pid <> pg_backend_pid()"
)
PRESENT = text(
    "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename = ANY(:names)"
)


class PostgresConnections:
    """Connections to a server; see `bot.db.engines.Connections`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # One state throughout, as SQLite's readers see it.
        self._reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    async def read(self, work: Callable[[Connection], Result], *, deadline: float | None) -> Result:
        """Run `work` in a transaction that reads."""
        async with AsyncExitStack() as stack:
            async with asyncio.timeout_at(deadline):
                connection = await stack.enter_async_context(self._reading.connect())
            return await connection.run_sync(work)

    async def write(
        self, work: Callable[[Connection], Result], lock: int | None, *, deadline: float | None
    ) -> Result:
        """Run `work` in a transaction, and commit it."""
        async with AsyncExitStack() as stack:
            async with asyncio.timeout_at(deadline):
                connection = await stack.enter_async_context(self._engine.connect())
                await connection.begin()  # else a session would commit, where doubt is not seen
            if lock is not None:
                await _hold(connection, lock, deadline)
            result = await connection.run_sync(work)
            try:
                await connection.commit()
            except Exception as error:
                if _leaves_doubt(error):
                    raise InDoubtError(reason_of(error)) from error
                raise
            return result


class PostgresStorage:
    """A database on a server; see `bot.db.engines.Storage`."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self.location = shown_address(url)

    @asynccontextmanager
    async def open(self, *, patient: bool = False) -> AsyncGenerator[PostgresConnections]:
        """Connect as needed; see `bot.db.engines.Storage`."""
        engine = self.create_lone_engine() if patient else self._create_engine()
        try:
            yield PostgresConnections(engine)
        finally:
            await engine.dispose()

    def _create_engine(self) -> AsyncEngine:
        """Return a pooled engine; a connection that was lost meanwhile is replaced before it is used."""
        return create_async_engine(
            self._url,
            hide_parameters=True,  # prompts are among them, and errors are logged
            pool_size=CONNECTIONS,
            max_overflow=MORE_CONNECTIONS,
            pool_pre_ping=True,
            connect_args={
                "timeout": CONNECT_TIMEOUT,
                "command_timeout": CALL_TIMEOUT,
                "server_settings": _session_settings(idle=IDLE_TIMEOUT),
            },
        )

    def create_lone_engine(self) -> AsyncEngine:
        """Return an engine without a pool whose calls may take hours; `is_alone` looks for others."""
        return create_async_engine(
            self._url,
            hide_parameters=True,
            poolclass=NullPool,
            connect_args={"timeout": CONNECT_TIMEOUT, "server_settings": _session_settings(idle="0")},
        )

    async def prepare_location(self) -> None:
        """Do nothing: who runs the server makes the database."""

    def lane_of(self, lock: int | None) -> object:
        """Return the lock: it is waited for in this process first, which takes no connection."""
        return object() if lock is None else lock

    def ensure_usable(self, connection: Connection) -> None:
        """Check the database's encoding.

        Raises:
            UnusableError: the database cannot keep every character.
        """
        encoding = connection.scalar(text("SHOW server_encoding"))
        if encoding != "UTF8":
            raise UnusableError(
                f"The database at {self.location} keeps text as {encoding}, which can't hold most letters. "
                "Create a new one with createdb --encoding=UTF8 --template=template0."
            )

    def find_damage(self, connection: Connection) -> str | None:  # noqa: ARG002 the interface names it
        """Return None: there is no file of ours to read; a server tells of a page when it is asked for."""
        return None

    async def is_alone(self, connection: AsyncConnection, tables: Sequence[str]) -> bool:
        """Look for other processes of the program; the copies' lock and those of all tables keep them out."""
        if not await connection.scalar(TRY_TO_HOLD, {"number": Lock.COPY}):
            return False
        if await connection.scalar(OTHERS, {"name": APPLICATION}):
            return False
        for table in (await connection.scalars(PRESENT, {"names": list(tables)})).all():
            await connection.exec_driver_sql(f'LOCK TABLE "{table}" IN EXCLUSIVE MODE')
        return True

    async def set_sequence(self, connection: AsyncConnection, table: Table) -> None:
        """Set the sequence of the primary key, where it has one."""
        column = table.autoincrement_column
        if column is None:
            return
        following = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        await connection.execute(select(func.setval(sequence, following, false())))

    def is_damaged(self, error: Exception) -> bool:
        """Whether a page or an index makes no sense."""
        return _state_of(error) in DAMAGED_CODES

    def is_passing(self, error: Exception) -> bool:
        """Whether the server cannot be reached, or cannot serve this now."""
        return _is_passing(error)

    def waits_for(self, error: Exception) -> bool:
        """Whether the server is not there yet; a refused password stays refused."""
        return self.is_passing(error) and (_state_of(error) is None or _passes(_state_of(error)))

    def is_in_use(self, error: Exception) -> bool:
        """Whether somebody holds a lock that we waited for."""
        return _state_of(error) == LOCK_NOT_AVAILABLE

    def explain(self, error: Exception) -> str | None:
        """Say why the database cannot be used."""
        if isinstance(error, UnusableError):
            return str(error)
        if (refusal := self._refusal_of(error)) is not None:
            return refusal
        if isinstance(error, TypeError | ValueError):
            return "The database's address has an unknown option or an invalid value."
        if isinstance(error, OSError):
            return f"The database at {self.location} can't be reached: {reason_of(error)}"
        if isinstance(error, DBAPIError | PoolTimeoutError | asyncpg.PostgresError | asyncpg.InterfaceError):
            return f"The database at {self.location} can't be opened: {reason_of(error)}"
        return None

    def _refusal_of(self, error: Exception) -> str | None:
        """Say what a server refuses for ever, and what to do; None: nothing of the kind."""
        state = _state_of(error)
        if state is not None and state.startswith(REFUSED_CLASS):
            return f"The database at {self.location} rejects the user or the password."
        if state == NO_SUCH_DATABASE:
            return f"There's no such database: {self.location}. Create it with createdb."
        if state == NO_SCHEMA:
            return (
                f"The database at {self.location} has none of the schemas that search_path names. Create one."
            )
        if state == NO_RIGHT:
            return (
                f"The database at {self.location} doesn't give the bot's user all rights: "
                f"{reason_of(error)}. Let that user own the database and its tables, as with "
                "createdb --owner."
            )
        return None


async def _hold(connection: AsyncConnection, lock: int, deadline: float | None) -> None:
    """Take an advisory lock until the transaction ends.

    Raises:
        NotBegunError: another process holds it until the deadline.
    """
    try:
        async with asyncio.timeout_at(deadline):
            await connection.execute(HOLD, {"number": lock})
    except TimeoutError as error:
        raise NotBegunError from error


def _session_settings(*, idle: str) -> dict[str, str]:
    return {
        "application_name": APPLICATION,
        "lock_timeout": LOCK_TIMEOUT,
        "idle_in_transaction_session_timeout": idle,
    }


def _leaves_doubt(error: Exception) -> bool:
    """Whether the server did not say what became of a commit, as when it closes the connection."""
    state = _state_of(error)
    return _is_passing(error) and (state is None or state.startswith(("08", "57P")))


def _is_passing(error: Exception) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    # What the driver raises while it connects reaches us as it is; OSError includes timeouts.
    if isinstance(error, OSError | PoolTimeoutError | asyncpg.PostgresError):
        return True
    return _passes(_state_of(error))


def _state_of(error: Exception) -> str | None:
    """Return the server's own code of an error, such as "40P01"; None: it is not the server's."""
    source: Any = error.orig if isinstance(error, DBAPIError) else error
    return getattr(source, "sqlstate", None)


def _passes(state: str | None) -> bool:
    return state is not None and (state in PASSING_CODES or state.startswith(PASSING_CLASSES))
