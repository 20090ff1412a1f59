"""GitHub's workflows: linted, pinned, with few rights, and doing what a developer does."""

import re
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.programs import ROOT, check_schema, run_program
from tests.packaging.yaml_files import read_yaml

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
DEPENDABOT = ROOT / ".github/dependabot.yml"
PINNED = re.compile(r"(?P<action>[\w./-]+)@(?P<commit>[0-9a-f]{40}) # (?P<version>v\d+\.\d+\.\d+)")

each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=[path.stem for path in WORKFLOWS])


def jobs_of(path: Path) -> dict[str, Any]:
    return read_yaml(path)["jobs"]


def commands_of(path: Path) -> str:
    steps = [step for job in jobs_of(path).values() for step in job["steps"]]
    return "\n".join(step["run"] for step in steps if "run" in step)


@each_workflow
def test_actionlint_has_nothing_to_say(path: Path) -> None:
    # Without a shellcheck or pyflakes that this machine may happen to have.
    assert run_program("actionlint", "-no-color", "-shellcheck=", "-pyflakes=", path) == (0, "")


@each_workflow
def test_zizmor_has_nothing_to_say(path: Path) -> None:
    code, said = run_program(
        "zizmor", "--offline", "--quiet", "--color=never", "--persona=pedantic", path, DEPENDABOT
    )
    assert code == 0, said


@each_workflow
def test_it_is_what_the_schema_allows(path: Path) -> None:
    assert check_schema("github-workflows", path) == (0, "ok -- validation done\n")
    assert check_schema("dependabot", DEPENDABOT) == (0, "ok -- validation done\n")


@each_workflow
def test_the_linters_would_find_something(path: Path, tmp_path: Path) -> None:
    text, careless = path.read_text(encoding="utf-8"), tmp_path / path.name

    careless.write_text(text.replace("runs-on:", "run-on:"), encoding="utf-8")
    assert run_program("actionlint", careless)[0] == 1

    careless.write_text(re.sub(r"@[0-9a-f]{40} # ", "@", text), encoding="utf-8")
    code, said = run_program("zizmor", "--offline", "--quiet", careless)
    assert code > 10, said  # 11 to 14: by the worst finding
    assert "unpinned-uses" in said


@each_workflow
def test_every_action_is_pinned_to_one_commit_and_says_its_version(path: Path) -> None:
    lines = re.findall(r"uses: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert lines
    assert [line for line in lines if not PINNED.fullmatch(line)] == []

    pins: defaultdict[str, set[str]] = defaultdict(set)
    for each in WORKFLOWS:
        for pin in PINNED.finditer(each.read_text(encoding="utf-8")):
            pins[pin["action"]].add(f"{pin['commit']} {pin['version']}")
    assert {action: found for action, found in pins.items() if len(found) > 1} == {}, (
        "two versions of an action"
    )


@each_workflow
def test_rights_are_given_to_jobs_and_none_to_write_before_the_tests(path: Path) -> None:
    assert read_yaml(path)["permissions"] == {"contents": "read"}
    writers = [job for job in jobs_of(path).values() if "write" in job.get("permissions", {}).values()]
    assert all(job["needs"] == "test" for job in writers)
    assert bool(writers) == (path.stem == "image")


@each_workflow
def test_what_is_run_is_what_a_developer_runs(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = commands_of(path)

    targets = re.findall(r"^(?:make|\.ci/run) ([\w-]+)", commands, re.MULTILINE)
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets), targets
    assert targets or ".ci/run" in commands
    assert not re.search(r"\b(pip|pytest|ruff|pyright)\b", commands), "this belongs into the Makefile"


def test_every_supported_python_is_tested() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions: list[str] = jobs_of(ROOT / ".github/workflows/ci.yml")["test"]["strategy"]["matrix"]["python"]

    assert versions == ["3.11", "3.12", "3.13", "3.14"]
    assert table["requires-python"] == f">={versions[0]}"
