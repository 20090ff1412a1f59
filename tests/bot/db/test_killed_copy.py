"""A copy of many rows that is killed half-way leaves nothing behind, and is run again in little memory."""

import os
import re
import signal
from asyncio.subprocess import STDOUT
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.clock import utc_now
from bot.db.database import open_database
from bot.db.models import Generation, Status
from tests.bot.clocks import until
from tests.bot.db.contents import NewDatabase
from tests.bot.rows import insert
from tests.forked import Forked, start_python
from tests.postgres import Connection, connect

ROOT = Path(__file__).parents[3]
MANY = 100_000
MIB = 2**20  # bytes
MAX_MEMORY = 200 * 1024  # KiB; the program alone takes half of it, and all rows much more than all of it

# The command as an operator runs it, and how much memory it took at most.
PROGRAM = """
from pathlib import Path
from bot.cli.main import main
try:
    main()
finally:
    print(Path("/proc/self/status").read_text())
"""


async def start_copy(old: str, new: str) -> Forked:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return await start_python(["-c", PROGRAM, "copy-database", old, new], environment, ROOT, stderr=STDOUT)


async def fill_with_many(address: str, count: int) -> None:
    """Write that many finished generations, with long words, without going through Python."""
    async with open_database(address) as database:
        await insert(database, **_columns_of_finished())

        def work(session: Session):
            columns = {column.name for column in Generation.__table__.columns} - {"id", "interaction_id"}
            names = ", ".join(sorted(columns))
            session.execute(
                text(
                    f"INSERT INTO generations (id, interaction_id, {names})"  # noqa: S608 our own columns
                    " WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
                    f" SELECT printf('copy%d', i), -i, {names} FROM generations, n"
                ),
                {"count": count},
            )

        await database.write(work)


def _columns_of_finished() -> dict[str, Any]:
    return {"status": Status.SUCCEEDED, "delivered_at": utc_now(), "prompt": "x" * 600}


@pytest.mark.nightly
@pytest.mark.timeout(180)
async def test_a_copy_that_was_killed_is_run_again(new_database: NewDatabase) -> None:
    old, new = new_database("sqlite"), new_database("postgresql")
    await fill_with_many(old, MANY)
    async with connect(new) as watching:
        killed = await start_copy(old, new)
        await until("rows are on their way", lambda: _is_growing(watching), seconds=60)
        killed.kill()
        output, _ = await killed.communicate()
        assert killed.returncode == -signal.SIGKILL, output.decode()
        assert await watching.fetchval("SELECT count(*) FROM generations") == 0, "half a copy is left"
    again = await start_copy(old, new)
    output, _ = await again.communicate()
    assert again.returncode == 0, output.decode()
    assert f"{MANY:,} rows were copied" in output.decode()
    found = re.search(r"VmHWM:\s+(\d+) kB", output.decode())
    assert found is not None
    assert int(found[1]) < MAX_MEMORY, "all rows were in memory at once"


async def _is_growing(watching: Connection) -> bool:
    return await watching.fetchval("SELECT pg_relation_size('generations')") > 20 * MIB
