"""What the program asks its database, and whether it reads all that was ever requested."""

import re
import sqlite3
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

# Tables without an end. Of reports, rules and blocks there are few, and offers are over after minutes.
# All that a server ever asked for is too much, too.
GROWING = re.compile(
    r"^SCAN (generations|films|audit|strikes)\b|^SEARCH (generations|films|audit|strikes) .*\(guild_id=\?\)$"
)
# But for its last ones: the order is the index's.
NEWEST = re.compile(r"WHERE \w+\.guild_id = \? ORDER BY .*DESC.*LIMIT", re.DOTALL)
# Indexes of the few that are not over, or that something has still to be done about.
OF_FEW = (
    *(f"ix_generations_{name}" for name in ("open", "unfinished", "asked", "linked", "pictured")),
    *(f"ix_films_{name}" for name in ("unfinished", "offers", "linked")),
)
KINDS = ("SELECT", "UPDATE", "DELETE", "WITH")


@contextmanager
def statements_noted() -> Generator[dict[str, Any]]:
    """Note the statements that are executed, each with values that it once had."""
    noted: dict[str, Any] = {}

    def note(*arguments: Any) -> None:
        _, _, statement, values, _, is_many = arguments
        if statement.lstrip().startswith(KINDS):
            noted[statement] = values[0] if is_many else values

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield noted
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def find_scans(path: Path, statements: Mapping[str, Any]) -> list[str]:
    """Return what SQLite would read through for these statements, each with its statement."""
    with closing(sqlite3.connect(path)) as database:
        return [
            f"{step}\n{statement}"
            for statement, values in statements.items()
            if not NEWEST.search(statement)
            for *_, step in database.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            if GROWING.match(step) and not step.endswith(OF_FEW)
        ]
