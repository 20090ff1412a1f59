"""GitHub's workflows: linted, pinned, with few rights, and doing what a developer does."""

import re
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.lint.findings import Check, File, Findings
from tests.lint.programs import check_schema, run_program
from tests.lint.yaml_files import read_yaml

FOLDER = Path(".github/workflows")
DEPENDABOT = ".github/dependabot.yml"
PINNED = re.compile(r"(?P<action>[\w./-]+)@(?P<commit>[0-9a-f]{40}) # (?P<version>v\d+\.\d+\.\d+)")
TESTED = ["3.11", "3.12", "3.13", "3.14"]  # versions of Python


class Workflow(File):
    """A workflow, and what is in it."""

    def __init__(self, root: Path, path: Path) -> None:
        super().__init__(root, path)
        self.content: dict[str, Any] = read_yaml(self.path)
        self.jobs: dict[str, Any] = self.content.get("jobs", {})

    @property
    def commands(self) -> str:
        """All commands that it runs."""
        steps = [step for job in self.jobs.values() for step in job.get("steps", [])]
        return "\n".join(step["run"] for step in steps if "run" in step)


def _workflows(root: Path) -> list[Workflow]:
    return [Workflow(root, path) for path in sorted((root / FOLDER).glob("*.yml"))]


def actionlint_has_nothing_to_say(root: Path) -> Findings:
    """Find what actionlint finds."""
    # Without a shellcheck or pyflakes that this machine may happen to have.
    arguments = ("-no-color", "-shellcheck=", "-pyflakes=")
    paths = [file.path for file in _workflows(root)]
    code, said = run_program(root, "actionlint", *arguments, *paths)
    if code != 0 or said:
        yield File(root, paths[0]).found(f"actionlint says: {said.strip()}")


def zizmor_has_nothing_to_say(root: Path) -> Findings:
    """Find the security holes that zizmor finds."""
    arguments = ("--offline", "--quiet", "--color=never", "--persona=pedantic")
    paths = [file.path for file in _workflows(root)]
    code, said = run_program(root, "zizmor", *arguments, *paths, DEPENDABOT)
    if code != 0:
        yield File(root, paths[0]).found(f"zizmor says: {said.strip()}")


def the_schemas_allow_the_workflows(root: Path) -> Findings:
    """Find what the schemas of the workflows and of Dependabot do not allow."""
    paths = [file.path for file in _workflows(root)]
    if said := check_schema("github-workflows", *paths):
        yield File(root, paths[0]).found(f"The schema says: {said}")
    if said := check_schema("dependabot", root / DEPENDABOT):
        yield File(root, DEPENDABOT).found(f"The schema says: {said}")


def every_action_is_pinned_to_one_commit_and_says_its_version(root: Path) -> Findings:
    """Find an action that may change, or two versions of one."""
    pins: defaultdict[str, set[str]] = defaultdict(set)
    for file in _workflows(root):
        lines = re.findall(r"uses: (.+)$", file.text, re.MULTILINE)
        if not lines:
            yield file.found("This workflow uses no action, so it checks nothing out.")
        for line in lines:
            if pin := PINNED.fullmatch(line):
                pins[pin["action"]].add(f"{pin['commit']} {pin['version']}")
                if len(pins[pin["action"]]) > 1:
                    yield file.found(f"There are two versions of {pin['action']}.", line)
            else:
                yield file.found("This action is not pinned to a commit that says its version.", line)


def rights_are_given_to_jobs_and_none_to_write_before_the_tests(root: Path) -> Findings:
    """Find a right to write that a job does not need, or has before the tests have passed."""
    for file in _workflows(root):
        if file.content.get("permissions") != {"contents": "read"}:
            yield file.found("The workflow's permissions must be to read its contents.", "permissions:")
        writers = [job for job in file.jobs.values() if "write" in job.get("permissions", {}).values()]
        if any(job.get("needs") != "test" for job in writers):
            yield file.found("A job that may write must need the job `test`.", ": write")
        if bool(writers) != (file.path.stem == "image"):
            yield file.found("The workflow of the image, and no other, may write.", ": write")


def what_is_run_is_what_a_developer_runs(root: Path) -> Findings:
    """Find a command that a developer does not run by make."""
    makefile = File(root, "Makefile").text
    for file in _workflows(root):
        targets = re.findall(r"^(?:make|\.ci/run) ([\w-]+)", file.commands, re.MULTILINE)
        for target in targets:
            if not re.search(rf"^{target}:", makefile, re.MULTILINE):
                yield file.found(f"The Makefile has no target {target}.", target)
        if not targets and ".ci/run" not in file.commands:
            yield file.found("This workflow runs neither make nor .ci/run.")
        if found := re.search(r"\b(pip|pytest|ruff|pyright)\b", file.commands):
            yield file.found(f"{found[0]} belongs into the Makefile.", found[0])


def every_supported_python_is_tested(root: Path) -> Findings:
    """Find a version of Python that is supported but not tested, or the other way round."""
    file = Workflow(root, FOLDER / "ci.yml")
    versions: list[str] = file.jobs["test"]["strategy"]["matrix"]["python"]
    if versions != TESTED:
        yield file.found(f"The tested versions must be {', '.join(TESTED)}.", "python: [")
    project = File(root, "pyproject.toml")
    if tomllib.loads(project.text)["project"]["requires-python"] != f">={TESTED[0]}":
        yield project.found(f"The oldest supported version must be {TESTED[0]}.", "requires-python")


CHECKS: tuple[Check, ...] = (
    actionlint_has_nothing_to_say,
    zizmor_has_nothing_to_say,
    the_schemas_allow_the_workflows,
    every_action_is_pinned_to_one_commit_and_says_its_version,
    rights_are_given_to_jobs_and_none_to_write_before_the_tests,
    what_is_run_is_what_a_developer_runs,
    every_supported_python_is_tested,
)
