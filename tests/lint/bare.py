"""Texts in the source that look as if a person read them, and are not marked for translation."""

import ast
import re
from collections.abc import Iterator

from docs.marked_texts import calls_of

# Two words with a blank between them. A single word may be anything, so it counts in `SINKS` only.
SENTENCE = re.compile(r"[^\W\d_]{2,}[,.:;!?’']? [*“(<]*[^\W\d_]{2,}|^[A-Z][^\W\d_]+ |[^\W\d_]{2,}[.!?]$")
WORD = re.compile(r"[^\W\d_]{2,}")
SINKS = frozenset({"content", "label", "placeholder", "title", "description", "what", "advice", "text"})
# What only operators read: logs, and errors that are no `UserError`.
OPERATORS_ERRORS = frozenset({"ValueError", "TypeError", "RuntimeError", "AssertionError", "KeyError"})


def bare_texts(tree: ast.Module, known: frozenset[str]) -> list[tuple[int, str]]:
    """Return the lines and unmarked texts of a module; `known`: those that Discord is told with the commands.

    Sentences may be parts of these.
    """
    parents = {id(child): node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    passed = set(_passed(tree))
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in passed
        and node.value not in known
        and (
            (SENTENCE.search(node.value) and not any(node.value in text for text in known))
            or (WORD.search(node.value) and _is_in_sink(node, parents))
        )
    ]


def _is_in_sink(node: ast.AST, parents: dict[int, ast.AST]) -> bool:
    """Whether a literal is what a sink is given, alone or as part of an f-string or a condition."""
    parent = parents.get(id(node))
    if isinstance(parent, ast.JoinedStr | ast.IfExp | ast.BoolOp):
        return _is_in_sink(parent, parents)
    return isinstance(parent, ast.keyword) and parent.arg in SINKS


def _passed(tree: ast.Module) -> Iterator[int]:
    """Yield the literals that nobody reads, or operators alone, or that are marked."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _inside(node.body[0]) if ast.get_docstring(node) is not None else ()
        match node:
            case (
                ast.FunctionDef(returns=ast.expr() as kind) | ast.AsyncFunctionDef(returns=ast.expr() as kind)
            ):
                yield from _inside(kind)  # a type in quotes
            case ast.Call() if _is_operators(node.func) or _is_command(node.func):
                yield from _inside(node)
            case ast.keyword(arg="remedy" | "failed", value=part):  # of a finding, for the log: for operators
                yield from _inside(part)
            case ast.Subscript(slice=part):  # types in quotes, keys of documents
                yield from _inside(part)
            case _:
                pass
    for call in calls_of(tree):
        yield from _inside(call)


def _inside(node: ast.AST) -> Iterator[int]:
    return (id(found) for found in ast.walk(node))


def _is_operators(function: ast.expr) -> bool:
    match function:
        case ast.Attribute(value=ast.Name(id="log")):
            return True
        case ast.Name(id=name):
            return name in OPERATORS_ERRORS
        case _:
            return False


def _is_command(function: ast.expr) -> bool:
    """Whether the call only describes a command; `make translations` finds these in the commands."""
    match function:
        case ast.Attribute(value=ast.Name(id="app_commands")):
            return True
        case ast.Attribute(value=ast.Name(id="re"), attr="compile"):
            return True
        case _:
            return False
