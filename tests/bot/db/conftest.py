"""Fixtures: databases to copy from and to."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.bot.db.contents import NewDatabase
from tests.postgres import Postgres


@pytest.fixture
def new_database(postgres: Postgres, tmp_path: Path) -> Iterator[NewDatabase]:
    """Return the address of another database of an engine."""
    with ExitStack() as stack:

        def make(engine: str) -> str:
            if engine == "postgresql":
                return stack.enter_context(postgres.lend())
            number = len(list(tmp_path.iterdir()))
            (tmp_path / f"folder {number}").mkdir()
            return f"sqlite+aiosqlite:///{tmp_path}/folder {number}/veo.db"

        yield make
