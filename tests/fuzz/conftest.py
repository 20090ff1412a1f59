"""Fixtures of the fuzzing: what the program logged, and the table at the end."""

from collections.abc import Iterator

import pytest

from tests.examples import SCALE
from tests.fuzz.crime import Crime, open_crime
from tests.fuzz.listening import Listener, listening
from tests.fuzz.tally import table


@pytest.fixture
def log() -> Iterator[Listener]:
    """What is logged meanwhile, by the program and by its libraries."""
    with listening() as listener:
        yield listener


@pytest.fixture(scope="module")
def crime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crime]:
    """Something to steal from; a module's tests share it, since it takes longer than most of them."""
    with listening() as log, open_crime(tmp_path_factory.mktemp("crime"), log) as crime:
        yield crime


@pytest.fixture(scope="session", autouse=True)
def bodies_are_checked(simcord_bodies: None) -> None:
    """Let simcord refuse what Discord refuses."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cases were played."""
    if SCALE > 1:
        for line in ["", *table()]:
            terminalreporter.write_line(line)
