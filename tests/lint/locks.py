"""The lock files: complete, hashed, free of addresses, and the same pins for users and for developers."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.lint.findings import Check, File, Findings

RUNTIME, DEVELOPMENT = "requirements.lock", "requirements-dev.lock"

# The whole grammar: there is no room in it for an index, an address, a path or an option.
PIN = re.compile(
    r"(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)"
    r"==(?P<version>[0-9][\w.]*)"
    r"(?: ; (?P<marker>[\w<>=!.'() ]+?))?"
    r"(?P<hashes>(?: --hash=sha256:[0-9a-f]{64})+)"
)


def every_line_is_a_pin_with_hashes(root: Path) -> Findings:
    """Find a line that is no pin with hashes."""
    for name in (RUNTIME, DEVELOPMENT):
        file = File(root, name)
        if not _pins(file):
            yield file.found("The lock file has no pins.")
        for line in _lines(file):
            if not PIN.fullmatch(line):
                yield file.found(f"This is no pin with hashes: {line}", line.split(" ")[0])


def the_runtime_lock_fulfils_every_requirement(root: Path) -> Findings:
    """Find a requirement that the users' lock file does not fulfil."""
    yield from _unmet(File(root, RUNTIME), _project(root)["dependencies"])


def the_development_lock_fulfils_every_extra(root: Path) -> Findings:
    """Find a requirement of an extra that the developers' lock file does not fulfil."""
    for lines in _project(root)["optional-dependencies"].values():
        yield from _unmet(File(root, DEVELOPMENT), lines)


def what_is_tested_is_what_is_deployed(root: Path) -> Findings:
    """Find a pin on which the two lock files do not agree."""
    file, development = File(root, RUNTIME), _pins(File(root, DEVELOPMENT))
    for name, pin in _pins(file).items():
        if name not in development or pin[0] != development[name][0]:
            yield file.found(
                f"The other lock file does not agree about {name}: run `make lock`.", f"{name}=="
            )


def _project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _lines(file: File) -> Iterator[str]:
    lines = (" ".join(line.split()) for line in file.text.replace("\\\n", " ").splitlines())
    return filter(None, lines)


def _pins(file: File) -> dict[str, re.Match[str]]:
    return {pin["name"]: pin for line in _lines(file) if (pin := PIN.fullmatch(line))}


def _unmet(file: File, requirements: list[str]) -> Findings:
    pins = _pins(file)
    for requirement in map(Requirement, requirements):
        name = canonicalize_name(requirement.name)
        is_met = name in pins and requirement.specifier.contains(pins[name]["version"])
        if name != "veo-bot" and not is_met:
            yield file.found(f"No pin fulfils {requirement}: run `make lock`.", f"{name}==")


CHECKS: tuple[Check, ...] = (
    every_line_is_a_pin_with_hashes,
    the_runtime_lock_fulfils_every_requirement,
    the_development_lock_fulfils_every_extra,
    what_is_tested_is_what_is_deployed,
)
