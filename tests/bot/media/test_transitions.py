"""Shots that fade into each other: the film's length, and what is shown and heard when."""

import re
from pathlib import Path

import pytest

from bot.db.film_models import Transition
from bot.media.files import Clip, probe
from bot.media.joining import Joiner, JoiningRefusedError
from bot.media.transitions import CROSSFADE, fade_of
from tests.bot.media.test_fitting import Program, replace_ffmpeg
from tests.bot.media.test_joining import FFMPEG, ffmpeg_of, make_video, run_ffmpeg, tone_of
from tests.bot.media.test_streams import run

__all__ = ["replace_ffmpeg"]

SHOTS = (("red", 400), ("lime", 1200), ("blue", 3000))  # a colour and a tone each
RED, LIME, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
NEAR = 12  # of 255; a coder is off by that


@pytest.mark.parametrize(
    ("transition", "lengths", "fade"),
    [
        (Transition.CUT, (8, 8), 0),
        (Transition.CROSSFADE, (8,), 0),
        (Transition.CROSSFADE, (8, 4, 8), CROSSFADE),
        (Transition.CROSSFADE, (8, 0.8, 8), 9 / 24),
        (Transition.CROSSFADE, (8, 0.05), 0),
    ],
)
def test_a_fade_takes_half_a_second_or_half_of_the_shortest_shot(
    transition: Transition, lengths: tuple[float, ...], fade: float
) -> None:
    assert fade_of(transition, [Clip(Path(), 0, seconds) for seconds in lengths], 24) == fade


