"""A SQLite file with the tables, made once: a test begins with a copy, quicker than with eight migrations."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, make_url

from bot.db.database import open_database


class Template:
    """A file with the tables and nothing in them."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "template.db"

    async def make(self) -> None:
        """Make it as the program does its own, as small as it can be: a disk may be full."""
        async with open_database(f"sqlite+aiosqlite:///{self._file}"):
            pass
        with closing(sqlite3.connect(self._file)) as connection:
            connection.execute("VACUUM")

    def lay(self, url: str) -> None:
        """Put a copy where a database will be opened, unless there is one already or it is a server's."""
        address = make_url(url)
        if address.get_backend_name() != "sqlite" or not address.database:
            return
        path = Path(address.database)
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(self._file, path)


MAX_STATEMENTS = 5000  # all that the program has, and some


class SharedCompiler:
    """Makes engines that find each other's compiled statements, which take long to compile."""

    def __init__(self) -> None:
        self._first = create_engine("sqlite://", query_cache_size=MAX_STATEMENTS)
        self._first.connect().close()  # the dialect asks its first connection what it can do

    def create_engine(self, url: URL, **options: Any) -> Engine:
        """Make an engine as SQLAlchemy does. A statement's cache is the engine's, its key the dialect's."""
        engine = create_engine(url, **options)
        engine.dialect = engine.pool._dialect = self._first.dialect  # pyright: ignore[reportPrivateUsage]
        engine._compiled_cache = self._first._compiled_cache  # pyright: ignore[reportPrivateUsage]: locked version
        return engine
