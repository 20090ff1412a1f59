"""The database of a stage, looked at and changed from outside, between two cases."""

import sqlite3
from pathlib import Path
from typing import Any

# What the runner and the outbox relay change by themselves.
OWN_BUSINESS = frozenset({
    "not_before", "attempts", "lease_owner", "lease_until", "post_at", "channel_id", "message_id",
    "card_id", "thread_id",
})  # fmt: skip
STATUSES = frozenset({"queued", "submitting", "running", "succeeded", "failed", "cancelled"})

Row = dict[str, Any]


class Rows:
    """The tables.

    Args:
        path: the database's file.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=10)
        self._connection.row_factory = sqlite3.Row

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def read(self, query: str, *values: object) -> list[Row]:
        """Return rows as they are now."""
        return [dict(row) for row in self._connection.execute(query, values)]

    def settled(self, query: str, *values: object) -> list[Row]:
        """Return rows without what changes by itself."""
        return [
            {name: value for name, value in row.items() if name not in OWN_BUSINESS}
            for row in self.read(query, *values)
        ]

    def assert_legal(self) -> None:
        """Check that no generation is in a state that cannot be."""
        for row in self.read("SELECT * FROM generations"):
            assert row["status"] in STATUSES
            assert not row["result_id"] or row["status"] in {"succeeded", "failed", "cancelled"}, row
            assert row["status"] != "running" or row["provider_id"], row
            assert row["status"] != "queued" or not row["provider_id"], row
