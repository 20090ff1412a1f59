"""The project's own rules about its source, as far as the linter cannot state them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(path for folder in ("bot", "cogs", "sandbox") for path in (ROOT / folder).rglob("*.py"))

LONGEST_FILE = 300  # lines
LONGEST_FUNCTION = 50  # lines without the docstring


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def shipped(*, but: str = "") -> list[Path]:
    """Return the modules that are deployed."""
    return [path for path in MODULES if name_of(path).startswith(("bot/", "cogs/")) and name_of(path) != but]


def read_tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), name_of(path))


def imported(path: Path) -> Iterator[str]:
    """Yield the top-level packages that a module imports, at any depth; relative ones are its own."""
    for node in ast.walk(read_tree(path)):
        match node:
            case ast.Import():
                yield from (alias.name.partition(".")[0] for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0]
            case _:
                pass


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how long a function is, from its `def` on, without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        lines -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return lines


def test_there_are_modules_to_look_at() -> None:
    assert {name_of(path).partition("/")[0] for path in MODULES} == {"bot", "cogs", "sandbox"}


@pytest.mark.parametrize("package", ["sandbox", "tests"])
def test_nothing_that_is_deployed_imports_what_is_not(package: str) -> None:
    assert [name_of(path) for path in shipped() if package in imported(path)] == []


def test_only_the_composition_root_ties_the_bot_to_its_cogs() -> None:
    modules = [path for path in shipped(but="bot/app.py") if name_of(path).startswith("bot/")]

    assert [name_of(path) for path in modules if "cogs" in imported(path)] == []


def test_only_the_settings_read_the_environment() -> None:
    names = {"environ", "environb", "getenv", "getenvb"}
    readers = [
        f"{name_of(path)}:{node.lineno}"
        for path in shipped()
        for node in ast.walk(read_tree(path))
        if (isinstance(node, ast.Attribute) and node.attr in names)
        or (isinstance(node, ast.ImportFrom) and names & {alias.name for alias in node.names})
    ]
    assert readers == []


def test_no_file_is_too_long_to_read_at_once() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_too_long_to_see_at_once() -> None:
    lengths = {
        f"{name_of(path)}:{node.lineno} {node.name}": code_lines(node)
        for path in MODULES
        for node in ast.walk(read_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}
