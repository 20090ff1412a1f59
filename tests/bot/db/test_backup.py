"""Backups: whole and checked while others write, or not there at all; and the bot starts on one."""

# Nothing else runs beside a test, so it may wait for the disk.
# ruff: noqa: ASYNC240

import asyncio
import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
import textwrap
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text

from bot.db.backup import BackupError, back_up, dump_command
from bot.db.database import Database, DatabaseError, open_database
from bot.db.schema_fit import Fit, examine_schema
from bot.db.state import COMMANDS, get_state, keep_state
from tests.bot.rows import insert, reread
from tests.bot.troubles import locked, lose

pytestmark = pytest.mark.sqlite_only  # the command is for SQLite; PostgreSQL has pg_dump

WRITER = textwrap.dedent("""
    import sqlite3, sys
    database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
    number = 0
    while True:  # two rows that must never be seen apart
        number += 1
        database.execute("BEGIN IMMEDIATE")
        for name in ("left", "right"):
            database.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, str(number) + "x" * 2000))
            database.execute("INSERT OR REPLACE INTO notes VALUES (?, 'x')", (f"{name} {number}",))
        database.execute("COMMIT")
        print(number, flush=True)
""")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where the backup goes."""
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder / "veo.db"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fetch(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


@asynccontextmanager
async def writing(url: str) -> AsyncGenerator[asyncio.StreamReader]:
    """Let another process write without a pause; yields what it says after each transaction."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITER, make_url(url).database or ""), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        yield process.stdout
    finally:
        process.kill()
        await process.communicate()


async def test_a_backup_is_one_private_file_with_everything_in_it(
    database: Database, database_url: str, target: Path
) -> None:
    row = await insert(database)
    await keep_state(database, "colour", "red")
    saved = back_up(database_url, target)
    assert names_in(target.parent) == ["veo.db"], "something lies beside it"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert (saved.path, saved.requests, saved.size) == (target, 1, target.stat().st_size)
    assert saved.revision == (await examine_schema(database_url)).head
    assert fetch(target, "SELECT id FROM generations") == [(row.id,)]
    assert fetch(target, "PRAGMA journal_mode") == [("delete",)], "the bot would need further files"


async def test_a_bot_that_is_put_back_tells_discord_its_commands_again(
    database: Database, database_url: str, target: Path
) -> None:
    await keep_state(
        database, f"{COMMANDS}42", "what an older version told; a newer one has told others since"
    )
    await keep_state(database, "colour", "red")
    back_up(database_url, target)
    assert fetch(target, "SELECT name FROM notes") == [("colour",)]
    assert await get_state(database, f"{COMMANDS}42"), "the bot's own database was changed"


async def test_a_backup_taken_while_another_process_writes_is_the_state_of_one_moment(
    database: Database, database_url: str, target: Path
) -> None:
    assert database
    async with writing(database_url) as said:
        await said.readline()
        for number in range(5):
            path = target.with_name(f"{number}.db")
            before = int(await said.readline())
            await asyncio.to_thread(back_up, database_url, path)
            notes = dict(fetch(path, "SELECT name, value FROM notes"))
            assert notes["left"] == notes["right"], "half a transaction was saved"
            saved = int(str(notes["left"]).rstrip("x"))
            assert saved >= before, "what was committed before is not in it"
            assert len(notes) == 2 + 2 * saved, "rows of some transactions are missing"
            assert fetch(path, "PRAGMA integrity_check") == [("ok",)]
        await said.readline()  # and it still writes


async def test_the_bot_starts_on_a_backup_that_is_put_in_place(
    database: Database, database_url: str, target: Path, tmp_path: Path
) -> None:
    row = await insert(database)
    back_up(database_url, target)
    await keep_state(database, "colour", "written later")
    place = tmp_path / "new host" / "data" / "veo.db"
    place.parent.mkdir(parents=True)
    shutil.copy(target, place)
    async with open_database(f"sqlite+aiosqlite:///{place}") as restored:
        assert (await reread(restored, row.id)).prompt == row.prompt
        assert await get_state(restored, "colour") is None
        await keep_state(restored, "colour", "blue")
    assert fetch(place, "PRAGMA journal_mode") == [("wal",)]


