"""What the repository publishes: no secrets, and nothing that is true on one machine only."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Put together here, so that this file does not contain what it looks for.
INDEX_HOSTS = ("py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com")
HOME = re.compile(r"(?<![\w.-])(?:/(?:root|home/[^/\s]+|Users/[^/\s]+)/|[A-Z]:\\Users\\)")


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Every file that is or would be published, by name."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode != 0:
        pytest.skip(f"not a git repository: {listing.stderr}")
    paths = [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8", "replace") for path in paths}


def test_no_file_names_a_package_index(texts: dict[str, str]) -> None:
    found = [(name, host) for name, text in texts.items() for host in INDEX_HOSTS if host in text]
    assert found == []


def test_no_file_names_a_home_folder(texts: dict[str, str]) -> None:
    found = [(name, match[0]) for name, text in texts.items() for match in HOME.finditer(text)]
    assert found == []


def test_no_file_is_for_secrets(texts: dict[str, str]) -> None:
    names = [Path(name).name for name in texts]

    assert ".env.example" in names, "the listing is not this repository's"
    assert [name for name in names if re.fullmatch(r"\.env(\..+)?", name)] == [".env.example"]
