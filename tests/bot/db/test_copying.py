"""`veo-bot copy-database`: all of it or nothing, in both directions."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url, select, text
from sqlalchemy.orm import Session

from bot.clock import utc_now
from bot.db.copying import Copied, CopyError, copy_database
from bot.db.database import open_database
from bot.db.guild_models import Action, AuditRow
from bot.db.schema import known_revisions
from bot.db.state import keep_state
from bot.policy.audit import record
from tests.bot.db.contents import NewDatabase, contents, fill
from tests.bot.engine import LEASE
from tests.bot.rows import insert
from tests.bot.troubles import lose

ENGINES = ["sqlite", "postgresql"]


def silent(table: str, done: int, total: int) -> None:
    """Tell nobody how far it is."""


@pytest.mark.parametrize("source", ENGINES)
@pytest.mark.parametrize("target", ENGINES)
async def test_everything_comes_over_as_it_is(new_database: NewDatabase, source: str, target: str) -> None:
    old, new = new_database(source), new_database(target)
    await fill(old)
    told: list[tuple[str, int, int]] = []

    def tell(table: str, done: int, total: int) -> None:
        told.append((table, done, total))

    copied = await copy_database(old, new, tell)
    assert await contents(new) == await contents(old)
    assert Copied("generations", 2, 2) in copied
    assert sum(each.target for each in copied) == 9
    assert ("audit", 3, 3) in told


@pytest.mark.parametrize("target", ENGINES)
async def test_new_rows_get_numbers_after_those_that_came(new_database: NewDatabase, target: str) -> None:
    old, new = new_database("sqlite"), new_database(target)
    await fill(old)
    await copy_database(old, new, silent)
    async with open_database(new) as database:
        await database.write(lambda session: record(session, 1, 2, Action.RESUME, utc_now()))

        def work(session: Session):
            assert (session.scalars(select(AuditRow.id).order_by(AuditRow.id))).all() == [1, 2, 3, 4]

        await database.read(work)


@pytest.mark.parametrize("target", ENGINES)
async def test_a_target_with_rows_is_refused(new_database: NewDatabase, target: str) -> None:
    old, new = new_database("sqlite"), new_database(target)
    await fill(old)
    await copy_database(old, new, silent)
    before = await contents(new)
    with pytest.raises(CopyError, match=r"^TO is not empty: its table audit has rows \(3\)\."):
        await copy_database(old, new, silent)
    assert await contents(new) == before


@pytest.mark.parametrize("source", ENGINES)
async def test_a_source_with_requests_in_hand_is_refused(new_database: NewDatabase, source: str) -> None:
    old, new = new_database(source), new_database("sqlite")
    now = utc_now()
    async with open_database(old) as database:
        await insert(database, lease_owner="killed", lease_until=now + LEASE)
    with pytest.raises(CopyError, match=r"^A bot is working on FROM: it holds 1 of its requests\. Stop it"):
        await copy_database(old, new, silent)
    later = now + LEASE + timedelta(seconds=1)
    await copy_database(old, new, silent, clock=lambda: later)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("side", ["FROM", "TO"])
async def test_a_side_on_which_a_bot_runs_is_refused(
    new_database: NewDatabase, engine: str, side: str
) -> None:
    used, other = new_database(engine), new_database("sqlite")
    await fill(other)
    old, new = (used, other) if side == "FROM" else (other, used)
    async with open_database(used) as database:

        def work(session: Session):
            session.execute(text("SELECT 1 FROM notes"))  # a bot that has nothing to do

        await database.read(work)
        with pytest.raises(CopyError, match=rf"^{side} is in use: a bot is running on it"):
            await copy_database(old, new, silent)


@pytest.mark.parametrize("target", ENGINES)
async def test_the_bot_cannot_write_into_a_copy_that_is_being_made(
    new_database: NewDatabase, target: str
) -> None:
    old, new = new_database("sqlite"), new_database(target)
    await fill(old)
    async with open_database(new):
        pass
    writers: list[asyncio.Task[None]] = []

    def tell(*_: object) -> None:
        if not writers:
            writers.append(asyncio.create_task(_write_note(new)))

    await copy_database(old, new, tell)
    await asyncio.gather(*writers, return_exceptions=True)
    assert (await contents(new))["generations"] == (await contents(old))["generations"]


async def _write_note(address: str) -> None:
    async with open_database(address) as database:
        await keep_state(database, "from", "a bot")


async def test_one_database_is_not_copied_onto_itself(new_database: NewDatabase) -> None:
    address = new_database("postgresql")
    other_user = make_url(address).set(username="veo", password="x").render_as_string(hide_password=False)
    with pytest.raises(CopyError, match=r"^FROM and TO are the same database\.$"):
        await copy_database(address, other_user, silent)


async def test_a_database_of_another_version_is_refused(new_database: NewDatabase) -> None:
    old, new = new_database("sqlite"), new_database("postgresql")
    await fill(old)
    for version, sentence in (
        ("9999", "newer version"),
        ("0001", "older version .* start this version on it"),
    ):
        await _set_version(old, version)
        with pytest.raises(CopyError, match=rf"^FROM belongs to an? {sentence}"):
            await copy_database(old, new, silent)
    await _set_version(old, known_revisions()[-1])
    await copy_database(old, new, silent)


async def _set_version(address: str, version: str) -> None:
    path = make_url(address).database or ""
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE alembic_version SET version_num = ?", (version,))


async def test_a_target_of_a_newer_version_is_refused(new_database: NewDatabase) -> None:
    old, new = new_database("sqlite"), new_database("sqlite")
    await fill(old)
    await fill(new)
    await _set_version(new, "9999")
    with pytest.raises(CopyError, match=r"^TO: The database was written by a newer version"):
        await copy_database(old, new, silent)


async def test_a_file_of_something_else_is_refused(new_database: NewDatabase, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "recipes.db")) as file, file:
        file.execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(CopyError, match=r"^FROM isn't a veo-bot database: it has none of its tables\.$"):
        await copy_database(f"sqlite+aiosqlite:///{tmp_path}/recipes.db", new_database("postgresql"), silent)


async def test_a_file_whose_name_is_written_as_in_web_addresses_is_found(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    old = f"sqlite+aiosqlite:///{tmp_path}/my%20veo.db"
    await fill(old)
    assert (tmp_path / "my veo.db").is_file()
    copied = await copy_database(old, new_database("sqlite"), silent)
    assert sum(each.target for each in copied) > 0


GONE = "postgresql+asyncpg://veo:unseen-password@127.0.0.1:1/veo"
WRONG = [
    ("mysql://host/veo", GONE, r"^FROM: The address must start with sqlite\+aiosqlite:/// or postgresql"),
    ("sqlite+aiosqlite:////nowhere/veo.db", GONE, r"^FROM: there's no file /nowhere/veo\.db\.$"),
    (
        f"sqlite+aiosqlite:////{'x' * 300}/v.db",
        GONE,
        r"^FROM: I can't look at /x+/v\.db: File name ",
    ),
    (GONE, "nonsense", r"^TO: The address must start with"),
    ("FILLED", GONE, r"^TO: The database at 127\.0\.0\.1:1/veo can't be reached: "),
    (
        "IMAGE",
        "EMPTY",
        r"^FROM: The file .*cat\.png isn't an SQLite database, .* damaged\..* Nothing was copied\.$",
    ),
    (
        GONE,
        "EMPTY",
        r"^FROM: The database at 127\.0\.0\.1:1/veo can't be reached: .*[^.]\. Nothing was copied\.$",
    ),
]


async def test_an_emptied_database_is_not_copied_and_its_log_is_left_alone(new_database: NewDatabase) -> None:
    log = await lose(source := new_database("sqlite"), "empty")
    with pytest.raises(CopyError, match=r"^FROM: the file .* is empty, but \S+-wal beside it holds"):
        await copy_database(source, new_database("sqlite"), silent)
    assert log.exists()


@pytest.mark.parametrize(("source", "target", "sentence"), WRONG)
async def test_an_address_that_cannot_be_used_is_told_in_a_sentence(
    new_database: NewDatabase, tmp_path: Path, source: str, target: str, sentence: str
) -> None:
    filled, empty = new_database("sqlite"), new_database("sqlite")
    await fill(filled)
    (tmp_path / "cat.png").write_bytes(b"PNG" * 100)
    names = {"FILLED": filled, "EMPTY": empty, "IMAGE": f"sqlite+aiosqlite:///{tmp_path}/cat.png"}
    with pytest.raises(CopyError, match=sentence) as failure:
        await copy_database(names.get(source, source), names.get(target, target), silent)
    assert "unseen-password" not in str(failure.value)
