"""What documents say of the code: the README's tables, the example of the settings, named files."""

import re
from pathlib import Path

from bot.settings import Settings
from docs.tables import TABLES, with_tables
from tests.lint.findings import Check, File, Findings

README, EXAMPLE, SECURITY = "README.md", ".env.example", "SECURITY.md"
NAMED = re.compile(r"`((?:bot|cogs|tests)/[\w/.]+)`")


def the_readme_has_the_tables_of_the_code(root: Path) -> Findings:
    """Find a table that says something else than the code."""
    file = File(root, README)
    lines = file.text.splitlines()
    try:
        wanted = with_tables(file.text).splitlines()
    except ValueError as error:
        yield file.found(f"One of the tables {', '.join(TABLES)} is missing: {error}.")
        return
    if lines != wanted:
        pairs = enumerate(zip(lines, wanted, strict=False), 1)
        first = next((number for number, (line, other) in pairs if line != other), 1)
        yield file.found("A table is not as the code has it: run `make docs`.", first)


def the_example_names_every_setting_and_nothing_else(root: Path) -> Findings:
    """Find a setting that the example does not name, or a name that is no setting."""
    file = File(root, EXAMPLE)
    ours, *_ = file.text.partition("# For Docker Compose alone")
    named = set(re.findall(r"^#?([A-Z_]+)=", ours, re.MULTILINE))
    for name in sorted(named ^ {name.upper() for name in Settings.model_fields}):
        sentence = "is no setting" if name in named else "is not in the example"
        yield file.found(f"{name} {sentence}.", f"{name}=")


def the_example_explains_every_setting_in_the_words_of_the_code(root: Path) -> Findings:
    """Find a setting whose comment is missing, or says something else than its description."""
    file = File(root, EXAMPLE)
    for name, field in Settings.model_fields.items():
        above = re.search(rf"^# (.*)\n#?{name.upper()}=", file.text, re.MULTILINE)
        subject = re.split("[;:.]", (field.description or "").replace("`", ""))[0]
        if not subject or above is None or not above[1].startswith(subject):
            yield file.found(f"The comment of {name.upper()} must begin: {subject}", f"{name.upper()}=")


def every_file_that_the_threat_model_names_is_here(root: Path) -> Findings:
    """Find a file in the threat model that is not there."""
    file = File(root, SECURITY)
    named = sorted(set(NAMED.findall(file.text)))
    if len(named) <= 25:
        yield file.found(f"The threat model names {len(named)} files only.")
    for name in named:
        if not (root / name).is_file():
            yield file.found(f"There is no file {name}.", name)


CHECKS: tuple[Check, ...] = (
    the_readme_has_the_tables_of_the_code,
    the_example_names_every_setting_and_nothing_else,
    the_example_explains_every_setting_in_the_words_of_the_code,
    every_file_that_the_threat_model_names_is_here,
)
