"""How a bug is planted: something of the real code is replaced while a run is on."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any
from unittest.mock import patch

Bug = Callable[[], AbstractContextManager[Any]]


def instead(place: Any, name: str, other: Any) -> Bug:
    """Return a bug that puts `other` in the place of what has this name."""
    return lambda: patch.object(place, name, other)


def all_of(*bugs: Bug) -> Bug:
    """Return a bug that consists of several: each alone would be caught by another safeguard."""

    def plant() -> AbstractContextManager[Any]:
        stack = ExitStack()
        for bug in bugs:
            stack.enter_context(bug())
        return stack

    return plant