async def test_a_file_that_is_there_is_replaced_only_when_told_so(
    database: Database, database_url: str, target: Path
) -> None:
    assert database
    target.write_text("the only other backup")
    with pytest.raises(BackupError, match="already exists"):
        back_up(database_url, target)
    assert target.read_text() == "the only other backup"
    target.chmod(0o644)
    back_up(database_url, target, force=True)
    assert fetch(target, "SELECT count(*) FROM generations") == [(0,)]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["veo.db", "veo.db-wal", "../data/veo.db", "link"])
async def test_the_database_is_never_overwritten_by_its_backup(
    database: Database, database_url: str, name: str
) -> None:
    await keep_state(database, "colour", "red")
    source = Path(make_url(database_url).database or "")
    if name == "link":
        (source.parent / name).hardlink_to(source)
    with pytest.raises(BackupError, match="is the database itself"):
        back_up(database_url, source.parent / name, force=True)
    assert await get_state(database, "colour") == "red"


def missing(folder: Path) -> Path:
    return folder / "nothing" / "veo.db"


def below_a_file(folder: Path) -> Path:
    (folder / "letter").write_text("no folder")
    return folder / "letter" / "veo.db"


def forbidden(_: Path) -> Path:
    return Path("/proc/self/veo.db")  # not even root can make a file there


@pytest.mark.parametrize("place", [missing, below_a_file, forbidden])
async def test_a_folder_that_cannot_be_written_is_told(
    database: Database, database_url: str, tmp_path: Path, place: Callable[[Path], Path]
) -> None:
    assert database
    with pytest.raises(BackupError, match=r"^I can't write to .+: .+\.$"):
        back_up(database_url, place(tmp_path))


