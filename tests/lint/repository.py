"""What the repository publishes: no secrets, and nothing that is true on one machine only."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.lint.findings import Check, Finding, Findings

# Put together here, so that this file does not contain what it looks for.
INDEX_HOSTS = ("py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com")
HOME = re.compile(r"(?<![\w.-])(?:/(?:root|home/[^/\s]+|Users/[^/\s]+)/|[A-Z]:\\Users\\)")
EXAMPLE = ".env.example"


def no_file_names_a_package_index(root: Path) -> Findings:
    """Find the address of a package index."""
    for name, text in _published(root):
        for number, line in enumerate(text.splitlines(), 1):
            for host in INDEX_HOSTS:
                if host in line:
                    yield Finding(name, number, f"The package index {host} is named.")


def no_file_names_a_home_folder(root: Path) -> Findings:
    """Find a path that is true on one machine only."""
    for name, text in _published(root):
        for match in HOME.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield Finding(name, line, f"The home folder {match[0]} is named.")


def no_file_is_for_secrets(root: Path) -> Findings:
    """Find a file with settings that is or would be published."""
    names = [name for name, _ in _published(root)]
    if names and EXAMPLE not in names:
        yield Finding(EXAMPLE, 1, "The example is missing: the listing is not this repository's.")
    for name in names:
        if re.fullmatch(r"\.env(\..+)?", Path(name).name) and Path(name).name != EXAMPLE:
            yield Finding(name, 1, "This file is for secrets, and would be published.")


def _published(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and text of every file that is or would be published."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode != 0:
        print(f"Left out, since this is no git repository: {listing.stderr.strip()}", file=sys.stderr)
    for name in filter(None, listing.stdout.split("\0")):
        if (root / name).is_file():
            yield name, (root / name).read_text("utf-8", "replace")


CHECKS: tuple[Check, ...] = (
    no_file_names_a_package_index,
    no_file_names_a_home_folder,
    no_file_is_for_secrets,
)
