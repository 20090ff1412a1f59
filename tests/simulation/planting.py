"""How a bug is planted: something of the real code is replaced while a run is on."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from inspect import Parameter, Signature, signature
from typing import Any
from unittest.mock import patch

Bug = Callable[[], AbstractContextManager[Any]]


def instead(place: Any, name: str, other: Any) -> Bug:
    """Return a bug that puts `other` in the place of what has this name.

    Raises:
        TypeError: it can't be called in the same way, so that the call would be found, and not the bug.
    """
    replaced = getattr(place, name)
    if callable(replaced) and callable(other):
        _ensure_takes(other, signature(replaced))
    return lambda: patch.object(place, name, other)


def _ensure_takes(other: Callable[..., Any], form: Signature) -> None:
    parameters = form.parameters.values()
    by_place = [each for each in parameters if each.kind <= Parameter.POSITIONAL_OR_KEYWORD]
    by_name = {each.name: None for each in parameters if each.kind is Parameter.KEYWORD_ONLY}
    signature(other).bind(*[None] * len(by_place), **by_name)


def all_of(*bugs: Bug) -> Bug:
    """Return a bug that consists of several: each alone would be caught by another safeguard."""

    def plant() -> AbstractContextManager[Any]:
        stack = ExitStack()
        for bug in bugs:
            stack.enter_context(bug())
        return stack

    return plant
