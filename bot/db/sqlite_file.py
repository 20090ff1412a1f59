"""Troubles of an SQLite file: it is gone, or a part of it makes no sense."""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError, DBAPIError

from bot.db.transactions import UnusableError

QUICK_CHECK = text("PRAGMA quick_check(1)")
PRIMARY = 0xFF  # the part of SQLite's codes that says what kind of error it is
DAMAGED_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})  # a page, the first page
NOT_ONE = "file is not a database"  # SQLite's words
UNREADABLE_TEXT = "Could not decode to UTF-8"  # Python's words, which come without a code


def prepare_folder(path: Path) -> None:
    """Make the file's folder, for its owner only.

    Raises:
        OSError: it cannot be made.
        UnusableError: the file is gone, and what was last written to it is not.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if loss := find_loss(path):
        raise UnusableError(
            f"The file {path} is {loss}. Put the file back, or delete {_log_of(path).name} and restore the "
            "latest backup."
        )


def find_loss(path: Path) -> str | None:
    """Return what a file is that lost all it had, as a clause; None: it has something, or nothing was lost.

    SQLite itself begins an empty database then, even where it is only read, and deletes the log. It never
    leaves the two like this: the file has its first page before there is a log.
    """
    if _size(path) or not _size(_log_of(path)):
        return None
    how = "empty" if path.exists() else "missing"
    return f"{how}, but {_log_of(path).name} beside it holds what was written last"


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def damage_in(connection: Connection) -> str | None:
    """Return the first thing that makes no sense in a file, in SQLite's words; None: there is nothing."""
    try:
        said = connection.scalar(QUICK_CHECK)
    except DatabaseError as error:
        if not is_corrupt(error):
            raise
        return str(error.orig)
    return None if said == "ok" else " ".join(str(said).split())


def is_corrupt(error: Exception) -> bool:
    """Whether SQLite met a page that makes no sense, or Python a text."""
    is_noise = isinstance(error, DBAPIError) and str(error.orig).startswith(UNREADABLE_TEXT)
    return is_noise or primary_code(error) in DAMAGED_CODES


def primary_code(error: Exception) -> int | None:
    """Return what SQLite calls the error; None: it is none of SQLite's."""
    code = getattr(error.orig, "sqlite_errorcode", None) if isinstance(error, DBAPIError) else None
    return None if code is None else code & PRIMARY
