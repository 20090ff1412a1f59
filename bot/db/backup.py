"""`veo-bot backup`: a copy of the database while the bot writes, whole and checked or not there at all."""

import os
import shlex
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.engine import URL

from bot.db.schema_fit import read_only
from bot.db.sqlite_file import find_loss
from bot.db.state import COMMANDS

BUSY_TIMEOUT = 30.0  # seconds that a locked database is waited for
PREFIX = ".veo-backup-"  # of the half-done file, which lies beside the target
NOT_OURS = "This isn't a veo-bot database."
WHERE = (
    "DATABASE_URL and DATA_DIR say where it is; a path that doesn't begin with / starts in the folder where "
    "you are. Run this in the bot's folder, with its settings and as its user."
)


class BackupError(Exception):
    """There is no backup; `str()` is a sentence for the operator. Nothing was left behind."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was written.

    Attributes:
        size: bytes.
        revision: of the tables.
        requests: how many rows of requests there are.
    """

    path: Path
    size: int
    revision: str
    requests: int


def back_up(database_url: str, target: Path, *, force: bool = False) -> Backup:
    """Copy the database to `target`, for its owner's eyes only; blocks while it copies.

    The copy is the database of one moment. Writers go on meanwhile: a reader holds up nobody (WAL).

    Args:
        database_url: in SQLAlchemy's form.
        target: the new file, on any disk.
        force: replace a file that is there.

    Raises:
        BackupError: there is no copy, and why.
    """
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        raise BackupError(f"Back up this database with its own tool: {dump_command(url, target)}")
    source = Path(url.database or "")
    try:
        _ensure_sensible(source, target, force=force)
    except OSError as error:  # a folder above one of them can't be entered
        raise BackupError(f"I can't look at {error.filename or source}: {error.strerror}.") from error
    try:
        handle, name = tempfile.mkstemp(prefix=PREFIX, dir=target.resolve().parent)  # mode 0600
    except OSError as error:
        raise BackupError(f"I can't write to {target.resolve().parent}: {error.strerror}.") from error
    os.close(handle)
    part = Path(name)
    try:
        return _copy(url, part, target, force=force)
    except sqlite3.Error as error:
        raise BackupError(f"I couldn't copy the database: {error}.") from error
    except OSError as error:
        raise BackupError(f"I couldn't write {target}: {error.strerror}.") from error
    finally:
        for leftover in (part, *(part.with_name(part.name + end) for end in ("-journal", "-wal", "-shm"))):
            leftover.unlink(missing_ok=True)


def dump_command(url: URL, target: Path) -> str:
    """Return the command that saves a PostgreSQL database; it asks for the password."""
    words = ["pg_dump", "--format=custom", f"--file={target}"]
    host = url.host or url.query.get("host")  # the latter: a socket's folder, as in ?host=/run/postgresql
    parts = {"host": host, "port": url.port, "username": url.username, "dbname": url.database}
    return shlex.join([*words, *(f"--{name}={value}" for name, value in parts.items() if value)])


def _ensure_sensible(source: Path, target: Path, *, force: bool) -> None:
    if loss := find_loss(source):
        raise BackupError(f"The database {source} is {loss}. Restore the latest backup.")
    if not source.is_file():
        raise BackupError(f"There's no database at {source.absolute()}. {WHERE}")
    if target.is_dir():
        raise BackupError(f"{target} is a folder. Name a file in it.")
    if target.exists() and not target.is_file():
        raise BackupError(f"{target} isn't a regular file.")
    own = [source.with_name(source.name + end).absolute() for end in ("", "-wal", "-shm", "-journal")]
    if target.absolute() in own or (target.exists() and target.samefile(source)):
        raise BackupError(f"{target} is the database itself.")
    if target.exists() and not force:
        raise BackupError(f"{target} already exists. Use --force to replace it.")


def _copy(url: URL, part: Path, target: Path, *, force: bool) -> Backup:
    """Copy into `part`, check that, and only then let it be `target`."""
    address = f"{read_only(url).database}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT)) as original,
        closing(sqlite3.connect(part)) as copy,
    ):
        original.backup(copy)  # in one step: the state of one moment, however much is written meanwhile
        copy.execute("PRAGMA journal_mode = DELETE")  # all of it in one file
        backup = _checked(copy, part, target)
        # Who puts it back may go back to an older version, and Discord knows a newer one's commands by now.
        copy.execute("DELETE FROM notes WHERE name LIKE ? || '%'", (COMMANDS,))
        copy.commit()
    sync_to_disk(part)
    if target.exists() and not force:
        raise BackupError(f"{target} now exists. Use --force to replace it.")
    resolved = target.resolve()  # a link stays where it is, be it /dev/stdout
    part.replace(resolved)
    sync_to_disk(resolved.parent)
    return backup


def _checked(copy: sqlite3.Connection, part: Path, target: Path) -> Backup:
    """Read the whole copy.

    Raises:
        BackupError: it is damaged, or not the bot's.
    """
    found = [row[0] for row in copy.execute("PRAGMA integrity_check")]
    if found != ["ok"]:
        raise BackupError(f"The copy is damaged, so the database may be too: {found[0]}.")
    tables = {row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"alembic_version", "generations"} <= tables:
        raise BackupError(NOT_OURS)
    revision = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    if revision is None:
        raise BackupError(NOT_OURS)
    (requests,) = copy.execute("SELECT count(*) FROM generations").fetchone()
    return Backup(target, part.stat().st_size, revision[0], requests)


def sync_to_disk(path: Path) -> None:
    """Have the disk keep what was written; raises OSError as writing itself would."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
