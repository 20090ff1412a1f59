"""The project's own rules about its source, as far as the linter cannot state them."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.lint.findings import Check, File, Findings, modules

LONGEST_FILE = 300  # lines
LONGEST_FUNCTION = 50  # lines without the docstring
FOLDERS = ("bot", "cogs", "sandbox")
DEPLOYED = ("bot", "cogs")
NOT_DEPLOYED = ("sandbox", "tests")
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb"}
# A docstring that begins so describes a thing by a clause instead of naming it.
CLAUSES = {"What", "Who", "Whoever", "Whom", "How", "Where", "When", "Which", "Whether"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def there_are_modules_to_look_at(root: Path) -> Findings:
    """Find a folder of the source that has no modules."""
    for folder in FOLDERS:
        if not any((root / folder).rglob("*.py")):
            yield File(root, "CONTRIBUTING.md").found(f"The folder {folder} has no modules.", f"`{folder}/`")


def nothing_that_is_deployed_imports_what_is_not(root: Path) -> Findings:
    """Find an import of the sandbox or the tests in what is deployed."""
    for module in modules(root, *DEPLOYED):
        for line, package in imported(module.tree):
            if package in NOT_DEPLOYED:
                yield module.found(f"This module is deployed, but {package} is not.", line)


def only_the_composition_root_ties_the_bot_to_its_cogs(root: Path) -> Findings:
    """Find an import of the cogs in the bot."""
    for module in modules(root, "bot"):
        for line, package in imported(module.tree):
            if package == "cogs" and module.name != "bot/app/application.py":
                yield module.found("Only bot/app/application.py imports cogs.", line)


def only_the_settings_read_the_environment(root: Path) -> Findings:
    """Find what reads the environment by itself."""
    for module in modules(root, *DEPLOYED):
        for node in () if module.name == "bot/settings.py" else ast.walk(module.tree):
            match node:
                case ast.Attribute(attr=str(name)):
                    names = {name}
                case ast.ImportFrom():
                    names = {alias.name for alias in node.names}
                case _:
                    continue
            if names & ENVIRONMENT:
                yield module.found("Only the settings read the environment.", node.lineno)


def no_file_is_too_long_to_read_at_once(root: Path) -> Findings:
    """Find a module with too many lines."""
    for module in modules(root, *FOLDERS):
        lines = len(module.text.splitlines())
        if lines > LONGEST_FILE:
            yield module.found(f"The file has {lines} lines, more than {LONGEST_FILE}.", LONGEST_FILE)


def no_function_is_too_long_to_see_at_once(root: Path) -> Findings:
    """Find a function with too many lines."""
    for module in modules(root, *FOLDERS):
        for node in ast.walk(module.tree):
            if isinstance(node, Function) and (lines := _code_lines(node)) > LONGEST_FUNCTION:
                yield module.found(
                    f"{node.name} has {lines} lines, more than {LONGEST_FUNCTION}.", node.lineno
                )


def every_module_and_class_is_named_by_its_docstring(root: Path) -> Findings:
    """Find a docstring of a module or class that begins with a relative clause."""
    for module in modules(root, *FOLDERS, "benchmarks"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Module | ast.ClassDef):
                first = (ast.get_docstring(node) or "").partition(" ")[0]
                if first in CLAUSES:
                    yield module.found(f"Name the thing instead of beginning with {first}.", _line_of(node))


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the line and top-level package of each import, at any depth; relative ones are its own."""
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                yield node.lineno, module.partition(".")[0]
            case _:
                pass


def _line_of(node: ast.Module | ast.ClassDef) -> int:
    return 1 if isinstance(node, ast.Module) else node.lineno


def _code_lines(function: Function) -> int:
    """Return how long a function is, from its `def` on, without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        lines -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return lines


CHECKS: tuple[Check, ...] = (
    there_are_modules_to_look_at,
    nothing_that_is_deployed_imports_what_is_not,
    only_the_composition_root_ties_the_bot_to_its_cogs,
    only_the_settings_read_the_environment,
    no_file_is_too_long_to_read_at_once,
    no_function_is_too_long_to_see_at_once,
    every_module_and_class_is_named_by_its_docstring,
)
