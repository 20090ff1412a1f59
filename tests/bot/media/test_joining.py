"""Videos joined with the real ffmpeg: of other sizes and rates, with sound and without."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.media.downloads import MediaError
from bot.media.files import Clip, probe
from bot.media.joining import Joiner
from tests.bot.media.test_fitting import make_video


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def joined(folder: Path, *paths: Path) -> Clip:
    """Return what these videos become."""
    output = folder / "film.mp4"
    await Joiner().join([await probe(path) for path in paths], output)
    return await probe(output)


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
