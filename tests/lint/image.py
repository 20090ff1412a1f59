"""The Dockerfile: linted, and seeing and becoming no more than it should."""

from pathlib import Path

from tests.lint.findings import Check, File, Findings
from tests.lint.programs import run_program
from tests.packaging.dockerfile import copied_from_context, last_words, read_steps

NAME = "Dockerfile"


def hadolint_has_nothing_to_say(root: Path) -> Findings:
    """Find what hadolint finds in the Dockerfile."""
    code, said = run_program(root, "hadolint", "--failure-threshold", "style", "--no-color", NAME)
    if code != 0 or said:
        yield File(root, NAME).found(f"hadolint says: {said.strip()}")


def the_build_sees_only_what_the_dockerfile_copies(root: Path) -> Findings:
    """Find what .dockerignore lets in and the Dockerfile does not copy, or the other way round."""
    file = File(root, ".dockerignore")
    rules = [line for line in file.text.splitlines() if line and not line.startswith("#")]
    if rules[:1] != ["*"]:
        yield file.found("Everything must be left out first.")
    named = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    copied = {source for source, _ in copied_from_context(read_steps(root))}
    for name in sorted(named ^ copied):
        sentence = "is let in, but not copied" if name in named else "is copied, but not let in"
        yield file.found(f"{name} {sentence}.", f"!{name}")


def the_user_is_a_number(root: Path) -> Findings:
    """Find a user that an orchestrator cannot recognise as non-root."""
    user = last_words(read_steps(root), "USER")[0]
    if not all(part.isdigit() and int(part) > 0 for part in user.split(":")):
        yield File(root, NAME).found(f"The user {user} is no number above 0.", f"USER {user}")


CHECKS: tuple[Check, ...] = (
    hadolint_has_nothing_to_say,
    the_build_sees_only_what_the_dockerfile_copies,
    the_user_is_a_number,
)
