"""Where the texts of buttons and forms are said, and how long Discord lets them be.

Source: Discord's "Component Reference". What `label=` and the like are given is followed to where the
text is marked: into the call itself, a module's table or constant, or a class's attribute of that name.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from docs.marked_texts import IN_CONTEXT, calls_of, literals_of, name_of
from tests.lint.findings import modules

BUTTON, TITLE, LABEL, SELECT, TEXT, HUNDRED = 80, 45, 45, 150, 100, 100  # characters
ARGUMENTS = {
    ("Button", "label"): BUTTON,
    ("Label", "text"): LABEL,
    ("Label", "description"): HUNDRED,
    ("add_text", "description"): HUNDRED,
    ("Modal", "title"): TITLE,
    ("Form", "title"): TITLE,
    ("Select", "placeholder"): SELECT,
    ("TextInput", "placeholder"): TEXT,
    ("SelectOption", "label"): HUNDRED,
    ("SelectOption", "description"): HUNDRED,
    ("Choice", "name"): HUNDRED,
}
CONTEXTS = {"button": BUTTON, "title": TITLE, "label": LABEL, "placeholder": TEXT}

Key = tuple[str | None, str]  # a message's context and its text


def bounds(root: Path) -> dict[Key, int]:
    """Return how long each text may be that is said in a button or a form; the tightest bound counts."""
    trees = [module.tree for module in modules(root, "cogs")]
    named: dict[str, list[Key]] = {}
    for tree in trees:
        for name, key in _named(tree):
            named.setdefault(name, []).append(key)
    found: dict[Key, int] = {}
    for key, most in (pair for tree in trees for pair in _bounded(tree, named)):
        found[key] = min(most, found.get(key, most))
    return found


def _named(tree: ast.Module) -> Iterator[tuple[str, Key]]:
    """Yield what is marked in constants, tables and attributes of classes, by their names."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield from ((name, key) for key in _marked(value))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield from ((name, key) for key in _marked(value))
            case _:
                pass


def _bounded(tree: ast.Module, named: dict[str, list[Key]]) -> Iterator[tuple[Key, int]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        for keyword in node.keywords:
            most = ARGUMENTS.get((_callee(node.func), keyword.arg or ""))
            if most is not None:
                yield from ((key, most) for key in _said(keyword.value, named))
    for call in calls_of(tree):
        context = literals_of(call)[0] if name_of(call) in IN_CONTEXT else None
        if context in CONTEXTS:
            yield from ((key, CONTEXTS[context]) for key in _marked(call))


def _said(value: ast.expr, named: dict[str, list[Key]]) -> Iterator[Key]:
    """Yield what an argument can say."""
    yield from _marked(value)
    for call in calls_of(value):
        for node in ast.walk(call.args[0]):
            match node:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield from named.get(name, [])
                case _:
                    pass


def _marked(value: ast.AST) -> Iterator[Key]:
    for call in calls_of(value):
        texts = literals_of(call)
        if name_of(call) in IN_CONTEXT and texts[1] is not None:
            yield texts[0], texts[1]
        elif name_of(call) not in IN_CONTEXT and texts[0] is not None:
            yield None, texts[0]


def _callee(function: ast.expr) -> str:
    match function:
        case ast.Subscript(value=value):
            return _callee(value)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""
