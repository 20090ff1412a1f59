"""Videos made small enough with the real ffmpeg: what comes out, and what is left when it goes wrong."""

import asyncio
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used
import pytest

from bot.media.encoding import NICENESS
from bot.media.file_age import LEFTOVER_AGE
from bot.media.files import Clip, probe
from bot.media.fit_plan import CannotFitError, FittingError, NoRoomError
from bot.media.fitting import WORK_PREFIX, Fitter
from tests.bot.clocks import until

KB = 1000  # bytes
FFMPEG: str = imageio_ffmpeg.get_ffmpeg_exe()
SMALL = "160x90"  # enough where the picture does not matter

Program = Callable[[str], None]


def make_video(
    folder: Path, *, size: str = SMALL, seconds: float = 1.0, sound: float = 0.0, pixels: str = "yuv420p"
) -> Path:
    """Make a video of noise, which takes megabytes; `sound` is the seconds of it, 0 for none."""
    path = folder / f"veo-{size}-{seconds}-{sound}.mp4"
    picture = f"testsrc2=s={size}:r=24:d={seconds},format={pixels},noise=alls=20:allf=t"
    command = [
        *[FFMPEG, "-nostdin", "-f", "lavfi", "-i", picture],
        *(["-f", "lavfi", "-i", f"sine=d={sound}", "-c:a", "aac"] if sound else []),
        *["-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-pix_fmt", pixels, str(path)],
    ]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 our own program
    return path


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short video with sound, for all tests where no more is needed."""
    return make_video(tmp_path_factory.mktemp("noise"), seconds=3, sound=3)


@pytest.fixture
def originals(tmp_path: Path) -> Path:
    """Where the original files are."""
    folder = tmp_path / "originals"
    folder.mkdir()
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where smaller files go."""
    return tmp_path / "fitted"


@pytest.fixture
def fitter(folder: Path) -> Fitter:
    """What is tested, as fast as it can be."""
    return Fitter(folder, preset="ultrafast")


@pytest.fixture
async def clip(noise: Path, originals: Path) -> Clip:
    """A video of the test's own."""
    return await probe(Path(shutil.copy(noise, originals)))


@pytest.fixture
def replace_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Put a Python script before ffmpeg; it finds `real`, its own `arguments`, and a file for `notes`."""

    def replace(script: str) -> None:
        path = tmp_path / "ffmpeg.py"
        notes = tmp_path / "notes"
        names = f"real, notes, arguments = {FFMPEG!r}, {str(notes)!r}, sys.argv[1:]"
        head = f"import os, signal, sys\n{names}"
        path.write_text(f"#!{sys.executable} -IS\n{head}\n{script}\nos.execv(real, [real, *arguments])\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(path))

    return replace


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def processes_of(folder: Path) -> list[int]:
    """Return the ids of living processes that were started with a path in `folder`."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        try:
            arguments = (entry / "cmdline").read_bytes() if entry.name.isdecimal() else b""
        except OSError:
            continue  # it has ended
        if os.fsencode(folder) in arguments:
            found.append(int(entry.name))
    return found


async def encoder_in(folder: Path) -> int:
    """Wait for a running encoder; return its process id, which may be no more by now."""
    found: list[int] = []

    async def is_running() -> bool:
        found.extend(processes_of(folder))
        return bool(found)

    await until("an encoder runs", is_running)
    return found[0]


