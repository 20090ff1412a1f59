"""The fit of a database to this version of the program, found out without changing or making it."""

import asyncio
import os
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.db.schema import find_missing, is_foreign, known_revisions, revision_of
from bot.db.sqlite_file import damage_in, find_loss, is_corrupt
from bot.db.words import reason_of
from bot.system_errors import words_of

RIGHTS = text(
    "SELECT current_schema(), has_schema_privilege(current_schema(), 'CREATE'), "
    "current_setting('server_encoding'), current_setting('transaction_read_only') = 'on'"
)


class Fit(Enum):
    """The answers."""

    ABSENT = auto()  # the first start makes it
    CLOSED = auto()  # the first start can't make it
    OLDER = auto()  # the next start brings it up to date
    CURRENT = auto()
    NEWER = auto()  # or of a version that never was
    FOREIGN = auto()  # it has tables, but not ours
    DAMAGED = auto()
    UNREADABLE = auto()


@dataclass(frozen=True, slots=True)
class Schema:
    """The state of a database's tables.

    Attributes:
        revision: of its tables; empty where it has none.
        head: the one that this version of the program makes.
        reason: why it cannot be read, in the engine's words, or not be made.
    """

    fit: Fit
    revision: str
    head: str
    reason: str = ""


async def examine_schema(url: str) -> Schema:
    """Look at the database at `url` (SQLAlchemy's form); never raises for what is there."""
    head = known_revisions()[-1]
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if (schema := await asyncio.to_thread(_examine_file, Path(parsed.database or ""), head)) is not None:
            return schema
        parsed = read_only(parsed)
    engine = create_async_engine(parsed, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            revision, is_anothers = await connection.run_sync(_look)
            missing = await connection.run_sync(find_missing) if revision == head else None
            is_file = engine.dialect.name == "sqlite"
            damage = await connection.run_sync(damage_in) if is_file else None
            obstacle = (
                "" if is_file or revision or is_anothers else await connection.run_sync(_obstacle_on_server)
            )
    except (SQLAlchemyError, OSError, TypeError, ValueError) as error:  # the last two: of unknown options
        fit = Fit.DAMAGED if is_corrupt(error) else Fit.UNREADABLE
        return Schema(fit, "", head, reason_of(error).splitlines()[0])
    finally:
        await engine.dispose()
    if missing is not None:
        damage = damage or f"it lacks {missing}"
    if damage is not None:
        return Schema(Fit.DAMAGED, revision, head, damage)
    if obstacle:
        return Schema(Fit.CLOSED, revision, head, obstacle)
    return Schema(_classify(revision, head, is_anothers=is_anothers), revision, head)


def _examine_file(file: Path, head: str) -> Schema | None:
    """Return what there is to say about a file that can't be opened; None: it can."""
    try:
        if loss := find_loss(file):
            return Schema(Fit.DAMAGED, "", head, f"its file is {loss}")
        if file.exists():
            return None
        obstacle = _obstacle_to(file)
    except OSError as error:  # as where this user can't look into a folder above it
        return Schema(Fit.UNREADABLE, "", head, words_of(error))
    return Schema(Fit.CLOSED if obstacle else Fit.ABSENT, "", head, obstacle)


def read_only(url: URL) -> URL:
    """Return the address of a SQLite file so that it is neither made nor written."""
    return url.set(
        database=f"file:{quote(url.database or '')}", query={**url.query, "mode": "ro", "uri": "true"}
    )


def _obstacle_to(file: Path) -> str:
    """Return why this user can't make a file; empty: nothing is known that speaks against it.

    Raises:
        OSError: this user can't look there.
    """
    above = next(parent for parent in file.absolute().parents if parent.exists())
    if not above.is_dir():
        return f"{above} isn't a folder"
    return "" if os.access(above, os.W_OK | os.X_OK) else f"this user can't write to {above}"


def _obstacle_on_server(connection: Connection) -> str:
    """Return why this user can't make tables on a server; empty: nothing speaks against it."""
    schema, may_create, encoding, takes_no_writes = connection.execute(RIGHTS).one()
    if encoding != "UTF8":
        return f"it keeps text as {encoding} instead of UTF8"
    if schema is None:
        return "it has none of the schemas that search_path names"
    if not may_create:
        return f"this user may not create tables in its schema {schema}"
    return "it takes no writes" if takes_no_writes else ""


def _look(connection: Connection) -> tuple[str, bool]:
    """Return the revision and whether the tables are another program's."""
    return revision_of(connection), is_foreign(connection)


def _classify(revision: str, head: str, *, is_anothers: bool) -> Fit:
    if not revision:
        return Fit.FOREIGN if is_anothers else Fit.ABSENT
    if revision == head:
        return Fit.CURRENT
    return Fit.OLDER if revision in known_revisions() else Fit.NEWER
