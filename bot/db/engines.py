"""Database engines, as far as the program knows about them; `storage_of` chooses by the address."""

from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from sqlalchemy import Connection, Table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.db.addresses import SQLITE, checked_address
from bot.db.transactions import Result


class Connections(Protocol):
    """An open database. Work is a plain function on SQLAlchemy's connection, in a transaction.

    A deadline is in the event loop's time; None: however long it takes to begin.
    """

    async def read(self, work: Callable[[Connection], Result], *, deadline: float | None) -> Result:
        """Run `work` on one state of the database throughout; it may not write.

        Raises:
            TimeoutError: it could not begin before the deadline.
        """
        ...

    async def write(
        self, work: Callable[[Connection], Result], lock: int | None, *, deadline: float | None
    ) -> Result:
        """Run `work` holding the lock with this number over all processes, and commit.

        Raises:
            NotBegunError: it could not begin before the deadline.
            InDoubtError: the commit may have been done or not.
        """
        ...


class Storage(Protocol):
    """One database, whatever its engine.

    Attributes:
        location: where it is, in a form that may be shown.
    """

    location: str

    def open(self, *, patient: bool = False) -> AbstractAsyncContextManager[Connections]:
        """Open it, and close it at the end; `patient`: for work that may take hours."""
        ...

    def create_lone_engine(self) -> AsyncEngine:
        """Return an engine that takes the database exclusively (used by copy-database)."""
        ...

    async def prepare_location(self) -> None:
        """Make what must be there before the first connection."""
        ...

    def lane_of(self, lock: int | None) -> Hashable:
        """Return which transactions of this process are committed together, one batch after the other."""
        ...

    def ensure_usable(self, connection: Connection) -> None:
        """Check that the program can use what it is connected to.

        Raises:
            UnusableError: it cannot; `explain` says why.
        """
        ...

    def find_damage(self, connection: Connection) -> str | None:
        """Return the first thing that makes no sense in a file; None: nothing, or it is too much to read."""
        ...

    async def is_alone(self, connection: AsyncConnection, tables: Sequence[str]) -> bool:
        """Whether no other program uses the database; from now on none can, until the transaction ends.

        `connection`: of `create_lone_engine`; `tables`: all that the program may have there.
        """
        ...

    async def set_sequence(self, connection: AsyncConnection, table: Table) -> None:
        """Let a table's own numbers go on after the highest one that is there."""
        ...

    def is_damaged(self, error: Exception) -> bool:
        """Whether the database found that what it has kept is damaged, which no waiting mends."""
        ...

    def is_passing(self, error: Exception) -> bool:
        """Whether the same call may work in a while."""
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
    if url.drivername == SQLITE:
        from bot.db.sqlite import SqliteStorage  # noqa: PLC0415 only the engine that is used is loaded

        return SqliteStorage(url)
    from bot.db.postgres import PostgresStorage  # noqa: PLC0415 the same

    return PostgresStorage(url)
