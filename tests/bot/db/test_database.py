"""The database file: how it is opened, what it refuses, and that several may use it."""

import asyncio
import sqlite3
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import Connection, Engine, event, inspect, make_url, text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from bot.db.database import Database, DatabaseBusyError, DatabaseError, open_database, storage_at
from bot.db.sqlite import BUSY_TIMEOUT_MS, PRAGMAS, READERS
from bot.db.state import get_state, keep_state
from tests.bot.rows import insert, reread
from tests.bot.troubles import LOSSES, every_damage, lose

pytestmark = pytest.mark.both_engines


def file_of(url: str) -> Path:
    return Path(make_url(url).database or "")


@pytest.fixture
def as_in_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open databases as the program does, and not as quickly as the other tests."""
    monkeypatch.setattr("bot.db.sqlite.PRAGMAS", PRAGMAS)


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("as_in_the_program")
@pytest.mark.parametrize("kind", ["read", "write"])
@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("foreign_keys", 1), ("synchronous", 2), ("busy_timeout", BUSY_TIMEOUT_MS)],
)
async def test_every_connection_is_prepared(
    database: Database, kind: str, pragma: str, value: int | str
) -> None:
    run = database.read if kind == "read" else database.write
    assert await run(lambda session: session.scalar(text(f"PRAGMA {pragma}"))) == value


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    naive = datetime(2026, 1, 1, 12)  # noqa: DTZ001 that is the point
    with pytest.raises(StatementError, match="without a time zone"):
        await insert(database, created_at=naive)


async def test_a_time_comes_back_as_the_same_moment_in_utc(database: Database) -> None:
    moment = datetime(2026, 7, 1, 23, 59, 59, 123456, tzinfo=timezone(timedelta(hours=-9)))
    row = await insert(database, created_at=moment)
    read = (await reread(database, row.id)).created_at
    assert (read, read.tzinfo) == (moment, UTC)


async def test_words_that_a_database_cannot_keep_do_not_end_the_work(database: Database) -> None:
    row = await insert(database, failure_reason="no\0 \ud800way \U0001f6a4")
    assert (await reread(database, row.id)).failure_reason == "no ?way \U0001f6a4"


async def test_opening_it_again_keeps_what_is_in_it(database_url: str) -> None:
    async with open_database(database_url) as first:
        await keep_state(first, "colour", "red")
    async with open_database(database_url) as second:
        assert await get_state(second, "colour") == "red"


async def test_a_note_is_replaced(database: Database) -> None:
    assert await get_state(database, "colour") is None
    await keep_state(database, "colour", "red")
    await keep_state(database, "colour", "blue")
    assert await get_state(database, "colour") == "blue"


async def test_an_error_takes_back_the_whole_transaction(database: Database) -> None:
    def write_and_fail(session: Session) -> None:
        session.execute(text("INSERT INTO notes VALUES ('colour', 'red')"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await database.write(write_and_fail)
    assert await get_state(database, "colour") is None


async def test_a_writer_that_is_ended_while_it_commits_leaves_all_or_nothing_and_no_noise(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    loop = asyncio.get_running_loop()
    writer = asyncio.create_task(keep_state(database, "colour", "red"))

    def end_the_writer(_: object) -> None:
        loop.call_soon_threadsafe(writer.cancel)

    event.listen(Engine, "commit", end_the_writer)
    try:
        with pytest.raises(asyncio.CancelledError):
            await writer
    finally:
        event.remove(Engine, "commit", end_the_writer)
    assert await get_state(database, "colour") == "red"
    assert caplog.messages == []


async def test_connections_that_come_at_once_migrate_the_same_new_database(empty_url: str) -> None:
    async def open_and_write(name: str) -> None:
        async with open_database(empty_url) as database:
            await keep_state(database, name, name)

    await asyncio.gather(*(open_and_write(str(number)) for number in range(4)))
    async with open_database(empty_url) as database:
        assert [await get_state(database, str(number)) for number in range(4)] == ["0", "1", "2", "3"]


@pytest.mark.nightly(daily=["sqlite"])
async def test_two_processes_start_at_once_on_the_same_new_database(empty_url: str) -> None:
    program = textwrap.dedent("""
        import asyncio, sys
        from bot.db.database import open_database
        from bot.db.state import keep_state

        async def main(url, name):
            async with open_database(url) as database:
                await keep_state(database, name, name)

        asyncio.run(main(*sys.argv[1:]))
    """)
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program, empty_url, name), stderr=asyncio.subprocess.PIPE
        )
        for name in ("one", "two")
    ]
    for process in processes:
        _, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
    async with open_database(empty_url) as database:
        assert [await get_state(database, name) for name in ("one", "two")] == ["one", "two"]


@pytest.mark.sqlite_only
async def test_a_lock_held_by_another_connection_is_waited_for(database: Database, database_url: str) -> None:
    with sqlite3.connect(file_of(database_url), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO notes VALUES ('who', 'other')")
        waiting = asyncio.create_task(keep_state(database, "who", "us"))
        done, _ = await asyncio.wait([waiting], timeout=0.2)
        assert not done, "the write did not wait for the lock"
        assert await get_state(database, "who") is None, "reading needs no lock"
        other.execute("COMMIT")
        await waiting
    other.close()
    assert await get_state(database, "who") == "us"


async def test_a_reader_sees_one_state_while_others_write(database: Database, database_url: str) -> None:
    await keep_state(database, "colour", "red")
    query = text("SELECT value FROM notes WHERE name = 'colour'")

    async def paint_blue() -> None:
        async with open_database(database_url) as other:
            await keep_state(other, "colour", "blue")

    def look_twice(session: Session) -> list[str]:
        first = session.scalars(query).all()
        with ThreadPoolExecutor(1) as another_program:
            another_program.submit(asyncio.run, paint_blue()).result(60)
        return [*first, *session.scalars(query)]

    assert await database.read(look_twice) == ["red", "red"]
    assert await get_state(database, "colour") == "blue"


@pytest.mark.sqlite_only
async def test_who_asks_while_every_reader_is_busy_hears_that_in_a_sentence(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.db.database.ANSWER_PATIENCE", 0.01)
    is_over = threading.Event()
    busy = [asyncio.create_task(database.read(lambda _: is_over.wait())) for _ in range(READERS)]
    await asyncio.sleep(0)  # they have the readers now
    try:
        with pytest.raises(DatabaseBusyError):
            await database.read(lambda session: session.scalar(text("SELECT 1")), hurried=True)
    finally:
        is_over.set()
        await asyncio.gather(*busy)


async def test_a_file_of_a_newer_version_is_refused_in_a_readable_sentence(database_url: str) -> None:
    async with open_database(database_url) as database:
        await database.write(
            lambda session: session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        )
    with pytest.raises(DatabaseError, match=r"^The database was written by a newer version .*9999"):
        async with open_database(database_url):
            pass


async def test_a_database_of_another_program_gets_none_of_the_bots_tables(empty_url: str) -> None:
    def make_recipes(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE recipes (name TEXT)"))

    def tables_in(connection: Connection) -> list[str]:
        return inspect(connection).get_table_names()

    storage = storage_at(empty_url)
    async with storage.open() as connections:
        await connections.write(make_recipes, None, deadline=None)
    with pytest.raises(DatabaseError, match=r"^The database belongs to another program\. "):
        async with open_database(empty_url):
            pass
    async with storage.open() as connections:
        assert await connections.read(tables_in, deadline=None) == ["recipes"]


@pytest.mark.sqlite_only
async def test_a_folder_in_the_files_place_is_refused_in_a_readable_sentence(database_url: str) -> None:
    file_of(database_url).mkdir(parents=True)
    with pytest.raises(DatabaseError, match=r"^The database can't be opened: "):
        async with open_database(database_url):
            pass


@pytest.mark.sqlite_only
@every_damage
async def test_a_damaged_file_is_refused_in_a_readable_sentence(
    database_url: str, harm: Callable[[Path], object]
) -> None:
    async with open_database(database_url):
        pass
    harm(file_of(database_url))
    with pytest.raises(
        DatabaseError, match=r"^The file \S+ (is|isn't) .*damaged.* restore the latest backup\.$"
    ):
        async with open_database(database_url):
            pass


@pytest.mark.sqlite_only
async def test_a_file_that_cannot_be_opened_leaves_no_thread_that_calls_a_closed_loop(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread: Any = aiosqlite.Connection
    stop = thread.stop

    def stop_late(connection: Any) -> Any:
        connection._tx.put_nowait((None, partial(time.sleep, 0.2)))
        return stop(connection)

    monkeypatch.setattr(thread, "stop", stop_late)
    before = set(threading.enumerate())  # another test's program may be open in this process
    async with open_database(database_url):
        pass
    file_of(database_url).write_bytes(b"no database" * 1000)
    with pytest.raises(DatabaseError, match="isn't an SQLite database"):
        async with open_database(database_url):
            pass
    left = [
        thread.name
        for thread in set(threading.enumerate()) - before
        if "_connection_worker_thread" in thread.name
    ]
    assert left == [], "a connection's thread runs on"


@pytest.mark.sqlite_only
async def test_a_log_of_writes_that_is_noise_is_passed_over_as_after_a_power_failure(
    database_url: str,
) -> None:
    async with open_database(database_url) as database:
        await keep_state(database, "colour", "red")
    await asyncio.to_thread(Path(f"{file_of(database_url)}-wal").write_bytes, b"\xa5" * 20_000)
    async with open_database(database_url) as database:
        assert await get_state(database, "colour") == "red"


@pytest.mark.sqlite_only
@pytest.mark.parametrize("how", LOSSES)
async def test_no_database_is_begun_beside_what_was_written_last_to_one_that_is_gone(
    database_url: str, how: str
) -> None:
    log = await lose(database_url, how)
    written = log.read_bytes()
    with pytest.raises(DatabaseError, match=rf"^The file \S+ is {how}, but \S+-wal beside it holds"):
        async with open_database(database_url):
            pass
    assert log.read_bytes() == written, "what was written last is lost"


@pytest.mark.sqlite_only
@every_damage
async def test_damage_is_found_while_it_runs_though_nobody_asks_for_the_place(
    database: Database, database_url: str, harm: Callable[[Path], object]
) -> None:
    await database.look_for_damage()
    assert database.damage is None
    await asyncio.to_thread(harm, file_of(database_url))
    with suppress(DatabaseBusyError):  # it says so as well
        await database.look_for_damage()
    assert database.damage


@pytest.mark.sqlite_only
async def test_a_text_that_is_noise_is_damage_and_is_not_repeated(
    database: Database, database_url: str
) -> None:
    with closing(sqlite3.connect(file_of(database_url))) as other, other:
        other.execute("INSERT INTO notes VALUES ('colour', CAST(x'726564ff' AS TEXT))")
    with pytest.raises(DatabaseBusyError):
        await get_state(database, "colour")
    assert database.damage
    assert "red" not in database.damage, "it may be a prompt"


async def test_a_folder_that_cannot_be_made_is_refused_in_a_readable_sentence(
    tmp_path: Path,
) -> None:
    (tmp_path / "letter").write_text("This is no folder.")
    with pytest.raises(DatabaseError):
        async with open_database(f"sqlite+aiosqlite:///{tmp_path}/letter/data/veo.db"):
            pass


@pytest.mark.sqlite_only
async def test_the_folder_is_for_its_owner_only(database: Database, database_url: str) -> None:
    await keep_state(database, "colour", "red")
    assert file_of(database_url).parent.stat().st_mode & 0o077 == 0
