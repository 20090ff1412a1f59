"""A document read as GitHub shows it: its headings, links, and the code in it with its lines."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docs.markdown import anchor
from tests.lint.findings import File

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece of a page, and the line where it begins."""

    text: str
    line: int


class Page(File):
    """One document."""

    def headings(self) -> list[str]:
        """Return the anchors of the headings; GitHub numbers those that come again."""
        seen = Counter[str]()
        found: list[str] = []
        for heading in HEADING.findall(_without(BLOCK, self.text)):
            name = anchor(heading)
            found.append(f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1
        return found

    def links(self) -> Iterator[Shown]:
        """Yield where the page's links and images lead."""
        prose = _without(SPAN, _without(BLOCK, self.text))
        yield from (Shown(found[1], _line(prose, found)) for found in LINK.finditer(prose))

    def blocks(self, language: str) -> Iterator[Shown]:
        """Yield the blocks of code in a language."""
        for found in BLOCK.finditer(self.text):
            if found[1] == language:
                yield Shown(found[2], _line(self.text, found) + 1)

    def spans(self) -> Iterator[Shown]:
        """Yield the code between words."""
        prose = _without(BLOCK, self.text)
        yield from (Shown(found[1], _line(prose, found)) for found in SPAN.finditer(prose))


def pages(root: Path) -> list[Page]:
    """Return the documents that people read, in order; what was new once stays as it was said."""
    names = ["README.md", "CONTRIBUTING.md", "SECURITY.md", *sorted((root / "docs").glob("*.md"))]
    return [Page(root, root / name) for name in names]


def _without(pattern: re.Pattern[str], text: str) -> str:
    """Blank what matches, so that every line stays where it is."""
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def _line(text: str, found: re.Match[str]) -> int:
    return text.count("\n", 0, found.start()) + 1