def make_shot(folder: Path, colour: str, hertz: int, seconds: float, size: str = "160x90") -> Path:
    path = folder / f"{colour}.mp4"
    sources = (f"color={colour}:s={size}:r=24:d={seconds}", f"sine=f={hertz}:r=48000:d={seconds}")
    inputs = [word for source in sources for word in ("-f", "lavfi", "-i", source)]
    run(*inputs, "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(path))
    return path


async def faded(folder: Path, *paths: Path) -> Clip:
    clips = [await probe(path) for path in paths]
    return await Joiner().join(clips, folder / "film.mp4", Transition.CROSSFADE)


async def colours_of(path: Path) -> list[tuple[int, ...]]:
    """Return the colour in the middle of each of a film's pictures."""
    taken = bytearray()
    shown = ["-vf", "crop=2:2,scale=1:1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    await run_ffmpeg([FFMPEG, "-v", "error", "-i", str(path), *shown], take=taken.extend)
    return [tuple(taken[place : place + 3]) for place in range(0, len(taken), 3)]


async def level_of(path: Path, hertz: int, begin: float, end: float) -> float:
    """Return how loud a tone is in a part of a film, in decibels."""
    only = f"atrim={begin}:{end},{','.join([f'bandpass=f={hertz}:w=60'] * 3)},volumedetect"
    heard = await ffmpeg_of(path, "-map", "0:a", "-af", only, "-f", "null")
    return float(re.findall(r"mean_volume: (-?[\d.]+|-inf) dB", heard)[-1])


def mixed(before: tuple[int, ...], after: tuple[int, ...], share: float) -> tuple[float, ...]:
    return tuple(old + (new - old) * share for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize("size", ["160x90", "90x160"], ids=["alike", "of two sizes"])
async def test_each_shot_fades_into_the_next_in_picture_and_sound(tmp_path: Path, size: str) -> None:
    sizes, lengths = ("160x90", size, "160x90"), (2.0, 1.5, 2.0)
    shots = [
        make_shot(tmp_path, colour, hertz, lengths[number], sizes[number])
        for number, (colour, hertz) in enumerate(SHOTS)
    ]
    film = await faded(tmp_path, *shots)
    assert film.seconds == pytest.approx(sum(lengths) - 2 * CROSSFADE, abs=0.05)
    assert (film.width, film.height, film.unplayable) == (160, 90, "")
    streams = await ffmpeg_of(film.path, "-map", "0", "-c", "copy", "-f", "framecrc")
    assert re.findall(r"^#media_type \d: (\w+)", streams, re.MULTILINE) == ["video", "audio"]
    shown = await colours_of(film.path)
    assert len(shown) == 4.5 * 24
    for second, wanted in (
        *((1.45, RED), (1.75, mixed(RED, LIME, 0.5)), (2.05, LIME)),
        *((2.45, LIME), (2.75, mixed(LIME, BLUE, 0.5)), (3.05, BLUE), (4.4, BLUE)),
    ):
        assert shown[int(second * 24)] == pytest.approx(wanted, abs=NEAR), f"at {second} s"
    for hertz, heard, faint, unheard in (
        (400, (0.2, 1.4), (1.85, 1.95), (2.3, 4.2)),
        (1200, (2.05, 2.4), (1.55, 1.65), (0.2, 1.4)),
        (3000, (3.1, 4.3), (2.55, 2.65), (0.2, 2.4)),
    ):
        levels = [await level_of(film.path, hertz, *part) for part in (heard, faint, unheard)]
        assert levels[0] - 3 > levels[1] > levels[2] + 10, f"{hertz} Hz"


async def test_a_silent_shot_fades_too_and_a_film_without_sound_has_none(tmp_path: Path) -> None:
    silent = make_video(tmp_path, size="160x90", seconds=1.5)
    film = await faded(tmp_path, make_shot(tmp_path, "red", 400, 1), silent)
    assert (film.seconds, film.has_sound) == (pytest.approx(2, abs=0.05), True)
    assert (await faded(tmp_path, silent, silent)).has_sound is False


async def test_sound_that_begins_late_in_a_shot_does_so_in_the_film(tmp_path: Path) -> None:
    shots = list[Path]()
    for colour, hertz in SHOTS:
        picture = ["-f", "lavfi", "-i", f"color={colour}:s=160x90:r=24:d=2"]
        sound = ["-itsoffset", "1", "-f", "lavfi", "-i", f"sine=f={hertz}:r=48000:d=1"]
        shots.append(tmp_path / f"{colour}.mp4")
        run(*picture, *sound, "-pix_fmt", "yuv420p", str(shots[-1]))
    film = await faded(tmp_path, *shots)
    for number, (_, hertz) in enumerate(SHOTS):
        begin, end = await tone_of(film.path, hertz)
        assert begin == pytest.approx(number * (2 - CROSSFADE) + 1, abs=0.2)
        assert end == pytest.approx(number * (2 - CROSSFADE) + 2, abs=0.4)


async def test_the_shortest_shot_bounds_the_fades(tmp_path: Path) -> None:
    long, short = make_shot(tmp_path, "red", 400, 1), make_shot(tmp_path, "blue", 900, 0.5)
    film = await faded(tmp_path, long, short, long)
    assert film.seconds == pytest.approx(2.5 - 2 * 0.25, abs=0.05)
    assert (await colours_of(film.path))[24] == pytest.approx(BLUE, abs=NEAR)


async def test_lengths_between_two_frames_keep_picture_and_sound_in_step(tmp_path: Path) -> None:
    shots = [make_shot(tmp_path, colour, hertz, 1.035) for colour, hertz in SHOTS]
    film = await faded(tmp_path, *(shots * 2), shots[0], shots[1])
    streams = await ffmpeg_of(film.path, "-map", "0", "-c", "copy", "-f", "framecrc")
    ends = {0: 0.0, 1: 0.0}
    units = {int(n): float(unit) for n, unit in re.findall(r"^#tb (\d): 1/(\d+)", streams, re.MULTILINE)}
    for number, at, length in re.findall(r"^(\d), +-?\d+, +(-?\d+), +(\d+),", streams, re.MULTILINE):
        ends[int(number)] = max(ends[int(number)], (int(at) + int(length)) / units[int(number)])
    assert ends[0] == pytest.approx(ends[1], abs=0.05)


def with_long_sound(folder: Path) -> list[Path]:
    """Make a red, a green and a blue shot; the green one's sound is two seconds longer than its picture."""
    red, blue = make_shot(folder, "red", 400, 2), make_shot(folder, "blue", 3000, 2)
    sources = ["-f", "lavfi", "-i", "color=lime:s=160x90:r=24:d=1", "-f", "lavfi", "-i", "sine=f=1200:d=3"]
    run(*sources, "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(folder / "lime.mp4"))
    return [red, folder / "lime.mp4", blue]


async def test_a_shot_whose_sound_is_longer_than_its_picture_hides_no_later_one(tmp_path: Path) -> None:
    film = await faded(tmp_path, *with_long_sound(tmp_path))
    shown = await colours_of(film.path)
    assert len(shown) == 6 * 24
    for second, wanted in ((1, RED), (3, LIME), (3.9, LIME), (4.6, BLUE), (5.9, BLUE)):
        assert shown[int(second * 24)] == pytest.approx(wanted, abs=NEAR), f"at {second} s"


async def test_a_film_whose_picture_ends_before_its_sound_is_none(
    tmp_path: Path, replace_ffmpeg: Program
) -> None:
    shots = with_long_sound(tmp_path)
    replace_ffmpeg("import re; arguments = [re.sub('tpad=[^,]*,', '', word) for word in arguments]")
    with pytest.raises(JoiningRefusedError, match="picture"):
        await faded(tmp_path, *shots)
