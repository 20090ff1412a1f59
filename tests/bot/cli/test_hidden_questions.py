"""`veo-bot copy-database` asks for addresses without showing them; the terminal is as before then."""

import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.wire_discord.program import OURS

PATIENCE = 60  # seconds
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
            await_question(program, terminal, b"FROM, the current DATABASE_URL: ")
            yield program, terminal
        finally:
            program.kill()
            os.close(terminal)


def await_question(program: subprocess.Popen[bytes], terminal: int, words: bytes) -> None:
    """Return when the terminal shows a question up to these words, and the program waits for the answer.

    A signal right before it waits is noticed by Python only after the answer. The question ends with a space
    once what is typed is hidden.
    """
    shown = b""
    while words not in shown:
        shown += os.read(terminal, 1000)  # fails where the program has ended
    deadline = time.monotonic() + PATIENCE
    while _state(program) != "S":  # sleeping
        assert time.monotonic() < deadline, f"it doesn't wait for an answer: {_state(program)}"
        time.sleep(0.01)


def _state(program: subprocess.Popen[bytes]) -> str:
    return Path(f"/proc/{program.pid}/stat").read_text().rpartition(")")[2].split()[0]


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
        assert program.wait(PATIENCE) == 1
        assert shows_what_is_typed(terminal)


def test_after_its_last_question_it_can_be_stopped_as_before(tmp_path: Path) -> None:
    with asked(tmp_path) as (program, terminal):
        os.write(terminal, b"sqlite+aiosqlite:///x.db\n")
        await_question(program, terminal, b"TO, the URL of an empty database: ")
        program.terminate()
        assert program.wait(PATIENCE) == 1
        assert shows_what_is_typed(terminal)
