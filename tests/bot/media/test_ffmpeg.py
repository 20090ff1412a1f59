"""ffmpeg as it's started: a disk that is full is told apart from a file that can't be used."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.media.ffmpeg import confined, run_ffmpeg, was_stopped
from tests.bot.media.test_fitting import FFMPEG

VIDEO = ["-nostdin", "-y", "-v", "error", "-f", "lavfi", "-i", "testsrc2=d=1", "-c:v", "libx264"]
LIMITED = 'ulimit -f 1; exec "$0" "$@"'  # to a file of half a KiB
MIB = 2**20


@pytest.mark.parametrize(
    ("program", "output"),
    [
        ([FFMPEG], "/dev/full"),
        (["sh", "-c", LIMITED, FFMPEG], "video"),
        (["sh", "-c", f"trap '' XFSZ; {LIMITED}", FFMPEG], "video"),
    ],
    ids=["no room", "killed for a file too large", "told of a file too large"],
)
async def test_where_there_is_no_room_that_is_said(tmp_path: Path, program: list[str], output: str) -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        await run_ffmpeg([*program, *VIDEO, "-f", "h264", str(tmp_path / output)])
    assert caught.value.errno == errno.ENOSPC


async def test_a_disk_that_takes_nothing_is_told_apart_from_a_file_that_cannot_be_used() -> None:
    """It may be mended, and a film that waits for that isn't given up as one that ffmpeg refuses."""
    with pytest.raises(OSError, match="Read-only") as caught:
        await run_ffmpeg(["sh", "-c", f"exit {256 - errno.EROFS}"])  # as ffmpeg ends there
    assert caught.value.errno == errno.EROFS


async def test_a_quota_that_is_used_up_is_told_as_a_disk_without_room() -> None:
    """ffmpeg ends there with the code by which a shell says that a program was aborted."""
    said = f"[out#0/h264] Error writing trailer: {os.strerror(errno.EDQUOT)}"
    with pytest.raises(OSError, match="quota") as caught:
        await run_ffmpeg(["sh", "-c", f"echo '{said}' >&2; exit {256 - errno.EDQUOT}"])
    assert caught.value.errno == errno.EDQUOT


async def test_an_aborted_program_is_not_taken_for_a_quota() -> None:
    code, _ = await run_ffmpeg(["sh", "-c", f"echo 'Assertion failed' >&2; exit {256 - errno.EDQUOT}"])
    assert was_stopped(code)


async def test_any_other_end_is_a_code_and_words(tmp_path: Path) -> None:
    code, words = await run_ffmpeg([FFMPEG, *VIDEO, "-f", "h264", str(tmp_path / "missing" / "video")])
    assert code not in {0, None}
    assert "No such file" in words


async def test_what_uses_up_its_processor_time_is_stopped(tmp_path: Path) -> None:
    endless = [
        "-nostdin",
        "-y",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=1280x720",
        "-f",
        "h264",
        str(tmp_path / "video"),
    ]
    code, _ = await run_ffmpeg(confined([FFMPEG, *endless], memory=4 * 2**30, seconds=0.4), timeout=50)
    assert was_stopped(code)


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
