"""Every text that a person can read is marked for translation, so that `make translations` finds it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from docs.marked_texts import calls_of, literals_of, name_of
from tests.lint.bare import bare_texts
from tests.lint.findings import Check, File, Findings, modules
from tests.lint.messages import Catalogue, forms_of, placeholders
from tests.lint.silent import ALLOWED, SILENT


def every_text_is_marked(root: Path) -> Findings:
    """Find a text that no translator will see."""
    messages = [message for message in Catalogue(root).messages() if ("commands", None) in message.locations]
    known = frozenset(form for message in messages for form in forms_of(message.id))
    for module in _speaking(root):
        for line, text in bare_texts(module.tree, known | ALLOWED.get(module.name, {}).keys()):
            yield module.found(f"This text is not marked for translation: {text!r}", line)


def a_mark_has_a_literal_or_a_name_of_one(root: Path) -> Findings:
    """Find a mark of which nobody knows what it says."""
    for module in _speaking(root):
        for call in calls_of(module.tree):
            is_of_table = name_of(call) in {"_", "pgettext"} and isinstance(
                call.args[-1], ast.Subscript | ast.Name | ast.Attribute | ast.Call | ast.IfExp
            )
            if not is_of_table and None in literals_of(call):
                yield module.found("A mark needs a literal.", call.lineno)


def a_mark_gives_the_values_that_its_text_names(root: Path) -> Findings:
    """Find a value that a text names and is not given, or the other way round."""
    for module in _speaking(root):
        for call in calls_of(module.tree):
            texts = [text for text in literals_of(call) if text is not None]
            given = {keyword.arg for keyword in call.keywords}
            if name_of(call) in {"N_", "NC_"} or not texts or None in given:
                continue
            own = {"count"} if name_of(call) == "ngettext" else set[str]()
            named = placeholders(texts[-1]) - own
            if not named <= given:
                yield module.found("A value that the text names is missing.", call.lineno)
            if not given <= named | own:
                yield module.found("A value is given that the text does not name.", call.lineno)


def every_exception_is_still_needed(root: Path) -> Findings:
    """Find an exception for a module or a text that is gone."""
    exceptions = File(root, "tests/lint/silent.py")
    for name in (*SILENT, *ALLOWED):
        if not (root / name).exists():
            yield exceptions.found(f"There is no {name} any more.", f'"{name}"')
    for name, texts in ALLOWED.items():
        if (root / name).exists():
            nodes = ast.walk(File(root, name).tree)
            literals = {node.value for node in nodes if isinstance(node, ast.Constant)}
            for text in sorted(texts.keys() - literals):
                yield exceptions.found(f"{name} does not say this any more: {text!r}", f'"{name}"')


def _speaking(root: Path) -> Iterator[File]:
    """Yield the modules whose texts are read on Discord."""
    silent = tuple(SILENT)
    yield from (file for file in modules(root, "bot", "cogs") if not file.name.startswith(silent))


CHECKS: tuple[Check, ...] = (
    every_text_is_marked,
    a_mark_has_a_literal_or_a_name_of_one,
    a_mark_gives_the_values_that_its_text_names,
    every_exception_is_still_needed,
)
