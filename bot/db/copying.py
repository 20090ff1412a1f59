"""Moving a community from one database to another: `veo-bot copy-database`.

Everything is written in one transaction of the target, so that an interrupted copy leaves nothing behind
and is simply run again. Meanwhile nobody else can use either side. The rows go through in batches: no more
than one of them is in memory.
"""

from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Table, func, insert, make_url, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock, utc_now
from bot.db.addresses import SQLITE
from bot.db.database import DatabaseError, bring_up_to_date, storage_at
from bot.db.engines import Storage
from bot.db.models import Generation
from bot.db.schema import METADATA, known_revisions, revision_of
from bot.db.sqlite_file import find_loss

BATCH = 1000  # rows
TABLES: Sequence[Table] = METADATA.sorted_tables

# Told after each batch: the table, how many of its rows are copied, and how many there are.
Progress = Callable[[str, int, int], None]


class CopyError(Exception):
    """Nothing was copied; `str()` says why and what to do."""


@dataclass(frozen=True, slots=True)
class Copied:
    """One table's rows on both sides, counted there after the copy."""

    table: str
    source: int
    target: int


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two databases, in an open transaction. `name`: what the operator calls it."""

    name: str
    storage: Storage
    connection: AsyncConnection

    async def count(self, table: Table) -> int:
        """Return how many rows a table has."""
        return await self.connection.scalar(select(func.count()).select_from(table)) or 0


async def copy_database(
    source_address: str, target_address: str, tell: Progress, clock: Clock = utc_now
) -> list[Copied]:
    """Copy all rows of the database at one address into the empty one at another.

    Raises:
        CopyError: that is not possible; nothing was copied, and it can be tried again.
    """
    source, target = _storage("FROM", source_address), _storage("TO", target_address)
    if source.location == target.location:
        raise CopyError("FROM and TO are the same database.")
    _ensure_there(source_address)
    await _make_tables(target)
    async with _opened("FROM", source) as reading, _opened("TO", target) as writing:
        with _explained(reading):
            await _ensure_current(reading)
            await _ensure_at_rest(reading, clock())
        with _explained(writing):
            await _ensure_empty(writing)
        for table in TABLES:
            await _copy_table(reading, writing, table, tell)
        return [await _compare(reading, writing, table) for table in TABLES]


def _storage(name: str, address: str) -> Storage:
    try:
        return storage_at(address)
    except DatabaseError as error:
        raise CopyError(f"{name}: {error}") from None


async def _make_tables(target: Storage) -> None:
    try:
        await bring_up_to_date(target)
    except DatabaseError as error:
        raise CopyError(f"TO: {error}") from error


def _ensure_there(address: str) -> None:
    """Check that a SQLite file is there: opening it would make an empty one."""
    url = make_url(address)
    if url.drivername != SQLITE:
        return
    file = Path(url.database or "")
    try:
        loss, is_there = find_loss(file), file.is_file()
    except OSError as error:  # a folder above it can't be entered
        raise CopyError(f"FROM: I can't look at {file}: {error.strerror}.") from error
    if loss:
        raise CopyError(f"FROM: the file {file} is {loss}.")
    if not is_there:
        raise CopyError(f"FROM: there's no file {file}.")


@asynccontextmanager
async def _opened(name: str, storage: Storage) -> AsyncGenerator[Side]:
    """Open one transaction in which nobody else uses the database.

    Raises:
        CopyError: the database cannot be used.
    """
    engine = storage.create_lone_engine()
    try:
        async with engine.connect() as connection, connection.begin():
            await _ensure_alone(name, storage, connection)
            yield Side(name, storage, connection)
    except CopyError:
        raise
    except Exception as error:
        raise _explanation_of(name, storage, error) from error
    finally:
        await engine.dispose()


@contextmanager
def _explained(side: Side) -> Generator[None]:
    """Say which of the two databases an error comes from."""
    try:
        yield
    except CopyError:
        raise
    except Exception as error:
        raise _explanation_of(side.name, side.storage, error) from error


async def _ensure_alone(name: str, storage: Storage, connection: AsyncConnection) -> None:
    if not await storage.is_alone(connection, [table.name for table in TABLES]):
        raise CopyError(_in_use(name))


def _explanation_of(name: str, storage: Storage, error: Exception) -> Exception:
    if storage.is_in_use(error):
        return CopyError(_in_use(name))
    sentence = storage.explain(error)
    return error if sentence is None else CopyError(f"{name}: {sentence.rstrip('.')}. Nothing was copied.")


def _in_use(name: str) -> str:
    return (
        f"{name} is in use: a bot is running on it, or another program has it open. "
        "Stop it and run this again. Nothing was copied."
    )


async def _ensure_current(side: Side) -> None:
    """Check that the database is of this version of the program."""
    revision = await side.connection.run_sync(revision_of)
    known = known_revisions()
    if not revision:
        raise CopyError(f"{side.name} isn't a veo-bot database: it has none of its tables.")
    if revision not in known:
        raise CopyError(f"{side.name} belongs to a newer version of veo-bot. Copy it with that version.")
    if revision != known[-1]:
        raise CopyError(
            f"{side.name} belongs to an older version of veo-bot: start this version on it once, stop it, "
            "then run this again."
        )


async def _ensure_at_rest(side: Side, now: datetime) -> None:
    """Check that no process runs a generation, as far as the leases tell."""
    held = select(func.count(), func.max(Generation.lease_until)).where(Generation.lease_until > now)
    leased, until = (await side.connection.execute(held)).one()
    if leased:
        raise CopyError(
            f"A bot is working on {side.name}: it holds {leased} of its requests. Stop it and run this "
            f"again. If it was killed, wait until {until:%H:%M:%S} UTC. Nothing was copied."
        )


async def _ensure_empty(side: Side) -> None:
    for table in TABLES:
        if count := await side.count(table):
            raise CopyError(
                f"{side.name} is not empty: its table {table.name} has rows ({count:,}). "
                "Use a new database. Nothing was copied."
            )


async def _copy_table(source: Side, target: Side, table: Table, tell: Progress) -> None:
    with _explained(source):
        total, done = await source.count(table), 0
        tell(table.name, done, total)
        query = select(table).execution_options(yield_per=BATCH)
        async with source.connection.stream(query) as rows:
            async for batch in rows.mappings().partitions(BATCH):
                with _explained(target):
                    await target.connection.execute(insert(table), [dict(row) for row in batch])
                done += len(batch)
                tell(table.name, done, total)
    with _explained(target):
        await target.storage.set_sequence(target.connection, table)


async def _compare(source: Side, target: Side, table: Table) -> Copied:
    copied = Copied(table.name, await source.count(table), await target.count(table))
    if copied.source != copied.target:
        raise CopyError(
            f"The table {table.name} has {copied.source:,} rows in FROM, but "
            f"{copied.target:,} arrived in TO. "
            "Nothing was copied."
        )
    return copied
