"""Fixtures: databases to copy from and to, and empty ones."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.bot.db.contents import NewDatabase
from tests.postgres import Postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/empty.db"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.new()


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
