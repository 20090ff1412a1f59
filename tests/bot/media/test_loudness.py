"""Sounds of a film are brought together, within bounds, and none is made loud that is meant to be quiet."""

import math
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.media.files import probe
from bot.media.joining import Joiner
from bot.media.loudness import CEILING, MAX_GAIN, SILENCE, Loudness, even_gains
from tests.bot.media.test_fitting import Program, make_video, replace_ffmpeg
from tests.bot.media.test_joining import ffmpeg_of, pictures_of
from tests.bot.media.test_streams import run

__all__ = ["replace_ffmpeg"]

SECONDS = 2
levels = st.floats(-90, 0) | st.sampled_from([SILENCE, -70.0, -math.inf, math.nan])
sounds = st.none() | st.builds(Loudness, levels, st.floats(-90, 6) | st.just(-math.inf))


@given(st.lists(sounds, max_size=8))
def test_no_gain_leaves_its_bounds_or_takes_a_sound_away_from_the_others(
    measured: Sequence[Loudness | None],
) -> None:
    gains = even_gains(measured)
    assert len(gains) == len(measured)
    heard = [sound.integrated for sound in measured if sound and sound.integrated >= SILENCE]
    for sound, gain in zip(measured, gains, strict=True):
        if sound is None or not sound.integrated >= SILENCE:
            assert gain == 0
            continue
        assert -MAX_GAIN <= gain <= MAX_GAIN
        assert gain <= 0 or sound.peak + gain <= CEILING + 1e-9
        assert min(heard) - 1e-9 <= sound.integrated + gain <= max(heard) + 1e-9


def test_sounds_that_are_near_each_other_become_equally_loud() -> None:
    measured = [Loudness(-20, -10), Loudness(-25, -15), Loudness(-23, -9), None, Loudness(-60, -40)]
    assert even_gains(measured) == [-3, 2, 0, 0, 0]


def make_tone(folder: Path, hertz: int, decibels: float, *, size: str = "160x90") -> Path:
    """Return a video with a tone of some loudness."""
    path = folder / f"{hertz}.mp4"
    drawn, played = f"testsrc2=s={size}:r=24:d={SECONDS}", f"sine=f={hertz}:r=48000:d={SECONDS}"
    sound = ["-af", f"volume={decibels}dB", "-c:a", "aac", "-ac", "2"]
    run("-f", "lavfi", "-i", drawn, "-f", "lavfi", "-i", played, *sound, "-pix_fmt", "yuv420p", str(path))
    return path


async def loudness_of(path: Path, number: int) -> float:
    """Return how loud a film's shot is, by another way: ffmpeg's report for people."""
    part = f"atrim={number * SECONDS}:{(number + 1) * SECONDS},ebur128=framelog=quiet"
    heard = await ffmpeg_of(path, "-map", "0:a:0", "-af", part, "-f", "null")
    return float(re.findall(r"I: +(-?[\d.]+) LUFS", heard)[-1])


@pytest.mark.nightly(daily=["encoded"])
@pytest.mark.parametrize("size", ["160x90", "90x160"], ids=["copied", "encoded"])
async def test_a_films_shots_are_equally_loud_as_far_as_the_bounds_allow(tmp_path: Path, size: str) -> None:
    shots = [
        make_tone(tmp_path, 500, 5, size=size),
        make_tone(tmp_path, 1000, -1),
        make_tone(tmp_path, 2000, -5),
        make_tone(tmp_path, 1500, -20),
        make_tone(tmp_path, 800, -45),
    ]
    before = [await loudness_of(shot, 0) for shot in shots]
    film = await Joiner().join([await probe(shot) for shot in shots], tmp_path / "film.mp4")
    after = [await loudness_of(film.path, number) for number in range(len(shots))]
    assert max(before[:3]) - min(before[:3]) > 5
    assert max(after[:3]) - min(after[:3]) < 1
    assert after[3] == pytest.approx(before[3] + MAX_GAIN, abs=1)
    assert after[4] == pytest.approx(before[4], abs=1), "a whisper was raised"
    if size == "160x90":
        wanted = [picture for shot in shots for picture in await pictures_of(shot)]
        assert await pictures_of(film.path) == wanted, "the pictures were encoded"


async def test_silence_stays_silent_beside_sound(tmp_path: Path) -> None:
    silent = tmp_path / "silent.mp4"
    run("-i", str(make_tone(tmp_path, 500, 0)), "-af", "volume=0", "-c:v", "copy", str(silent))
    shots = [make_tone(tmp_path, 700, 0), silent, make_tone(tmp_path, 900, -6)]
    film = await Joiner().join([await probe(shot) for shot in shots], tmp_path / "film.mp4")
    heard = await ffmpeg_of(film.path, "-af", "silencedetect=d=1:n=-90dB", "-f", "null")
    [begin], [end] = (re.findall(rf"silence_{edge}: ([\d.]+)", heard) for edge in ("start", "end"))
    assert (float(begin), float(end)) == pytest.approx((SECONDS, 2 * SECONDS), abs=0.1)


async def test_a_sound_that_cannot_be_measured_is_joined_as_it_is(
    tmp_path: Path, replace_ffmpeg: Program
) -> None:
    shots = [make_tone(tmp_path, 500, 0), make_tone(tmp_path, 1000, -5)]
    clips, before = [await probe(shot) for shot in shots], [await loudness_of(shot, 0) for shot in shots]
    replace_ffmpeg("if 'ebur128' in ' '.join(arguments):\n    open(notes, 'a').write('x')\n    sys.exit(1)")
    film = await Joiner().join(clips, tmp_path / "film.mp4")
    assert (tmp_path / "notes").read_text() == "xx"
    assert [await loudness_of(film.path, n) for n in range(2)] == pytest.approx(before, abs=0.5)


async def test_one_sound_alone_is_not_measured(tmp_path: Path, replace_ffmpeg: Program) -> None:
    clips = [await probe(path) for path in (make_video(tmp_path), make_tone(tmp_path, 500, 0))]
    replace_ffmpeg("if 'ebur128' in ' '.join(arguments): open(notes, 'a').write('x')")
    await Joiner().join(clips, tmp_path / "film.mp4")
    assert not (tmp_path / "notes").exists()
