"""Videos joined with the real ffmpeg: of other sizes and rates, with sound and without."""

import asyncio
import os
import re
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from bot.db.film_models import Transition
from bot.media.downloads import MediaError
from bot.media.ffmpeg import run_ffmpeg
from bot.media.files import Clip, probe
from bot.media.joining import (
    CROSSFADE,
    Joiner,
    JoiningRefusedError,
    JoiningStoppedError,
    JoiningTimeoutError,
    fade_of,
)
from tests.bot.media.test_fitting import FFMPEG, Program, make_video, replace_ffmpeg
from tests.bot.media.test_streams import run

__all__ = ["replace_ffmpeg"]

SHOTS = (("red", 400), ("lime", 1200), ("blue", 3000))  # a colour and a tone each
RED, LIME, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
NEAR = 12  # of 255; a coder is off by that


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


async def tone_of(path: Path, hertz: int) -> tuple[float, float]:
    """Return when a tone begins, and when it ends."""
    only = f"bandpass=f={hertz}:w=50,bandpass=f={hertz}:w=50,silencedetect=d=0.2:n=-40dB"
    heard = await ffmpeg_of(path, "-af", f"adelay=1000:all=1,apad=pad_dur=1,{only}", "-f", "null")
    ends, begins = (re.findall(rf"silence_{edge}: ([\d.]+)", heard) for edge in ("start", "end"))
    return float(begins[0]) - 1, float(ends[-1]) - 1


@pytest.mark.nightly(daily=["both-encoded"])
@pytest.mark.parametrize("size", ["160x90", "90x160"], ids=["copied", "encoded"])
@pytest.mark.parametrize(
    ("sound", "picture"), [(0.5, 0), (0, 0.5), (0.5, 0.5)], ids=["sound", "picture", "both"]
)
async def test_what_begins_late_in_a_shot_begins_late_in_the_film(
    tmp_path: Path, size: str, sound: float, picture: float
) -> None:
    tones, shots = (400, 1200, 3000), list[Path]()
    for number, hertz in enumerate(tones):
        drawn = f"testsrc2=s={size if number == 1 else '160x90'}:r=24:d={2 - picture}"
        played = f"sine=f={hertz}:r=48000:d={2 - sound}"
        pictures = ["-itsoffset", str(picture), "-f", "lavfi", "-i", drawn]
        sounds = ["-itsoffset", str(sound), "-f", "lavfi", "-i", played]
        shots.append(tmp_path / f"{number}.mp4")
        run(*pictures, *sounds, "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(shots[-1]))
    film, length = await joined(tmp_path, *shots), 2 - min(sound, picture)
    assert film.seconds == pytest.approx(3 * length, abs=0.15)
    for number, hertz in enumerate(tones):
        begin = number * length + max(sound - picture, 0)
        # A filter that lets one tone through takes a moment to hear that it begins or ends.
        heard = await tone_of(film.path, hertz)
        assert heard == pytest.approx((begin, (number + 1) * length), abs=0.2)
    streams = await ffmpeg_of(film.path, "-map", "0:a", "-c", "copy", "-f", "framecrc")
    _, _, last, extent = streams.strip().splitlines()[-1].split(",")[:4]
    assert (int(last) + int(extent)) / 48_000 == pytest.approx(film.seconds, abs=0.05), "the sound ends early"


async def test_a_picture_that_begins_late_is_shown_late_where_it_is_encoded(tmp_path: Path) -> None:
    wide, late = make_video(tmp_path, size="320x180", seconds=1), tmp_path / "late.mp4"
    sources = ["-itsoffset", "0.5", "-f", "lavfi", "-i", "testsrc2=r=24:d=0.5"]
    run(*sources, "-f", "lavfi", "-i", "sine=d=1", "-pix_fmt", "yuv420p", str(late))
    film = await joined(tmp_path, wide, late)
    still = await ffmpeg_of(film.path, "-vf", "freezedetect=n=-50dB:d=0.3", "-f", "null")
    [begin], [end] = (re.findall(rf"freeze_{edge}: ([\d.]+)", still) for edge in ("start", "end"))
    assert (float(begin), float(end)) == (pytest.approx(1, abs=0.1), pytest.approx(1.5, abs=0.1))


@pytest.mark.parametrize("late", ["sound", "picture"])
async def test_what_begins_late_and_ends_last_is_in_the_film_to_its_end(tmp_path: Path, late: str) -> None:
    offset, shot = {late: ["-itsoffset", "0.5"]}, tmp_path / "shot.mp4"
    pictures = [*offset.get("picture", []), "-f", "lavfi", "-i", "testsrc2=s=160x90:r=24:d=1"]
    sounds = [*offset.get("sound", []), "-f", "lavfi", "-i", "sine=d=1"]
    run(*pictures, *sounds, "-pix_fmt", "yuv420p", str(shot))
    assert (await joined(tmp_path, shot, shot)).seconds == pytest.approx(3, abs=0.1)


async def sides_of(path: Path) -> bytes:
    """Return how light the upper and the lower half of each second's picture are, as players turn it."""
    taken = bytearray()
    shown = ["-vf", "fps=1,scale=1:2:flags=area,format=gray", "-f", "rawvideo", "-"]
    await run_ffmpeg([FFMPEG, "-v", "error", "-i", str(path), *shown], take=taken.extend)
    return bytes(side > 128 for side in taken)


async def test_shots_that_are_turned_are_not_taken_for_alike(tmp_path: Path) -> None:
    plain, turned = tmp_path / "plain.mp4", tmp_path / "turned.mp4"
    half = "color=black:s=160x90:d=1,drawbox=h=ih/2:color=white:t=fill"
    run("-f", "lavfi", "-i", half, "-pix_fmt", "yuv420p", str(plain))
    run("-display_rotation", "180", "-i", str(plain), "-c", "copy", str(turned))
    light, dark = b"\x01\x00", b"\x00\x01"
    assert (await sides_of(plain), await sides_of(turned)) == (light, dark)
    assert await sides_of((await joined(tmp_path, plain, turned)).path) == light + dark
    assert await sides_of((await joined(tmp_path, turned, turned, plain)).path) == dark + dark + light


async def test_where_there_is_no_room_to_copy_nothing_is_encoded(
    tmp_path: Path, replace_ffmpeg: Program
) -> None:
    clip = await probe(make_video(tmp_path, seconds=1))
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9, 9))"
    replace_ffmpeg(f"if '+faststart' in arguments:\n    open(notes, 'a').write('x')\n    {full}")
    with pytest.raises(OSError, match="No space left"):
        await Joiner().join([clip, clip], tmp_path / "film.mp4")
    assert (tmp_path / "notes").read_text() == "x", "it was tried again, by encoding"


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
        await Joiner().join([clip, replace(clip, seconds=5, picture_seconds=5)], tmp_path / "film.mp4")
    assert names_in(tmp_path) == [path.name]


