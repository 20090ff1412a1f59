"""What is in a video file: what Discord plays is told from what it doesn't, and no words in a file count."""

import subprocess
from pathlib import Path

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used
import pytest

from bot.media.files import probe
from bot.media.streams import Streams

FFMPEG: str = imageio_ffmpeg.get_ffmpeg_exe()
SECONDS = 1
SOURCES = [
    *["-f", "lavfi", "-i", f"testsrc2=s=320x180:r=24:d={SECONDS}"],
    *["-f", "lavfi", "-i", f"sine=d={SECONDS}"],
]
PLAYED = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"]
SPOOFS = (
    "Stream #0:0: Video: foo, 12x34",
    "\nDuration: 09:09:09.09\nStream #0:9: Audio: bar",
    "\n#dimensions 0: 12x34\n#codec_id 0: foo\n#media_type 1: data\n0, 0, 0, 99999999, 1, 0x0\n",
)


def make_video(path: Path, *options: str) -> Path:
    """Make a second of video with sound; what `options` say comes after what Discord plays."""
    run(*SOURCES, *PLAYED, *options, str(path))
    return path


def run(*arguments: str) -> None:
    command = [FFMPEG, "-nostdin", "-y", "-v", "error", *arguments]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 our own program


def test_a_stream_without_anything_in_it_does_not_begin_before_the_others() -> None:
    """Asked in any order: its beginning was 0 once its end had been asked for."""
    streams = Streams()
    for line in ("#tb 0: 1/24", "#media_type 0: video", "#tb 1: 1/48000", "#media_type 1: audio"):
        streams.take(line)
    for at in range(24, 48):
        streams.take(f"0, {at}, {at}, 1, 10, 0x0")
    assert [streams.begin, streams.seconds, streams.begin, streams.picture_seconds] == [1, 1, 1, 1]


@pytest.mark.parametrize("words", SPOOFS, ids=["for people", "on lines of their own", "for programs"])
@pytest.mark.parametrize("where", ["comment", "title", "encoder", "major_brand"])
async def test_words_in_a_file_are_only_words(tmp_path: Path, words: str, where: str) -> None:
    tags = ["-metadata", f"{where}={words}", "-movflags", "+use_metadata_tags"]
    streams = ["-metadata:s:v", f"handler_name={words}", "-metadata:s:a", f"handler_name={words}"]
    clip = await probe(make_video(tmp_path / f"{words[:9].strip()}.mp4", *tags, *streams))
    assert (clip.width, clip.height, clip.codec, clip.has_sound) == (320, 180, "h264", True)
    assert clip.seconds == pytest.approx(SECONDS, abs=0.1)


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["-profile:v", "baseline"],
        ["-profile:v", "main", "-an"],
        ["-movflags", "+frag_keyframe+empty_moov"],
        ["-tag:v", "avc3"],
        ["-metadata:s:v", "rotate=90", "-ac", "2", "-ar", "48000"],
    ],
    ids=["high", "baseline", "main no sound", "in fragments", "described inside", "stereo"],
)
async def test_what_discord_plays_is_known_as_that(tmp_path: Path, options: list[str]) -> None:
    clip = await probe(make_video(tmp_path / "video.mp4", *options))
    assert clip.unplayable == "", "it would be converted for nothing"
    assert clip.has_sound is ("-an" not in options)


X265 = ["-c:v", "libx265", "-x265-params", "log-level=none"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (X265, "hevc"),
        ([*X265, "-tag:v", "hvc1", "-pix_fmt", "yuv420p10le"], "hevc"),
        (["-c:v", "libsvtav1", "-preset", "12"], "av1"),
        (["-c:v", "libvpx-vp9", "-cpu-used", "8"], "vp9"),
        (["-c:v", "mpeg4"], "mpeg4"),
        (["-pix_fmt", "yuv444p"], "4:4:4, 8 bits"),
        (["-pix_fmt", "yuv422p"], "4:2:2, 8 bits"),
        (["-pix_fmt", "yuv420p10le"], "4:2:0, 10 bits"),
        (["-pix_fmt", "yuv422p10le"], "4:2:2, 10 bits"),
        (["-pix_fmt", "gray"], "4:0:0, 8 bits"),
        (["-crf", "0"], "profile 244"),
        (["-c:a", "libopus"], "opus"),
        (["-c:a", "libmp3lame"], "mp3"),
        (["-c:a", "flac"], "flac"),
        (["-c:a", "ac3"], "ac3"),
    ],
    ids=[
        *["HEVC", "HEVC of 10 bits", "AV1", "VP9", "MPEG-4", "4:4:4", "4:2:2", "10 bits", "4:2:2 of 10 bits"],
        *["grey", "lossless", "Opus", "MP3", "FLAC", "AC-3"],
    ],
)
async def test_what_discord_does_not_play_is_named(tmp_path: Path, options: list[str], why: str) -> None:
    clip = await probe(make_video(tmp_path / "video.mp4", *options))
    assert why in clip.unplayable, "Discord would show no player"
    assert (clip.width, clip.height, clip.has_sound) == (320, 180, True)


@pytest.mark.parametrize("coding", [["-c:v", "libvpx-vp9", "-c:a", "libopus"], []], ids=["VP9", "H.264"])
async def test_another_container_is_named(tmp_path: Path, coding: list[str]) -> None:
    name = "video.webm" if coding else "video.mkv"
    clip = await probe(make_video(tmp_path / name, *coding, "-cpu-used", "8"))
    assert clip.unplayable == "matroska", "Discord would show no player"
    assert (clip.width, clip.height, clip.has_sound) == (320, 180, True)
    assert clip.seconds == pytest.approx(SECONDS, abs=0.1)


async def test_a_cover_is_not_taken_for_the_video(tmp_path: Path) -> None:
    cover, path = tmp_path / "cover.png", tmp_path / "with cover.mp4"
    run("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1", str(cover))
    sources = ["-i", str(make_video(tmp_path / "plain.mp4")), "-i", str(cover)]
    run(*sources, "-map", "1", "-map", "0", "-c", "copy", "-disposition:v:0", "attached_pic", str(path))
    clip = await probe(path)
    assert (clip.width, clip.height, clip.codec, clip.unplayable) == (320, 180, "h264", "")


@pytest.mark.parametrize("code", [255, 137])
async def test_a_stop_while_the_coding_is_looked_at_says_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    path, stopped = make_video(tmp_path / "video.mp4"), tmp_path / "ffmpeg"
    real = f'exec "{imageio_ffmpeg.get_ffmpeg_exe()}" "$@"'
    stopped.write_text(f'#!/bin/sh\ncase "$*" in *h264_mp4toannexb*) exit {code};; *) {real};; esac\n')
    stopped.chmod(0o700)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(stopped))
    assert (await probe(path)).unplayable == "", "it would be converted for nothing"
