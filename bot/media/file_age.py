"""Leftover files: half done, and too old for a living process to be still at work on them."""

import shutil
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LEFTOVER_AGE = 3600.0  # seconds; younger ones may be another living process's


def old_ones(paths: Iterable[Path]) -> list[Path]:
    """Return those of `paths` that can be looked at and were last changed more than `LEFTOVER_AGE` ago."""
    found: list[Path] = []
    for path in paths:
        with later_if_not_now(), suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > LEFTOVER_AGE:
                found.append(path)
    return found


def discard_old(paths: Iterable[Path]) -> int:
    """Delete those of `paths` that are old, folders with all that is in them; return how many it could."""
    discarded = 0
    for path in old_ones(paths):
        with later_if_not_now():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
            discarded += 1
    return discarded


def discard_each(paths: Iterable[Path]) -> None:
    """Delete files, as far as they are there.

    Raises:
        OSError: one can't be deleted; the others are.
    """
    trouble: OSError | None = None
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            trouble = error
    if trouble is not None:
        raise trouble


@contextmanager
def later_if_not_now() -> Generator[None]:
    """Leave files that can't be deleted now to those who look for old ones: that ends nothing else.

    A disk that is mounted read-only answers so even where there is nothing to delete.
    """
    try:
        yield
    except OSError as error:
        log.warning("could not delete files now, so leaving them for later", error=str(error))
