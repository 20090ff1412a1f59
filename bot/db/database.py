"""The database: opening it, migrations, and the one way to run a transaction.

`read()` sees a consistent state and never waits for a writer. `write()` holds the lock that it names from
its first statement, so that a rule and the row it allows are one step. What differs between SQLite and
PostgreSQL is in `bot.db`.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import copy_context
from functools import partial
from typing import LiteralString

import stamina
import structlog
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from bot.db.engines import Connections, Storage, storage_of
from bot.db.locks import Lock
from bot.db.schema import create, ensure_whole, is_foreign, known_revisions, revision_of, upgrade
from bot.db.transactions import (
    GroupCommit,
    InDoubtError,
    NotBegunError,
    Outcome,
    Result,
    Transaction,
    Work,
    run_batch,
)
from bot.db.words import reason_of
from bot.errors import DatabaseBusyError, OutcomeUnknownError
from bot.i18n import N_, _
from bot.outages import Outage

ANSWER_PATIENCE = 1.8  # seconds: a command must be answered within Discord's three
DECISION_PATIENCE = 30.0  # seconds for a request whose member sees that the bot is thinking
START_PATIENCE = 30.0  # seconds that a start waits for a locked database, or one that is not up yet

# What SQLite and PostgreSQL say when there is no room, or the disk refuses.
NO_ROOM = ("disk is full", "disk I/O error", "No space left")

NEWER = (
    "The database was written by a newer version of this program, and this one can't read it. "
    "Nothing changed. Run that version again, or restore the backup from before the upgrade."
)
FOREIGN = "The database belongs to another program. Use one that only the bot uses."
LATE = N_("I couldn't get to this in time. Try again in a minute. This didn't count toward your limit.")
BUSY = N_(
    "I can't save requests right now. Please try again in a minute. This didn't count toward your limit."
)
UNKNOWN = N_(
    "I lost the database connection while saving, so I don't know whether it worked. Check "
    "`/videos` or `/veo-admin log` before you try again."
)
UNREADABLE = N_("I can't look anything up right now. Please try again in a minute.")

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class DatabaseError(Exception):
    """The database cannot be used; `str()` is a sentence for the operator."""


class DatabaseAwayError(DatabaseError):
    """It could not be opened in the time that a start waits, and may be there later."""


class Database:
    """Runs plain functions in transactions on one database. Use `open_database` to make one.

    A function gets a session, whose objects stay readable afterwards. It runs whole on the database's thread
    or connection, so it waits for nothing else, and touches nothing that belongs to the event loop.
    """

    def __init__(self, connections: Connections, storage: Storage) -> None:
        self._connections = connections
        self._storage = storage
        self._commits = GroupCommit(self._commit)
        self._full_at: float | None = None
        self._damage: str | None = None
        self._reading, self._writing, self._waiting = Outage(), Outage(), Outage()

    @property
    def damage(self) -> str | None:
        """The database's words when it found itself damaged; None: it has not. A restart forgets it."""
        return self._damage

    @property
    def full_at(self) -> float | None:
        """The last write refused for want of room, on the monotonic clock; None: not yet."""
        return self._full_at

    async def read(self, work: Work[Result], *, hurried: bool = False) -> Result:
        """Run `work` on one state of the database, and return its result; it never waits for a writer.

        `hurried`: somebody waits for an answer; a server is waited for no longer than `ANSWER_PATIENCE`.

        Raises:
            DatabaseBusyError: nothing can be read now.
        """

        def look(connection: Connection) -> Result:
            with Session(connection, expire_on_commit=False) as session:
                return context.run(work, session)

        context = copy_context()
        with self._explained("could not read the database", UNREADABLE, self._reading):
            found = await self._connections.read(
                look, deadline=_deadline(ANSWER_PATIENCE if hurried else None)
            )
        if (past := self._reading.worked()) is not None:
            log.info("the database can be read again", **past)
        return found

    async def write(
        self,
        work: Work[Result],
        lock: int | None = None,
        *,
        hurried: bool = False,
        patience: float | None = None,
    ) -> Result:
        """Run `work` in a transaction, and return its result once it is on disk; an error undoes it.

        Those that wait at the same time are committed together, in the order in which they came.

        Args:
            work: must not keep the session; what it returns stays readable.
            lock: of the transactions with the same number, over all processes, one is open at a time: a
                server's id for what its rules allow, or a `bot.db.locks.Lock`. None: the statements
                need nobody else to wait (on SQLite, all wait for each other all the same).
            hurried: somebody waits for an answer: it goes before what nobody waits for, and begins within
                `ANSWER_PATIENCE`.
            patience: seconds to wait until the transaction begins; None: however long.

        Raises:
            DatabaseBusyError: nothing can be written now; nothing was.
            OutcomeUnknownError: all or nothing was written.
        """
        deadline = _deadline(ANSWER_PATIENCE if hurried and patience is None else patience)
        with self._explained("could not write to the database", BUSY, self._writing):
            result = await self._commits.run(
                work, self._storage.lane_of(lock), lock, deadline=deadline, is_urgent=hurried
            )
        self._waiting.worked()
        if (past := self._writing.worked()) is not None:
            log.info("the database can be written again", **past)
        return result

    async def look_for_damage(self) -> None:
        """Read a file through, where that is quick: what nobody asks for may be damaged, too (`damage`).

        Raises:
            DatabaseBusyError: nothing can be read now.
        """
        found = await self.read(lambda session: self._storage.find_damage(session.connection()))
        if found is not None:
            log.error("the database is damaged", error=found)
            self._damage = found

    async def close(self) -> None:
        """Return when everything that was begun is written."""
        await self._commits.close()

    async def _commit(self, lock: int | None, batch: Sequence[Transaction]) -> Sequence[Outcome]:
        deadline = min((found.deadline for found in batch if found.deadline is not None), default=None)
        return await self._connections.write(partial(run_batch, batch=batch), lock, deadline=deadline)

    @contextmanager
    def _explained(self, event: str, sentence: LiteralString, outage: Outage) -> Generator[None]:
        """Turn troubles that pass into an error whose text may be shown; `outage` decides what is logged."""
        try:
            yield
        except NotBegunError as error:
            _tell("a write could not start in time", self._waiting, "no free moment")
            raise DatabaseBusyError(_(LATE)) from error
        except InDoubtError as error:
            log.error("unknown whether a change was written", error=str(error))
            raise OutcomeUnknownError(_(UNKNOWN)) from error
        except Exception as error:
            reason = reason_of(error)
            if self._storage.is_damaged(error):
                self._damage = reason
            elif not self._storage.is_passing(error):
                raise
            _tell(event, outage, reason)
            if any(words in reason for words in NO_ROOM):
                self._full_at = time.monotonic()
            raise DatabaseBusyError(_(sentence)) from error


