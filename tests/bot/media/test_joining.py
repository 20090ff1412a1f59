"""Videos joined with the real ffmpeg: of other sizes and rates, with sound and without."""

import asyncio
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.media.downloads import MediaError
from bot.media.ffmpeg import run_ffmpeg
from bot.media.files import Clip, probe
from bot.media.joining import Joiner
from tests.bot.media.test_fitting import FFMPEG, make_video


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def joined(folder: Path, *paths: Path) -> Clip:
    """Return what these videos become."""
    output = folder / "film.mp4"
    await Joiner().join([await probe(path) for path in paths], output)
    return await probe(output)


async def ffmpeg_of(path: Path, *arguments: str) -> str:
    """Return all that ffmpeg says and writes of a video."""
    output = bytearray()
    command = [FFMPEG, "-nostdin", "-hide_banner", "-i", str(path), *arguments, "-"]
    code, words = await run_ffmpeg(command, take=output.extend, stderr_bytes=100_000)
    assert code == 0, words
    return words + output.decode()


async def pictures_of(path: Path) -> list[str]:
    """Return the checksum of each picture as it is in the file."""
    lines = await ffmpeg_of(path, "-map", "0:V:0", "-c", "copy", "-f", "framecrc")
    return re.findall(r"^0,.*(0x[0-9a-f]{8})", lines, re.MULTILINE)


async def test_alike_shots_keep_their_pictures_as_they_are(tmp_path: Path) -> None:
    loud, silent = make_video(tmp_path, seconds=1, sound=1), make_video(tmp_path, seconds=1.5)
    film = await joined(tmp_path, loud, silent, loud)
    wanted = await pictures_of(loud) + await pictures_of(silent) + await pictures_of(loud)
    assert await pictures_of(film.path) == wanted
    assert film.unplayable == ""


@pytest.mark.parametrize("size", ["160x90", "90x160"], ids=["copied", "encoded"])
async def test_pictures_and_sound_stay_in_step_around_a_silent_shot(tmp_path: Path, size: str) -> None:
    loud = make_video(tmp_path, size="160x90", seconds=1, sound=1)
    silent = make_video(tmp_path, size=size, seconds=1.5)
    path = (await joined(tmp_path, loud, silent, loud)).path
    streams = await ffmpeg_of(path, "-map", "0", "-c", "copy", "-f", "framecrc")
    assert re.findall(r"^#media_type \d: (\w+)", streams, re.MULTILINE) == ["video", "audio"]
    heard = await ffmpeg_of(path, "-af", "silencedetect=d=0.5", "-f", "null")
    [begin], [end] = (re.findall(rf"silence_{edge}: ([\d.]+)", heard) for edge in ("start", "end"))
    assert (float(begin), float(end)) == (pytest.approx(1, abs=0.03), pytest.approx(2.5, abs=0.03))
    begins = re.findall(r"^0, +-?\d+, +(\d+)", streams, re.MULTILINE)
    unit = int(re.findall(r"^#tb 0: 1/(\d+)", streams, re.MULTILINE)[0])
    shown = sorted(int(begin) / unit for begin in begins)
    assert shown == pytest.approx([number / 24 for number in range(84)], abs=0.001)


async def test_alike_shots_that_cannot_be_copied_are_encoded(tmp_path: Path) -> None:
    path = make_video(tmp_path, seconds=1).rename(tmp_path / "two\nlines.mp4")  # which a list can't name
    assert abs((await joined(tmp_path, path, path)).seconds - 2) < 0.1


async def test_a_folder_can_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"it's caf\xe9")
    folder.mkdir()
    shot = make_video(folder, seconds=1, sound=1)
    film = await joined(folder, shot, shot)
    assert await pictures_of(film.path) == await pictures_of(shot) * 2, "it was encoded"


async def test_the_film_is_as_long_as_its_shots_and_as_large_as_the_first(tmp_path: Path) -> None:
    wide = make_video(tmp_path, size="320x180", seconds=1.5, sound=1.5)
    tall = make_video(tmp_path, size="90x160", seconds=1, sound=1)
    film = await joined(tmp_path, wide, tall)
    assert (film.width, film.height, film.has_sound, film.unplayable) == (320, 180, True, "")
    assert abs(film.seconds - 2.5) < 0.1


async def test_what_has_no_sound_is_silent_beside_what_has_some(tmp_path: Path) -> None:
    silent = make_video(tmp_path, seconds=1)
    loud = make_video(tmp_path, seconds=1, sound=1)
    film = await joined(tmp_path, silent, loud)
    assert film.has_sound
    assert abs(film.seconds - 2) < 0.1


async def test_where_nothing_has_sound_the_film_has_none(tmp_path: Path) -> None:
    assert not (await joined(tmp_path, make_video(tmp_path, seconds=1))).has_sound


async def test_a_damaged_shot_leaves_no_film(tmp_path: Path) -> None:
    path = make_video(tmp_path, seconds=1)
    clip = await probe(path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(MediaError):
        await Joiner().join([clip], tmp_path / "film.mp4")
    assert names_in(tmp_path) == [path.name]


async def test_a_shot_that_nobody_could_look_into_leaves_no_film(tmp_path: Path) -> None:
    path = make_video(tmp_path, seconds=1)
    unknown = Clip(path, path.stat().st_size)
    with pytest.raises(MediaError, match="would be missing"):
        await Joiner().join([await probe(path), unknown, await probe(path)], tmp_path / "film.mp4")
    assert names_in(tmp_path) == [path.name]


async def test_a_film_that_is_shorter_than_its_shots_is_none(tmp_path: Path) -> None:
    path = make_video(tmp_path, seconds=1)
    clip = await probe(path)
    with pytest.raises(MediaError, match="instead of 6"):
        await Joiner().join([clip, replace(clip, seconds=5)], tmp_path / "film.mp4")
    assert names_in(tmp_path) == [path.name]


async def test_two_tries_at_once_do_not_write_into_one_file(tmp_path: Path) -> None:
    clip, output = await probe(make_video(tmp_path, seconds=1)), tmp_path / "film.mp4"
    films = await asyncio.gather(*(Joiner().join([clip, clip], output) for _ in range(2)))
    assert [film.path for film in films] == [output, output]
    assert abs((await probe(output)).seconds - 2) < 0.1
