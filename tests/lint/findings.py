"""What a check finds, and the file that it finds it in."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong, and where."""

    path: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.sentence}"


Findings = Iterator[Finding]
Check = Callable[[Path], Findings]  # looks at the repository that lies in a folder


class File:
    """A file of the repository; its name is the path from the repository's root."""

    def __init__(self, root: Path, name: str | Path) -> None:
        self.path = root / name
        self.name = self.path.relative_to(root).as_posix()
        self.text = self.path.read_text(encoding="utf-8")

    @property
    def tree(self) -> ast.Module:
        """The syntax tree of a module, which nobody may change."""
        return _parsed(self.text)

    def line_of(self, part: str) -> int:
        """Return the first line in which this stands, or 1; line ends at its beginning do not count."""
        before, found, _ = self.text.partition(part)
        ends = len(part) - len(part.lstrip("\n"))
        return before.count("\n") + ends + 1 if found else 1

    def found(self, sentence: str, at: int | str = 1) -> Finding:
        """Return a finding in this file, at a line or where a text stands first."""
        return Finding(self.name, at if isinstance(at, int) else self.line_of(at), sentence)


def modules(root: Path, *folders: str) -> list[File]:
    """Return the Python files of some folders, in order."""
    return [File(root, path) for folder in folders for path in sorted((root / folder).rglob("*.py"))]


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)