async def test_two_tries_at_once_do_not_write_into_one_file(tmp_path: Path) -> None:
    clip, output = await probe(make_video(tmp_path, seconds=1)), tmp_path / "film.mp4"
    films = await asyncio.gather(*(Joiner().join([clip, clip], output) for _ in range(2)))
    assert [film.path for film in films] == [output, output]
    assert abs((await probe(output)).seconds - 2) < 0.1


JOINS = "'+faststart' in arguments"
LOOKS = "'framecrc' in arguments and any(word.endswith('.part') for word in arguments)"


@pytest.mark.parametrize("transition", Transition)
@pytest.mark.parametrize(
    ("where", "ends", "expected"),
    [
        (JOINS, f"os.kill(os.getpid(), {signal.SIGKILL})", JoiningStoppedError),
        (JOINS, "sys.exit(255)", JoiningStoppedError),
        (JOINS, "sys.exit(1)", JoiningRefusedError),
        (JOINS, "open(arguments[-1], 'w').close(); sys.exit(0)", JoiningRefusedError),
        (LOOKS, f"os.kill(os.getpid(), {signal.SIGKILL})", MediaError),
        (LOOKS, "sys.exit(255)", MediaError),
    ],
)
async def test_only_what_ffmpeg_says_or_makes_is_a_verdict(
    tmp_path: Path,
    replace_ffmpeg: Program,
    transition: Transition,
    where: str,
    ends: str,
    expected: type[MediaError],
) -> None:
    clip = await probe(make_video(tmp_path, size="160x90", seconds=1))
    replace_ffmpeg(f"if {where}:\n    {ends}")
    with pytest.raises(MediaError) as caught:
        await Joiner().join([clip, clip], tmp_path / "film.mp4", transition)
    assert type(caught.value) is expected


@pytest.mark.parametrize("where", ["'copy' in arguments", LOOKS])
async def test_shots_are_not_encoded_because_copying_them_was_stopped(
    tmp_path: Path, replace_ffmpeg: Program, where: str
) -> None:
    clip = await probe(make_video(tmp_path, size="160x90", seconds=1))
    mark = tmp_path / "stopped"
    once = f"not os.path.exists({str(mark)!r})"
    replace_ffmpeg(f"if {where} and {once}:\n    open({str(mark)!r}, 'w').close(); os.kill(os.getpid(), 9)")
    with pytest.raises(MediaError):
        await Joiner().join([clip, clip], tmp_path / "film.mp4")
    assert mark.exists()


@pytest.mark.parametrize("transition", Transition)
async def test_joining_that_takes_too_long_is_told_from_a_stop(
    tmp_path: Path, transition: Transition
) -> None:
    clip = await probe(make_video(tmp_path, size="160x90", seconds=1))
    with pytest.raises(JoiningTimeoutError):
        await Joiner(timeout=0.001).join([clip, clip], tmp_path / "film.mp4", transition)


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


@pytest.mark.nightly(daily=["of two sizes"])
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


@pytest.mark.nightly
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


@pytest.mark.nightly
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
