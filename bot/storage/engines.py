"""What the program needs to know about a database engine; `storage_of` chooses by the address."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from bot.storage.addresses import SQLITE, checked_address
from bot.storage.postgres import PostgresStorage
from bot.storage.sqlite import SqliteStorage


class Storage(Protocol):
    """One database, whatever its engine.

    Attributes:
        place: where it is, in a form that may be shown.
        reading: SQLAlchemy's execution options of sessions that only read: they see one state throughout.
    """

    place: str
    reading: Mapping[str, object]

    def create_engine(self) -> AsyncEngine:
        """Return the engine of a running program: pooled, and no call takes for ever."""
        ...

    def patient(self, engine: AsyncEngine) -> AbstractAsyncContextManager[AsyncEngine]:
        """Lend an engine on the same database for long work; `engine`: of `create_engine`."""
        ...

    def create_lone_engine(self) -> AsyncEngine:
        """Return an engine for one who wants the database for himself, as a copy does."""
        ...

    async def make_place(self) -> None:
        """Make what must be there before the first connection."""
        ...

    def turn_of(self, lock: int | None) -> int | None:
        """Return which writers of this process wait for each other, by a number; None: for nobody."""
        ...

    async def begin_reading(self, session: AsyncSession) -> None:
        """Begin a transaction that reads."""
        ...

    async def begin_writing(self, session: AsyncSession, lock: int | None) -> None:
        """Begin a transaction that writes; it holds the lock with this number over all processes."""
        ...

    async def hold(self, session: AsyncSession, lock: int) -> None:
        """Take one more lock, until the transaction ends."""
        ...

    async def begin_migrating(self, connection: AsyncConnection) -> None:
        """Keep other processes from migrating until the transaction ends."""
        ...

    async def is_alone(self, connection: AsyncConnection, tables: Sequence[str]) -> bool:
        """Whether no other program uses the database; from now on none can, until the transaction ends.

        `connection`: of `create_lone_engine`; `tables`: all that the program may have there.
        """
        ...

    async def set_sequence(self, connection: AsyncConnection, table: Table) -> None:
        """Let a table's own numbers go on after the highest one that is there."""
        ...

    def is_passing(self, error: Exception) -> bool:
        """Whether the same call may work in a while."""
        ...

    def leaves_doubt(self, error: Exception) -> bool:
        """Whether a COMMIT that ended with this error may have been done all the same."""
        ...

    def waits_for(self, error: Exception) -> bool:
        """Whether a start waits for the end of this trouble."""
        ...

    def is_in_use(self, error: Exception) -> bool:
        """Whether somebody else uses what we want for ourselves."""
        ...

    def explain(self, error: Exception) -> str | None:
        """Return a sentence for the operator about an error at the start; None: it is a fault of ours."""
        ...


def storage_of(address: str) -> Storage:
    """Return the database at an address.

    Raises:
        ValueError: it is none that the program can use; `str()` says why.
    """
    url = checked_address(address)
    return SqliteStorage(url) if url.drivername == SQLITE else PostgresStorage(url)
