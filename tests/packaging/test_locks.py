"""The lock files: complete, hashed, free of addresses, and the same pins for users and for developers."""

import re
import tomllib
from pathlib import Path
from typing import TypedDict

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
RUNTIME, DEVELOPMENT = "requirements.lock", "requirements-dev.lock"

# The whole grammar: there is no room in it for an index, an address, a path or an option.
PIN = re.compile(
    r"(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)"
    r"==(?P<version>[0-9][\w.]*)"
    r"(?: ; (?P<marker>[\w<>=!.'() ]+?))?"
    r"(?P<hashes>(?: --hash=sha256:[0-9a-f]{64})+)"
)


class Project(TypedDict):
    """What these tests read of pyproject's table."""

    dependencies: list[str]
    optional_dependencies: dict[str, list[str]]


def read_project() -> Project:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return Project(dependencies=table["dependencies"], optional_dependencies=table["optional-dependencies"])


def read_pins(name: str) -> dict[str, re.Match[str]]:
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = [" ".join(line.split()) for line in text.replace("\\\n", " ").splitlines()]
    pins = {line: PIN.fullmatch(line) for line in lines if line}
    strangers = [line for line, pin in pins.items() if pin is None]
    assert not strangers, f"{name} holds lines that are no pins with hashes: {strangers}"
    return {pin["name"]: pin for pin in pins.values() if pin}


def unmet(requirements: list[str], pins: dict[str, re.Match[str]]) -> list[str]:
    """Return the requirements that no pin fulfils."""
    problems: list[str] = []
    for requirement in map(Requirement, requirements):
        name = canonicalize_name(requirement.name)
        if name != "veo-bot" and (
            name not in pins or not requirement.specifier.contains(pins[name]["version"])
        ):
            problems.append(str(requirement))
    return problems


@pytest.mark.parametrize("name", [RUNTIME, DEVELOPMENT])
def test_every_line_is_a_pin_with_hashes(name: str) -> None:
    assert read_pins(name), f"{name} is empty"


def test_the_runtime_lock_fulfils_every_requirement() -> None:
    missing = unmet(read_project()["dependencies"], read_pins(RUNTIME))
    assert not missing, f"run `make lock`: {RUNTIME} does not fulfil {missing}"


def test_the_development_lock_fulfils_every_extra() -> None:
    project = read_project()
    wanted = [line for lines in project["optional_dependencies"].values() for line in lines]

    missing = unmet(wanted, read_pins(DEVELOPMENT))
    assert not missing, f"run `make lock`: {DEVELOPMENT} does not fulfil {missing}"


def test_what_is_tested_is_what_is_deployed() -> None:
    runtime, development = read_pins(RUNTIME), read_pins(DEVELOPMENT)

    different = [
        name for name, pin in runtime.items() if name not in development or pin[0] != development[name][0]
    ]
    assert not different, f"run `make lock`: the two lock files disagree about {different}"
