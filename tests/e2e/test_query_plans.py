"""What the program asks its database: nothing grows with the requests that are over."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from sandbox.world import World
from tests.e2e.driver import case
from tests.e2e.flows import FLOWS

# Tables without an end. Of reports, rules and blocks there are few, and offers are over after minutes.
# All that a server ever asked for is too much, too.
GROWING = re.compile(r"^SCAN (generations|audit)\b|^SEARCH (generations|audit) .*\(guild_id=\?\)$")
# But for its last ones: the order is the index's.
NEWEST = re.compile(r"WHERE \w+\.guild_id = \? ORDER BY .*DESC.*LIMIT", re.DOTALL)
# Indexes of the few that are not over, or that something has still to be done about.
OF_FEW = tuple(f"ix_generations_{name}" for name in ("open", "unfinished", "asked", "linked", "pictured"))


@pytest.fixture(autouse=True)
def asked() -> Iterator[dict[str, Any]]:
    """The statements that were executed, each with values that it once had."""
    statements: dict[str, Any] = {}

    def note(*arguments: Any) -> None:
        _, _, statement, values, _, is_many = arguments
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            statements[statement] = values[0] if is_many else values

    event.listen(Engine, "before_cursor_execute", note)
    yield statements
    event.remove(Engine, "before_cursor_execute", note)


async def test_nothing_reads_a_table_through(asked: dict[str, Any], own_world: World, data_dir: Path) -> None:
    for flow in FLOWS:
        own_world.found_server()
        with case(flow.__name__):
            await flow(own_world)
        own_world.provider.faults.clear()
    await own_world.restart()
    with closing(sqlite3.connect(data_dir / "veo.db")) as database:
        found = [scan for query, values in asked.items() for scan in find_scans(database, query, values)]
    assert len(asked) > 50, "these are not all statements"
    assert not found, "\n\n".join([f"{len(found)} statements read a table through:", *found])


def find_scans(database: sqlite3.Connection, statement: str, values: Any) -> list[str]:
    """Return what a statement reads through, each with the statement."""
    if NEWEST.search(statement):
        return []
    plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    read = [step for step in plan if GROWING.match(step) and not step.endswith(OF_FEW)]
    return [f"{step}\n{statement}" for step in read]
