"""The operator's commands as processes: exit codes, what is printed where, and what runs beside them."""

import asyncio
import json
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.db.database import open_database
from bot.db.schema import known_revisions
from sandbox.provider import Provider
from tests.forked import start_python
from tests.wire_discord import WireDiscord
from tests.wire_discord.program import ROOT, Program, bot_environment


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    code: int
    out: str
    err: str


async def veo_bot(*arguments: str, **environment: str) -> Finished:
    """Run `veo-bot` in the present folder with the present environment and `environment`."""
    everything = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    process = await start_python(["-m", "bot", *arguments], everything, Path.cwd())
    out, err = await process.communicate()
    return Finished(process.returncode or 0, out.decode(), err.decode())


@pytest.mark.usefixtures("environment")
async def test_beside_a_running_bot_both_work_and_the_bot_goes_on(
    wire: WireDiscord, provider: Provider, folder: Path
) -> None:
    program = Program(["-m", "bot", "run"], bot_environment(wire, provider, folder / "data"), folder)
    async with program:
        await program.wait_for_line("ready")
        examined = await veo_bot("doctor", "--json")
        saved = await veo_bot("backup", "copy.db")
        assert (await wire.interact(11, "usage")).payload
        assert len(wire.gateway.connected) == 1, "the bot's session was disturbed"
        assert await program.stop() == 0
    assert (examined.code, examined.err) == (0, "")
    document = json.loads(examined.out)
    assert (document["good"], document["bad"], document["warnings"]) == (True, 0, 0), document
    assert (saved.code, saved.err) == (0, "")
    assert saved.out.startswith("Saved copy.db: 0 requests, ")


@pytest.mark.usefixtures("environment")
async def test_bad_findings_are_the_exit_code(folder: Path) -> None:
    warned = await veo_bot("doctor", DISCORD_TOKEN="x", NO_COLOR="1")
    assert warned.code == 1
    assert "  bad      Discord rejects the token.\n           → Copy it again" in warned.out
    (folder / ".env").write_text("")
    (folder / ".env").chmod(0o644)
    warned = await veo_bot("doctor")
    assert (warned.code, "  warning  Other users of this machine can read .env" in warned.out) == (0, True)


@pytest.mark.usefixtures("environment")
async def test_a_terminal_gets_colours_and_the_words_all_the_same() -> None:
    coloured = await veo_bot("doctor", TERM="xterm", FORCE_COLOR="1", DISCORD_TOKEN="x")
    assert "\x1b[1;31mbad" in coloured.out.replace(" ", "")
    assert "\x1b[32mgood" in coloured.out.replace(" ", "")


@pytest.mark.usefixtures("environment")
async def test_without_settings_the_doctor_lists_what_is_missing_and_a_backup_needs_no_secrets(
    environment: pytest.MonkeyPatch, folder: Path
) -> None:
    for name in ("DISCORD_TOKEN", "AIMLAPI_KEY"):
        environment.delenv(name)
    examined = await veo_bot("doctor")
    assert examined.code == 1
    assert "AIMLAPI_KEY: is missing" in examined.out
    assert "DISCORD_TOKEN: is missing" in examined.out
    saved = await veo_bot("backup", "copy.db")
    assert saved.code == 1
    assert saved.err.startswith(
        f"There's no database at {folder / 'data' / 'veo.db'}. DATABASE_URL and DATA_DIR"
    )
    unset = await veo_bot("backup", "copy.db", DATABASE_URL="oracle:///")
    assert unset.code == 2
    assert unset.err.startswith("DATABASE_URL: ")


@pytest.mark.usefixtures("environment")
async def test_an_older_program_says_so_on_a_newer_database_and_changes_nothing(
    wire: WireDiscord, provider: Provider, folder: Path
) -> None:
    environment = bot_environment(wire, provider, folder / "data")
    async with Program(["-m", "bot", "run"], environment, folder) as program:
        await program.wait_for_line("ready")
        assert await program.stop() == 0
    with closing(sqlite3.connect(folder / "data" / "veo.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.execute("CREATE TABLE inventions (name TEXT)")
    before = await asyncio.to_thread((folder / "data" / "veo.db").read_bytes)
    async with Program(["-m", "bot", "run"], environment, folder) as program:
        assert await program.ended() == 2
    line = program.lines[-1]
    assert line.startswith(
        "DATABASE_URL: The database was written by a newer version of this program, and "
        "this one can't read it. Nothing changed. Run that version again, or restore the backup"
    )
    assert "9999" in line
    assert "updating the database" not in program.output
    assert await asyncio.to_thread((folder / "data" / "veo.db").read_bytes) == before
    assert wire.count("GET /users/@me") == 1, "it went on to Discord"


@pytest.mark.usefixtures("environment")
async def test_who_compares_with_the_ledger_makes_and_changes_no_database(folder: Path) -> None:
    database = folder / "data" / "veo.db"
    compared = await veo_bot("reconcile")
    assert (compared.code, compared.out, database.exists()) == (1, "", False)
    assert compared.err.startswith(f"There's no database of the bot at {database}. ")
    async with open_database(f"sqlite+aiosqlite:///{database}"):
        pass
    assert (await veo_bot("reconcile")).code == 0
    with closing(sqlite3.connect(database)) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '0022'")
    compared = await veo_bot("reconcile")
    assert (compared.code, compared.out) == (1, "")
    assert compared.err.startswith("The database is from an older version (revision 0022).")
    with closing(sqlite3.connect(database)) as file:
        assert file.execute("SELECT version_num FROM alembic_version").fetchall() == [("0022",)]


@pytest.mark.usefixtures("environment")
async def test_the_first_start_of_a_worker_says_what_it_does_and_warns_of_nothing(
    wire: WireDiscord, provider: Provider, folder: Path
) -> None:
    environment = bot_environment(wire, provider, folder / "data")
    async with Program(["-m", "bot", "run", "--role", "worker"], environment, folder) as program:
        await program.wait_for_line("ready")
        assert await program.stop() == 0
    assert [line for line in program.lines if "alembic" in line or "[warning" in line] == []
    [told] = [line for line in program.lines if "updating the database" in line]
    assert f"to={known_revisions()[-1]}" in told