@pytest.mark.nightly(daily=["201x99-0.0-yuv444p-30000-expected4"])
@pytest.mark.parametrize(
    ("size", "sound", "pixels", "target_size", "expected"),
    [
        ("1280x720", 1.0, "yuv420p", 600 * KB, (1280, 720)),
        ("1280x720", 1.0, "yuv420p", 130 * KB, (854, 480)),
        ("720x1280", 0.0, "yuv420p", 130 * KB, (480, 854)),
        ("641x359", 1.0, "yuv444p", 100 * KB, (640, 360)),
        ("201x99", 0.0, "yuv444p", 30 * KB, (200, 100)),
    ],
)
async def test_it_fits_and_is_the_same_video(
    fitter: Fitter,
    originals: Path,
    size: str,
    sound: float,
    pixels: str,
    target_size: int,
    expected: tuple[int, int],
) -> None:
    original = await probe(make_video(originals, size=size, sound=sound, pixels=pixels))
    assert f"{original.width}x{original.height}" == size
    assert original.size > 3 * target_size, "there is nothing to do"
    fitted = await fitter.fit(original, target_size)
    made = fitted.clip
    assert target_size / 2 < made.size <= target_size, "it is too large, or worse than it had to be"
    assert made == await probe(fitter.path(original, target_size))
    assert made.path.parent != original.path.parent
    assert made.seconds == pytest.approx(original.seconds, abs=0.1)
    assert made.has_sound is bool(sound)
    assert made.codec == "h264"
    for ours, theirs in zip((made.width, made.height), expected, strict=True):
        assert abs(ours - theirs) <= 2
        assert ours % 2 == 0
    assert (fitted.loss.from_size, fitted.loss.to_size) == (original.size, made.size)
    assert fitted.loss.from_height == min(original.width, original.height)
    assert fitted.loss.to_height == min(made.width, made.height)
    assert original == await probe(original.path), "the original is as it was"


async def test_every_player_shows_it_at_once(fitter: Fitter, clip: Clip) -> None:
    made = (await fitter.fit(clip, 150 * KB)).clip
    report = subprocess.run([FFMPEG, "-i", made.path], check=False, capture_output=True).stderr.decode()  # noqa: S603,ASYNC221 short
    assert re.search(r"Video: h264.*, yuv420p[(,]", report)
    content = made.path.read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat"), "the index has to come before the content"


async def test_sound_that_outlasts_the_picture_is_kept(fitter: Fitter, originals: Path) -> None:
    original = await probe(make_video(originals, seconds=3, sound=3.6))
    assert original.seconds > 3.5
    made = (await fitter.fit(original, 200 * KB)).clip
    assert made.seconds == pytest.approx(original.seconds, abs=0.1)


async def test_a_file_that_was_made_is_taken_again(
    fitter: Fitter, clip: Clip, replace_ffmpeg: Program
) -> None:
    first = await fitter.fit(clip, 150 * KB)
    replace_ffmpeg("if 'libx264' in arguments: sys.exit(1)")
    assert await fitter.fit(clip, 150 * KB) == first
    with pytest.raises(FittingError):
        await fitter.fit(clip, 140 * KB)


async def test_a_file_that_was_damaged_since_is_made_again(fitter: Fitter, clip: Clip) -> None:
    first = await fitter.fit(clip, 150 * KB)
    first.clip.path.write_bytes(first.clip.path.read_bytes()[: 50 * KB])
    again = await fitter.fit(clip, 150 * KB)
    assert again.clip.size > 50 * KB
    assert again.clip == await probe(again.clip.path)


async def test_a_clip_that_was_never_looked_into_is_now(fitter: Fitter, clip: Clip) -> None:
    assert await fitter.fit(Clip(clip.path, clip.size), 150 * KB) == await fitter.fit(clip, 150 * KB)


async def test_what_cannot_fit_is_not_begun(
    fitter: Fitter, folder: Path, clip: Clip, replace_ffmpeg: Program
) -> None:
    replace_ffmpeg("open(notes, 'a').close()")
    with pytest.raises(CannotFitError, match="cannot be made as small as 9000 bytes"):
        await fitter.fit(clip, 9 * KB)
    assert names_in(folder) == []
    assert not (folder.parent / "notes").exists(), "the encoder was started for nothing"


RATE = "place = arguments.index('-b:v') + 1 if '-b:v' in arguments else None\n"


