"""Fixtures of the fuzzing: what the program logged, and the table at the end."""

from collections.abc import Iterator

import pytest

from tests.fuzz.listening import Listener, listening
from tests.fuzz.tally import SCALE, table


@pytest.fixture
def log() -> Iterator[Listener]:
    """What is logged meanwhile, by the program and by its libraries."""
    with listening() as listener:
        yield listener


@pytest.fixture(scope="session", autouse=True)
def bodies_are_checked(simcord_bodies: None) -> None:
    """Let simcord refuse what Discord refuses."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cases were played."""
    if SCALE > 1:
        for line in ["", *table()]:
            terminalreporter.write_line(line)
