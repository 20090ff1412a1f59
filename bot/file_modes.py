"""Files that only the user may read who runs the bot: prompts, images and videos are nobody else's."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import structlog
from sqlalchemy import make_url

OTHERS = 0o077  # the rights of the group and of everybody
OWN_FOLDERS = ("videos", "pictures")  # in DATA_DIR; the bot alone writes there
DATABASE_ENDS = ("", "-wal", "-shm", "-journal")

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def restrict_new_files() -> None:
    """Let nobody else read what this process and its children make from now on."""
    os.umask(OTHERS)


def restrict_files(data_dir: Path, database_url: str) -> None:
    """Make the folder and the database's file where they are missing, and take them from everybody else.

    Only what is the bot's is touched: DATA_DIR itself, its database, videos and images. What cannot be
    changed is told in the log; whether it can be used is seen when it is used.

    `database_url` is in SQLAlchemy's form; only SQLite has a file.
    """
    database = _file_of(database_url)
    with suppress(OSError):
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if database is not None and database.parent.is_dir():
            database.touch(0o600)  # SQLite would make it as the umask says; the other files follow this one
    tightened: list[str] = []
    for path in _own_paths(data_dir, database):
        try:
            if _restrict(path):
                tightened.append(str(path))
        except FileNotFoundError:
            continue  # another process has deleted it
        except OSError as error:
            log.warning("could not restrict a file's permissions", path=str(path), error=error.strerror)
    if tightened:
        log.warning(
            "other users could read the bot's files; this is fixed now",
            files=len(tightened),
            first=tightened[0],
        )


def _own_paths(data_dir: Path, database: Path | None) -> Iterator[Path]:
    yield data_dir
    if database is not None:
        yield from (database.with_name(database.name + end) for end in DATABASE_ENDS)
    for name in OWN_FOLDERS:
        yield data_dir / name
        # Unlike rglob, it passes over a folder that is gone when its turn comes: an encoder's ends with it.
        for folder, folders, files in os.walk(data_dir / name):
            yield from (Path(folder, found) for found in (*folders, *files))


def _restrict(path: Path) -> bool:
    """Take a file or folder from everybody but its owner; return whether that was necessary.

    Raises:
        OSError: it is not ours, or not there.
    """
    found = path.lstat()
    is_plain = stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)  # no link, and no device
    if not is_plain or not found.st_mode & OTHERS:
        return False
    if found.st_mode & stat.S_ISVTX:
        raise OSError(0, "it is a folder that many share")  # such as /tmp
    path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
    return True


def _file_of(database_url: str) -> Path | None:
    """Return SQLite's file; None: there is none, or a folder in its place, which is said when it's opened."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    path = Path(url.database)
    with suppress(OSError):
        return None if path.is_dir() else path
    return path
