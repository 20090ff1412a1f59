"""Finds the texts that the source marks for translation (`bot.i18n`).

Not by Babel's own way, which reads tokens: it does not see a text inside of an f-string.
"""

import ast
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

PLAIN, PLURAL, IN_CONTEXT = frozenset({"_", "N_"}), "ngettext", frozenset({"pgettext", "NC_"})
COMMENT = "Translators:"  # a comment that begins so, right above a text, is for translators


@dataclass(frozen=True, slots=True)
class Marked:
    """A marked text; `forms` are the singular and the plural, or the only form."""

    line: int
    forms: tuple[str, ...]
    context: str | None = None
    comments: tuple[str, ...] = ()


def marked_texts(source: str) -> list[Marked]:
    """Return the texts that a module marks, in its order."""
    comments = _comments(source) if COMMENT in source else {}  # to look for them takes long
    calls = sorted(calls_of(ast.parse(source)), key=lambda call: (call.lineno, call.col_offset))
    return [marked for call in calls if (marked := _read(call, comments)) is not None]


def calls_of(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls that mark a text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node) in {*PLAIN, PLURAL, *IN_CONTEXT}:
            yield node


def name_of(call: ast.Call) -> str:
    """Return the name of the function that is called; empty where it has a longer one."""
    return call.func.id if isinstance(call.func, ast.Name) else ""


def literals_of(call: ast.Call) -> Sequence[str | None]:
    """Return what a mark says: context and text, one and many, or the text; None: no literal."""
    count = 1 if name_of(call) in PLAIN else 2
    found = [argument.value if isinstance(argument, ast.Constant) else None for argument in call.args[:count]]
    return [text if isinstance(text, str) else None for text in found]


def _read(call: ast.Call, comments: dict[int, str]) -> Marked | None:
    texts = [text for text in literals_of(call) if text is not None]
    if len(texts) < len(literals_of(call)) or not texts:
        return None  # a table's text, which is marked where the table is
    said = _comments_above({call.lineno, call.args[0].lineno}, comments)
    if name_of(call) in IN_CONTEXT:
        return Marked(call.lineno, (texts[1],), texts[0], said)
    return Marked(call.lineno, tuple(texts), None, said)


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(StringIO(source).readline)
    return {token.start[0]: token.string.strip("# ") for token in tokens if token.type == tokenize.COMMENT}


def _comments_above(lines: set[int], comments: dict[int, str]) -> tuple[str, ...]:
    """Return what is said to translators in the comment right above one of the lines."""
    for line in lines:
        first = line
        while first - 1 in comments:
            first -= 1
        block = [comments[number] for number in range(first, line)]
        if block and block[0].startswith(COMMENT):
            return tuple(block)
    return ()
