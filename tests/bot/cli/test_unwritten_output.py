"""Commands whose output finds no room say so in one line, after what they did."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.sqlite import Template

SAID = "I couldn't write the output (No space left on device). The command may be done all the same.\n"
pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has /dev/full")


def run_on_a_full_disk(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    with Path("/dev/full").open("w") as full:
        return subprocess.run(  # noqa: S603 our own program
            [sys.executable, "-m", "bot", *arguments],
            cwd=folder,
            env={**os.environ, "DATA_DIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )


def test_what_only_prints_ends_with_one_line(tmp_path: Path) -> None:
    ended = run_on_a_full_disk(tmp_path, "--version")
    assert (ended.returncode, ended.stderr) == (1, SAID)


def test_a_backup_is_there_though_nobody_could_be_told(tmp_path: Path, template: Template) -> None:
    template.lay(f"sqlite+aiosqlite:///{tmp_path / 'veo.db'}")
    ended = run_on_a_full_disk(tmp_path, "backup", str(tmp_path / "copy.db"))
    assert (ended.returncode, ended.stderr) == (1, SAID)
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM generations").fetchone() == (0,)
