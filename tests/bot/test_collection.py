"""The names of the tests: the same however they are found, so that what failed can be run again."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# On both engines, with the values of a fixture, which pytest adds at another time where it finds them late.
FILE = "tests/bot/media/test_videos_on_disk.py"
OTHERS = (
    "tests/[!b]*/*",
    "tests/bot/[!m]*",
    "tests/bot/m[!e]*",
    "tests/bot/me[!d]*",
    "tests/bot/media/test_[!v]*",
)


def names_of(*arguments: str, folder: Path = ROOT, seed: str = "0") -> list[str]:
    """Return the ids that pytest finds, in its order."""
    done = subprocess.run(  # noqa: S603 our own tests
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return re.findall(r"^\S+::.+$", done.stdout, re.MULTILINE)


@pytest.mark.nightly
@pytest.mark.timeout(300)
def test_a_test_has_one_name_however_it_is_found_and_in_whatever_order_sets_are() -> None:
    by_path = names_of(FILE)
    assert any(name.endswith("the_member_gets_the_video[sqlite-missing]") for name in by_path), by_path
    # From far above the folder with its fixtures, as a run of everything does.
    from_above = names_of("tests", *(f"--ignore-glob={pattern}" for pattern in OTHERS), seed="1")
    assert from_above == by_path
