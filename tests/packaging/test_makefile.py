"""What the README's commands install."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def steps_of(target: str, folder: Path) -> str:
    """Return what `make` would do for a target where nothing is installed yet."""
    command = ["make", "--dry-run", target, f"VENV={folder / 'venv'}"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603 our own file


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
@pytest.mark.parametrize(
    ("target", "lock"), [("run", "requirements.lock"), ("demo", "requirements-dev.lock")], ids=["run", "demo"]
)
def test_a_command_installs_only_what_it_needs(tmp_path: Path, target: str, lock: str) -> None:
    steps = steps_of(target, tmp_path)
    assert f"--require-hashes -r {lock}" in steps
    assert steps.count("--require-hashes") == 1, "more is installed than the command needs"
