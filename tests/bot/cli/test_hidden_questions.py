"""`veo-bot copy-database` asks for addresses without showing them; the terminal is as before then."""

import os
import signal
import subprocess
import sys
import termios
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.wire_discord.program import OURS

ECHO = 3, termios.ECHO  # where a terminal's attributes have it


@contextmanager
def asked(folder: Path) -> Generator[tuple[subprocess.Popen[bytes], int]]:
    """Start the command, and let it ask its first question; the program and its terminal."""
    terminal, inside = os.openpty()
    command = [sys.executable, "-m", "bot", "copy-database"]
    environment = {**os.environ, **OURS, "COPY_FROM": "", "COPY_TO": ""}
    with subprocess.Popen(  # noqa: S603 our own
        command,
        cwd=folder,
        env=environment,
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    ) as program:
        os.close(inside)
        try:
            read_until(terminal, b"FROM, the current DATABASE_URL: ")
            yield program, terminal
        finally:
            program.kill()
            os.close(terminal)


def read_until(terminal: int, words: bytes) -> None:
    """Read what a terminal shows up to these words; a question ends with a space once it is hidden."""
    shown = b""
    while words not in shown:
        shown += os.read(terminal, 1000)  # fails where the program has ended


def shows_what_is_typed(terminal: int) -> bool:
    place, echo = ECHO
    return bool(termios.tcgetattr(terminal)[place] & echo)


@pytest.mark.parametrize("stopping", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda s: s.name)
def test_stopping_a_hidden_question_gives_the_terminal_its_echo_back(
    tmp_path: Path, stopping: signal.Signals
) -> None:
    with asked(tmp_path) as (program, terminal):
        assert not shows_what_is_typed(terminal), "the question isn't hidden"
        program.send_signal(stopping)
        assert program.wait(30) == 1
        assert shows_what_is_typed(terminal)


def test_after_its_last_question_it_can_be_stopped_as_before(tmp_path: Path) -> None:
    with asked(tmp_path) as (program, terminal):
        os.write(terminal, b"sqlite+aiosqlite:///x.db\n")
        read_until(terminal, b"TO, the URL of an empty database: ")
        program.terminate()
        assert program.wait(30) == 1
        assert shows_what_is_typed(terminal)
