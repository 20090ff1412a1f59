"""Programs with bounds: they end where their memory or their time does, and run as always below that."""

import shutil
import subprocess
import sys

import pytest

from bot.media.subprocess_limits import confined

MIB = 2**20


def start(command: list[str], memory: int, seconds: float) -> subprocess.CompletedProcess[str]:
    bounded = confined(command, memory=memory, seconds=seconds)
    return subprocess.run(bounded, capture_output=True, text=True, check=False, timeout=50)  # noqa: S603 our own


def run(
    program: str, *words: str, memory: int = 1024 * MIB, seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    return start([sys.executable, "-c", program, *words], memory, seconds)


def test_a_program_runs_as_without_bounds() -> None:
    done = run("import sys; print(sys.argv, input == input); sys.exit(7)")
    assert (done.returncode, done.stdout, done.stderr) == (7, "['-c'] True\n", "")


def test_more_memory_than_allowed_is_not_given() -> None:
    done = run(f"held = bytearray({400 * MIB})", memory=200 * MIB)
    assert done.returncode == 1
    assert "MemoryError" in done.stderr
    assert run(f"held = bytearray({400 * MIB})").returncode == 0


def test_a_program_that_never_ends_is_ended() -> None:
    assert run("while True: pass", seconds=0.4).returncode < 0, "it was not ended by a signal"


def test_arguments_are_no_shells_business() -> None:
    words = ["-y http: %d;", "$(echo evil)", "`id`", "a b", "'\"", "*"]
    assert run("import sys; print(sys.argv[1:])", *words).stdout == f"{words}\n"


def test_a_program_that_is_not_there_has_a_shells_code() -> None:
    assert start(["/nowhere/ffmpeg"], MIB, 1).returncode == 127


def test_without_a_shell_it_runs_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert shutil.which("sh") is None
    assert run("print(1)").stdout == "1\n"