async def test_a_folder_in_the_files_place_is_told(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    assert database
    with pytest.raises(BackupError, match="is a folder"):
        back_up(database_url, tmp_path)


async def test_what_is_no_file_is_never_replaced(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Root could replace a device such as /dev/null for the whole machine."""
    assert database
    device = tmp_path / "device"
    os.mkfifo(device)
    with pytest.raises(BackupError, match=r"device isn't a regular file\.$"):
        back_up(database_url, device, force=True)
    assert device.is_fifo()


async def test_a_link_stays_and_the_file_that_it_leads_to_is_replaced(
    database: Database, database_url: str, target: Path, tmp_path: Path
) -> None:
    """As with /dev/stdout, where the output goes into a file."""
    assert database
    target.write_text("the last backup")
    link = tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(BackupError, match="Use --force to replace it"):
        back_up(database_url, link)
    assert back_up(database_url, link, force=True).path == link
    assert link.is_symlink()
    assert fetch(target, "SELECT count(*) FROM generations") == [(0,)]


async def test_a_disk_without_room_leaves_nothing_behind(
    database: Database, database_url: str, target: Path
) -> None:
    assert database
    target.write_text("the last backup")
    program = "import sys; from bot.cli.main import main; sys.argv[0] = 'veo-bot'; main()"

    def shrink_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_960, 40_960))  # bytes; a write beyond fails

    finished = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", program, "backup", "--force", str(target)],
        env={**os.environ, "DATABASE_URL": database_url, "DATA_DIR": str(target.parent)},
        preexec_fn=shrink_disk,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 1, finished.stderr
    assert finished.stderr.startswith("I couldn't copy the database: ")
    assert "Traceback" not in finished.stderr
    assert names_in(target.parent) == ["veo.db"]
    assert target.read_text() == "the last backup"


async def test_a_locked_database_can_still_be_saved(
    database: Database, database_url: str, target: Path
) -> None:
    await keep_state(database, "colour", "red")
    async with locked(database_url):
        await asyncio.to_thread(back_up, database_url, target)
    assert fetch(target, "SELECT value FROM notes WHERE name = 'colour'") == [("red",)]


async def test_without_a_database_none_is_made(tmp_path: Path, target: Path) -> None:
    with pytest.raises(BackupError, match="There's no database at"):
        back_up(f"sqlite+aiosqlite:///{tmp_path / 'no.db'}", target)
    assert names_in(target.parent) == []
    assert not (tmp_path / "no.db").exists()


def test_what_cannot_be_looked_at_is_told(tmp_path: Path, target: Path) -> None:
    with pytest.raises(BackupError, match=r"^I can't look at .+: File name too long\.$"):
        back_up(f"sqlite+aiosqlite:///{tmp_path / ('x' * 300)}/veo.db", target)


async def test_what_is_not_the_bots_is_not_saved(tmp_path: Path, target: Path) -> None:
    for name, content in (("letter.db", b"a letter to my aunt. " * 300), ("empty.db", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BackupError):
            back_up(f"sqlite+aiosqlite:///{tmp_path / name}", target)
    assert names_in(target.parent) == []


async def test_a_database_that_does_not_say_its_version_is_not_saved(database_url: str, target: Path) -> None:
    async with open_database(database_url) as database:
        await database.write(lambda session: session.execute(text("DELETE FROM alembic_version")))
    with pytest.raises(BackupError, match=r"^This isn't a veo-bot database\.$"):
        back_up(database_url, target)


async def test_a_damaged_database_is_told_and_not_kept_as_a_backup(database_url: str, target: Path) -> None:
    async with open_database(database_url) as database:
        for _ in range(200):
            await insert(database)
    source = Path(make_url(database_url).database or "")
    content = bytearray(source.read_bytes())
    content[8192 : len(content) - 8192] = b"\x55" * (len(content) - 16384)
    source.write_bytes(content)
    with pytest.raises(BackupError, match=r"The copy is damaged|couldn't copy the database"):
        back_up(database_url, target)
    assert names_in(target.parent) == []


async def test_an_emptied_database_is_told_and_its_log_is_left_alone(database_url: str, target: Path) -> None:
    log = await lose(database_url, "empty")
    with pytest.raises(BackupError, match=r"is empty, but \S+-wal beside it holds"):
        back_up(database_url, target)
    assert log.exists()
    assert not target.exists()


def test_a_path_with_signs_that_mean_something_in_an_address_is_only_a_path(tmp_path: Path) -> None:
    place = tmp_path / "100% #1 & more" / "veo.db"
    place.parent.mkdir()
    asyncio.run(_make(place))
    assert back_up(f"sqlite+aiosqlite:///{place}", tmp_path / "copy ?.db").requests == 0


async def _make(place: Path) -> None:
    async with open_database(f"sqlite+aiosqlite:///{place}"):
        pass


def test_postgresql_is_saved_by_its_own_tool_without_a_password_on_the_screen(target: Path) -> None:
    url = "postgresql+asyncpg://veo:s3cret@db.example:5433/veo%20bot"
    with pytest.raises(BackupError) as failure:
        back_up(url, target)
    command = (
        f"pg_dump --format=custom --file={target} "
        "--host=db.example --port=5433 --username=veo '--dbname=veo bot'"
    )
    assert str(failure.value) == f"Back up this database with its own tool: {command}"
    assert dump_command(make_url("postgresql+asyncpg:///veo"), Path("f")) == (
        "pg_dump --format=custom --file=f --dbname=veo"
    )
    assert dump_command(
        make_url("postgresql+asyncpg://veo@/veo?host=/run/veo&password=s3cret"), Path("f")
    ) == ("pg_dump --format=custom --file=f --host=/run/veo --username=veo --dbname=veo")


@pytest.mark.parametrize(("revision", "fit"), [("0001", Fit.OLDER), ("9999", Fit.NEWER), (None, Fit.CURRENT)])
async def test_how_a_database_fits_is_seen_without_changing_it(
    database_url: str, revision: str | None, fit: Fit
) -> None:
    async with open_database(database_url):
        pass
    source = Path(make_url(database_url).database or "")
    if revision:
        with closing(sqlite3.connect(source)) as database, database:
            database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    before = source.read_bytes()
    schema = await examine_schema(database_url)
    assert schema.fit is fit
    assert source.read_bytes() == before


async def test_an_upgrade_that_fails_half_way_changes_nothing(database_url: str) -> None:
    async with open_database(database_url):
        pass
    source = Path(make_url(database_url).database or "")
    with closing(sqlite3.connect(source)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '0003'")
        database.execute(
            "ALTER TABLE generations DROP COLUMN not_ready_at"
        )  # 0004 adds it; 0005 cannot go on
    before = fetch(source, "SELECT sql FROM sqlite_master")
    with pytest.raises(DatabaseError, match="duplicate column name: picture_urls"):
        async with open_database(database_url):
            pass
    assert fetch(source, "SELECT sql FROM sqlite_master") == before
    assert fetch(source, "SELECT version_num FROM alembic_version") == [("0003",)]
