"""What documents quote: people's texts in “…”, and the lines of the log and the terminal as code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.lint.findings import Check, Findings, modules
from tests.lint.messages import Catalogue, forms_of
from tests.lint.pages import Page, pages

QUOTE = re.compile(r"“([^”\n]+)”")
LONG = 4  # words; what is shorter may be anybody's
LOGGED = re.compile(r"[a-z]+(?:,? [a-z]+)+")
PROGRAMS = ("make ", "git ", "docker ")
SETTING = re.compile(r"[A-Z]+(?:_[A-Z]+)+: (.+)")
LEFT_OUT = re.compile(r" ?… ?")


def every_quoted_text_is_said(root: Path) -> Findings:
    """Find a quotation of a text that people are shown no more."""
    messages = Catalogue(root).messages()
    said = "\n".join(form for message in messages for form in forms_of(message.id)).replace("*", "")
    for page in _manual(root):
        for found in QUOTE.finditer(page.text):
            if len(found[1].split()) >= LONG and not _is_in(found[1], said):
                yield page.found(f"Nobody is shown: {found[1]}", found[0])


def every_quoted_line_of_the_log_is_written(root: Path) -> Findings:
    """Find a quotation of what the log or the terminal says no more."""
    trees = [file.tree for file in modules(root, "bot", "cogs")]
    written = "\n".join(_texts(trees))
    for page in _manual(root):
        for span in page.spans():
            setting = SETTING.fullmatch(span.text)
            is_logged = LOGGED.fullmatch(span.text) and not span.text.startswith(PROGRAMS)
            line = setting[1] if setting else span.text if is_logged else ""
            if not _is_in(line, written):
                yield page.found(f"Nothing writes: {span.text}", span.line)


def _manual(root: Path) -> list[Page]:
    """Return the pages about the running program."""
    return [page for page in pages(root) if page.path.parent == root / "docs"]


def _is_in(quoted: str, text: str) -> bool:
    return all(part.rstrip(".") in text for part in LEFT_OUT.split(quoted))


def _texts(trees: list[ast.Module]) -> Iterator[str]:
    """Yield what the program can write; a text that stands alone in the code, it can't."""
    for tree in trees:
        nodes = list(ast.walk(tree))
        unsaid = {node.value for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in unsaid:
                yield node.value


CHECKS: tuple[Check, ...] = (every_quoted_text_is_said, every_quoted_line_of_the_log_is_written)
