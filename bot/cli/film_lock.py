"""One run of `veo-bot film` at a time in a folder: two would both pay for the same shots."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.cli.desk import GenerateError

if sys.platform != "win32":
    import fcntl

NAME = "lock"  # of the file; a folder itself can't be locked on a network's disk


@contextmanager
def only_run_in(folder: Path) -> Generator[None]:
    """Hold a folder, made when missing; it goes again if nothing was left in it, like those above it.

    However a process ends, the system frees what it held.

    Raises:
        GenerateError: another run holds it, or it can't be written. Nothing was requested.
    """
    try:
        made = [path for path in (folder, *folder.parents) if not path.exists()] or [folder]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = _held(folder / NAME)
    except BlockingIOError as error:
        raise GenerateError(f"Another run is using {folder}. This one requested nothing.") from error
    except OSError as error:
        raise GenerateError(f"I can't write {folder}: {error.strerror}. Nothing was requested.") from error
    try:
        yield
    finally:
        with suppress(OSError):
            if _is_at(folder / NAME, handle):  # else somebody has deleted it, and it may be the next run's
                (folder / NAME).unlink()
            for path in made:
                path.rmdir()  # unless something is in it
        os.close(handle)


def _held(path: Path) -> int:
    """Return an open file that no other process holds.

    Raises:
        BlockingIOError: another one does, or has just ended and taken the file away.
        OSError: it can't be written or held.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform != "win32":  # there, a folder can't be synced either, so nothing is requested
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is_at(path, handle):
            raise BlockingIOError
    except OSError:
        os.close(handle)
        raise
    return handle


def _is_at(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False
