"""The file for a video from the terminal: reserved before anything is paid, and nothing is overwritten."""

import os
from errno import EEXIST
from itertools import count
from pathlib import Path

NAME = "veo.mp4"  # in a folder


def target_named(name: str | Path) -> Path:
    """Return the path that was typed; with a slash at its end it is a folder, whether or not there is one."""
    return Path(name) / NAME if str(name).endswith((os.sep, "/")) else Path(name)


def reserve_target(wanted: Path) -> Path:
    """Return a new, empty file: `wanted`, or the same with a number where there is one already.

    Raises:
        OSError: it cannot be written.
    """
    wanted = wanted / NAME if wanted.is_dir() else wanted
    if wanted.exists() and not wanted.is_file():  # such as /dev/null: a number would make a file beside it
        raise FileExistsError(EEXIST, "It isn't a file", str(wanted))
    wanted.parent.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        path = wanted if number == 1 else wanted.with_stem(f"{wanted.stem}-{number}")
        try:
            path.open("xb").close()
        except FileExistsError:
            continue
        return path
    raise AssertionError  # a count does not end


def release_target(path: Path) -> None:
    """Remove a file that was reserved and not filled."""
    if path.exists() and not path.stat().st_size:
        path.unlink()
