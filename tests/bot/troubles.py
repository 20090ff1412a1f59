"""Real troubles of a real database file: held by another connection, or with no room on its disk."""

import asyncio
import itertools
import os
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, make_url

from bot.db.database import Database, open_database
from bot.db.state import keep_state
from bot.media import files
from tests.postgres import connect

BUSY_TIMEOUT_MS = 20  # in place of the program's seconds
LOCK_PATIENCE = 60.0  # seconds for the program's own writers to end
PAGE = 4096  # bytes
ROOM = 2**30  # pages: as good as no bound

Logs = Sequence[Any]


@asynccontextmanager
async def locked(url: str) -> AsyncGenerator[None]:
    """Hold the write lock of the database at `url` from another connection, once the program's have ended."""
    with _connected(url, LOCK_PATIENCE) as other:
        # In a thread, since a writer that has begun needs the event loop to end.
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        yield


@contextmanager
def locked_at_once(url: str) -> Generator[None]:
    """Hold it in the midst of what the program does, where nobody writes."""
    with _connected(url, 0) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def _connected(url: str, patience: float) -> closing[sqlite3.Connection]:
    assert url.startswith("sqlite"), "this trouble is SQLite's: mark the test with sqlite_only"
    path = make_url(url).database or ""
    return closing(sqlite3.connect(path, isolation_level=None, timeout=patience, check_same_thread=False))


async def make_damaged(path: Path) -> None:
    """Make a database of this version, and overwrite the middle of its file."""
    async with open_database(f"sqlite+aiosqlite:///{path}"):
        pass
    damage(path)


def make_useless(folder: Path) -> None:
    """Let an empty folder refuse each write and each deletion, even of what isn't there.

    So does a disk that is mounted read-only, for which a test would have to be root.
    """
    folder.rmdir()
    folder.write_text("no folder any more")


def download_to_full_disk(monkeypatch: pytest.MonkeyPatch, times: int | None = None) -> None:
    """Let the next downloads of videos find a disk without room; None: all of them."""
    left, name_part = itertools.count() if times is None else iter(range(times)), files.part_of

    def name_full(path: Path) -> Path:
        part = name_part(path)
        if next(left, None) is not None:
            part.symlink_to("/dev/full")  # every write answers ENOSPC
        return part

    monkeypatch.setattr(files, "part_of", name_full)


def damage(path: Path) -> None:
    """Overwrite the middle of a database's file, as a failing disk does."""
    overwrite(path, PAGE, b"\xa5" * (3 * PAGE))  # but for the first page, with which it begins


def overwrite(path: Path, start: int, noise: bytes) -> None:
    """Overwrite a part of a file in place: a program may have it open. What was written before lies in it."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(start)
        file.write(noise)


def damage_page(path: Path, name: str, noise: bytes = b"\xa5" * PAGE) -> None:
    """Overwrite the first page of a table or an index."""
    with closing(sqlite3.connect(path)) as database:
        query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (page,) = database.execute(query, (name,)).fetchone()
    overwrite(path, (page - 1) * PAGE, noise)


LOSSES: Mapping[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda path: os.truncate(path, 0),
}


async def lose(database_url: str, how: str) -> Path:
    """Write to a database, and lose its file but not the log of its writes; return the log.

    `how`: of `LOSSES`. It is as a killed program leaves it, whose file is then deleted or cut.
    """
    path = Path(make_url(database_url).database or "")
    log = path.with_name(f"{path.name}-wal")
    async with open_database(database_url) as database:
        await keep_state(database, "colour", "red")
        written = log.read_bytes()
    log.write_bytes(written)
    LOSSES[how](path)
    return log


# Ways in which a file of a database is damaged, or is none.
DAMAGES: Mapping[str, Callable[[Path], object]] = {
    "beginning": lambda path: overwrite(path, 0, b"\xa5" * 100),
    "first page": lambda path: overwrite(path, 100, b"\xa5" * (PAGE - 100)),
    "table": lambda path: damage_page(path, "generations"),
    "empty page of a table": lambda path: damage_page(path, "audit", bytes(PAGE)),
    "index": lambda path: damage_page(path, "ix_generations_guild"),
    "table of the migrations": lambda path: damage_page(path, "alembic_version"),
    "cut": lambda path: os.truncate(path, 5 * PAGE + 700),
    "cut after a page": lambda path: os.truncate(path, PAGE),
    "cut in its beginning": lambda path: os.truncate(path, 50),
    "letter": lambda path: path.write_bytes(b"a letter to my aunt. " * 200),
}
every_damage = pytest.mark.parametrize("harm", DAMAGES.values(), ids=DAMAGES)


@asynccontextmanager
async def held(url: str, lock: int) -> AsyncGenerator[None]:
    """Hold a lock of the program as another process would: on SQLite the file's, which is everybody's."""
    if url.startswith("sqlite"):
        async with locked(url):
            yield
        return
    async with connect(url) as other:
        await other.execute("BEGIN")
        await other.execute(f"SELECT pg_advisory_xact_lock({lock})")
        yield


class Disk:
    """What the connections to a file believe about their disk.

    SQLite itself refuses pages above `max_page_count` with "database or disk is full".
    """

    def __init__(self) -> None:
        self.is_full = False

    def prepare(self, connection: Connection) -> None:
        """Called before each transaction of the program's."""
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        # No less than what the file already has is possible: that is the bound then.
        connection.exec_driver_sql(f"PRAGMA max_page_count = {1 if self.is_full else ROOM}")


def count_tracebacks(logs: Logs, name: str) -> int:
    """Return how often the event `name` was logged with a traceback, of a screen's length."""
    return sum(line["event"] == name and bool(line.get("exc_info")) for line in logs)


def ends_in(logs: Logs, name: str) -> list[str]:
    """Return the sorted IDs of the requests that ended in the log as `failed` or `cancelled`."""
    return sorted(line["generation"] for line in logs if line["event"] == name)


def count_events(logs: Logs, name: str) -> int:
    """Return how often the event `name` was logged."""
    return sum(line["event"] == name for line in logs)


@asynccontextmanager
async def busy_thread(database: Database) -> AsyncGenerator[None]:
    """Keep SQLite's writing thread busy, so that what comes meanwhile waits together."""
    ends = threading.Event()
    writing = asyncio.create_task(database.write(lambda _: ends.wait(60)))
    await asyncio.sleep(0)
    yield
    await asyncio.sleep(0)  # those who come are in line
    ends.set()
    await writing