async def test_an_encoder_that_misses_the_rate_is_asked_for_less(
    fitter: Fitter, clip: Clip, replace_ffmpeg: Program
) -> None:
    replace_ffmpeg(f"{RATE}if place: arguments[place] = str(2 * int(arguments[place]))")
    assert 75 * KB < (await fitter.fit(clip, 150 * KB)).clip.size <= 150 * KB


async def test_an_encoder_that_always_misses_the_rate_is_given_up(
    fitter: Fitter, folder: Path, clip: Clip, replace_ffmpeg: Program
) -> None:
    replace_ffmpeg(f"{RATE}if place: arguments[place] = '500k'; open(notes, 'a').write('x')")
    with pytest.raises(CannotFitError, match="larger than 150000 bytes 3 times"):
        await fitter.fit(clip, 150 * KB)
    assert names_in(folder) == []
    assert (folder.parent / "notes").read_text() == "xx" * 3, "two passes, three times"


FULL_DISK = "import resource\nlimit = resource.RLIMIT_FSIZE, (50_000, 50_000)\n"  # bytes of a file
CRASH = "os.kill(os.getpid(), signal.SIGSEGV)"


@pytest.mark.parametrize("number", ["1", "2"], ids=["first pass", "second pass"])
@pytest.mark.parametrize("end", [CRASH, "sys.exit(255)"], ids=["crashes", "is stopped by Ctrl-C"])
async def test_an_encoder_that_ends_early_once_is_started_again(
    fitter: Fitter, folder: Path, clip: Clip, replace_ffmpeg: Program, number: str, end: str
) -> None:
    condition = f"{number!r} in arguments and not os.path.exists(notes)"
    replace_ffmpeg(f"if {condition}:\n    open(notes, 'a').close()\n    {end}")
    made = (await fitter.fit(clip, 150 * KB)).clip
    assert made.size <= 150 * KB
    assert names_in(folder) == [made.path.name]
    assert (folder.parent / "notes").exists(), "it never ended early"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (f"if 'libx264' in arguments: {CRASH}", r"did not come to its end \(-11\)"),
        ("sys.exit(127)", "is not known|did not come to its end"),
        ("if '2' in arguments: sys.exit(1)", r"refused the file \(1\)"),
        ("if '2' in arguments: open(arguments[-1], 'w').close(); sys.exit(0)", "no video"),
        (f"{FULL_DISK}if '2' in arguments: resource.setrlimit(*limit)", r"No space left"),
        ("if '2' in arguments: arguments[-1:-1] = ['-t', '0.5']", "another video"),
        ("if '2' in arguments: arguments[-1:-1] = ['-an']", "another video"),
    ],
    ids=[
        "crashes",
        "cannot start",
        "refuses",
        "writes nothing",
        "has no room",
        "stops early",
        "loses the sound",
    ],
)
async def test_a_bad_encoder_is_told_and_leaves_nothing(
    fitter: Fitter, folder: Path, clip: Clip, replace_ffmpeg: Program, script: str, message: str
) -> None:
    replace_ffmpeg(script)
    with pytest.raises(FittingError, match=message):
        await fitter.fit(clip, 150 * KB)
    assert names_in(folder) == []


