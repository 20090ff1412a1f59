"""What documents say of the code: the tables in docs/, the example of the settings, named files."""

import re
from pathlib import Path

from bot.settings import Settings
from docs.tables import TABLES, pages, tables_in, with_tables
from tests.lint.findings import Check, File, Findings
from tests.lint.pages import pages as documents

README, EXAMPLE, SECURITY = "README.md", ".env.example", "SECURITY.md"
FOLDERS = ("bot", "cogs", "sandbox", "tests")
BARE = re.compile(r"`(\w+\.py)`")
NAMED = re.compile(r"`((?:bot|cogs|tests|sandbox|benchmarks|docs|deploy)/[\w/.-]+)`")


def every_table_is_as_the_code_has_it(root: Path) -> Findings:
    """Find a table that says something else than the code, or that is in no page."""
    missing = set(TABLES)
    for path in pages(root):
        file = File(root, path)
        missing -= set(tables_in(file.text))
        lines, wanted = file.text.splitlines(), with_tables(file.text).splitlines()
        if lines != wanted:
            pairs = enumerate(zip(lines, wanted, strict=False), 1)
            first = next((number for number, (line, other) in pairs if line != other), 1)
            yield file.found("A table is not as the code has it: run `make docs`.", first)
    for name in sorted(missing):
        yield File(root, README).found(f"No page has the table {name}: <!-- {name} -->.")


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


def the_threat_model_names_its_proofs(root: Path) -> Findings:
    """Find a threat model that names hardly any file."""
    file = File(root, SECURITY)
    if (count := len(set(NAMED.findall(file.text)))) <= 25:
        yield file.found(f"The threat model names {count} files only.")


def every_file_that_a_document_names_is_here(root: Path) -> Findings:
    """Find a file or folder in a document that is not there."""
    for page in documents(root):
        for name in sorted(set(NAMED.findall(page.text))):
            if not (root / name).exists():
                yield page.found(f"There is no file {name}.", name)


def every_module_that_a_document_names_is_somewhere(root: Path) -> Findings:
    """Find a module that is named without its folder, and lies in none."""
    known = {path.name for folder in FOLDERS for path in (root / folder).rglob("*.py")}
    for page in documents(root):
        for name in sorted(set(BARE.findall(page.text)) - known):
            yield page.found(f"No folder has a {name}.", f"`{name}`")


CHECKS: tuple[Check, ...] = (
    every_table_is_as_the_code_has_it,
    the_example_names_every_setting_and_nothing_else,
    the_example_explains_every_setting_in_the_words_of_the_code,
    the_threat_model_names_its_proofs,
    every_file_that_a_document_names_is_here,
    every_module_that_a_document_names_is_somewhere,
)
