"""ffmpeg as it's started: a disk that is full is told apart from a file that can't be used."""

import errno
from pathlib import Path

import pytest

from bot.media.ffmpeg import run_ffmpeg, was_stopped
from bot.media.subprocess_limits import confined
from tests.bot.media.test_fitting import FFMPEG

VIDEO = ["-nostdin", "-y", "-v", "error", "-f", "lavfi", "-i", "testsrc2=d=1", "-c:v", "libx264"]
LIMITED = 'ulimit -f 1; exec "$0" "$@"'  # to a file of half a KiB


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