async def test_an_encoder_that_refuses_where_there_is_no_room_is_no_verdict(
    fitter: Fitter, clip: Clip, replace_ffmpeg: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk that is full to its last byte, x264 only says that it can't be opened."""
    replace_ffmpeg("if 'libx264' in arguments: sys.exit(187)")
    with pytest.raises(FittingError) as refused:
        await fitter.fit(clip, 150 * KB)
    assert not isinstance(refused.value, NoRoomError)
    full = shutil.disk_usage(clip.path)._replace(free=0)

    def tell(_: Path) -> object:
        return full

    monkeypatch.setattr("bot.media.fitting.shutil.disk_usage", tell)
    with pytest.raises(NoRoomError):
        await fitter.fit(clip, 150 * KB)


async def test_without_ffmpeg_there_is_no_smaller_file(
    fitter: Fitter, folder: Path, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(folder / "nothing"))
    for path in (os.environ["PATH"], str(folder)):  # with `nice` and without
        monkeypatch.setenv("PATH", path)
        with pytest.raises(FittingError):
            await fitter.fit(clip, 150 * KB)
        assert names_in(folder) == []


async def test_without_nice_it_works_all_the_same(
    fitter: Fitter, folder: Path, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    assert (await fitter.fit(clip, 150 * KB)).clip.size <= 150 * KB


async def test_a_damaged_original_makes_no_smaller_file(fitter: Fitter, folder: Path, clip: Clip) -> None:
    clip.path.write_bytes(b"This is no video.")
    with pytest.raises(FittingError):
        await fitter.fit(clip, 150 * KB)
    with pytest.raises(FittingError):
        await fitter.fit(Clip(clip.path, clip.size), 150 * KB)
    assert names_in(folder) == []


async def test_a_place_that_is_taken_leaves_nothing_else(fitter: Fitter, folder: Path, clip: Clip) -> None:
    fitter.path(clip, 150 * KB).mkdir()
    with pytest.raises(FittingError, match="the disk cannot be used"):
        await fitter.fit(clip, 150 * KB)
    assert names_in(folder) == [fitter.path(clip, 150 * KB).name]


@pytest.fixture
async def slow_clip(originals: Path, replace_ffmpeg: Program) -> Clip:
    """A video that takes ten seconds to encode, since it is read no faster than it would be played."""
    clip = await probe(make_video(originals, size="64x64", seconds=10))
    replace_ffmpeg("if 'libx264' in arguments: arguments.insert(arguments.index('-i'), '-re')")
    return clip


async def test_an_encoder_that_takes_too_long_is_killed(folder: Path, slow_clip: Clip) -> None:
    fitter = Fitter(folder, timeout=0.5)
    with pytest.raises(FittingError, match="not done after"):
        await fitter.fit(slow_clip, 100 * KB)
    assert processes_of(folder) == []
    assert names_in(folder) == []


async def test_cancelling_kills_the_encoder_and_leaves_nothing(
    fitter: Fitter, folder: Path, slow_clip: Clip
) -> None:
    fitting = asyncio.create_task(fitter.fit(slow_clip, 100 * KB))
    encoder = await encoder_in(folder)

    async def gives_way() -> bool:
        return os.getpriority(os.PRIO_PROCESS, encoder) == min(19, os.nice(0) + NICENESS)

    await until("the encoder gives way to others", gives_way)
    fitting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fitting
    assert processes_of(folder) == []
    assert names_in(folder) == []


async def test_only_so_many_encode_and_the_next_gets_a_cancelled_turn(folder: Path, slow_clip: Clip) -> None:
    fitter = Fitter(folder, at_once=2)
    fittings = [asyncio.create_task(fitter.fit(slow_clip, (100 + n) * KB)) for n in range(5)]

    async def are_two_running() -> bool:
        return len(processes_of(folder)) == 2

    for fitting in fittings[:4]:
        await until("two encoders run", are_two_running)
        assert len(names_in(folder)) == 2, "another one was begun"
        fitting.cancel()
        await asyncio.wait([fitting])
    await encoder_in(folder)
    fittings[4].cancel()
    await asyncio.wait(fittings)
    assert processes_of(folder) == []
    assert names_in(folder) == []


def test_what_a_killed_process_left_is_cleaned_up(folder: Path) -> None:
    old, young = folder / f"{WORK_PREFIX}old", folder / f"{WORK_PREFIX}young"
    for work in (old, young):
        work.mkdir(parents=True)
        (work / "video.mp4").write_text("half")
    (folder / "veo-g1.mp4").write_text("whole")
    moment = time.time() - LEFTOVER_AGE - 60
    for path in (old, folder / "veo-g1.mp4"):
        os.utime(path, (moment, moment))
    Fitter(folder)
    assert names_in(folder) == [young.name, "veo-g1.mp4"], "a living process may be at work"