def _tell(event: str, outage: Outage, reason: str) -> None:
    if (so_far := outage.failed(reason)) is not None:
        log.error(event, error=reason, **so_far)


def _deadline(patience: float | None) -> float | None:
    return None if patience is None else asyncio.get_running_loop().time() + patience


@asynccontextmanager
async def open_database(url: str) -> AsyncGenerator[Database]:
    """Open the database at `url` (SQLAlchemy's form), bring its tables up to date, and close it at the end.

    Raises:
        DatabaseError: it cannot be opened, or belongs to a newer version of the program.
    """
    storage = storage_at(url)
    await bring_up_to_date(storage)
    async with storage.open() as connections:
        database = Database(connections, storage)
        try:
            yield database
        finally:
            await database.close()


def storage_at(url: str) -> Storage:
    """Return what is at an address; nothing is opened.

    Raises:
        DatabaseError: it is no address of a database that the program can use.
    """
    try:
        return storage_of(url)
    except ValueError as error:
        raise DatabaseError(f"The address {error}.") from None


async def bring_up_to_date(storage: Storage) -> None:
    """Make the tables, or change them to what this version needs; wait a while for the database itself.

    Raises:
        DatabaseError: it cannot be opened, or belongs to a newer version of the program.
    """
    try:
        await storage.prepare_location()
        async with storage.open(patient=True) as connections:
            await _migrate_in_time(storage, connections)
    except DatabaseError:
        raise
    except Exception as error:
        if (sentence := storage.explain(error)) is None:
            raise
        kind = DatabaseAwayError if storage.waits_for(error) else DatabaseError
        raise kind(sentence) from error


async def _migrate_in_time(storage: Storage, connections: Connections) -> None:
    def migrate(connection: Connection) -> None:
        storage.ensure_usable(connection)
        _migrate(connection)

    outage = Outage()
    async for attempt in stamina.retry_context(
        on=lambda error: _is_waited_for(storage, error, outage),
        attempts=None,
        timeout=START_PATIENCE,
        wait_max=2,
    ):
        with attempt:
            await connections.write(migrate, Lock.MIGRATIONS, deadline=None)


def _is_waited_for(storage: Storage, error: Exception, outage: Outage) -> bool:
    if not storage.waits_for(error):
        return False
    if (so_far := outage.failed(reason := reason_of(error))) is not None:
        log.warning(
            "could not open the database yet",
            place=storage.location,
            error=reason,
            patience=START_PATIENCE,
            **so_far,
        )
    return True


def _migrate(connection: Connection) -> None:
    revision, known = revision_of(connection), known_revisions()
    if revision == known[-1]:
        ensure_whole(connection)
        return
    if is_foreign(connection):
        raise DatabaseError(FOREIGN)
    if revision and revision not in known:
        raise DatabaseError(f"{NEWER} (Its revision is {revision}; this version knows up to {known[-1]}.)")
    log.info("updating the database", revision=revision or None, to=known[-1])
    if revision:
        upgrade(connection)
    else:
        create(connection)
    ensure_whole(connection)
