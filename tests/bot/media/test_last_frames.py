"""The last frame, taken by the real ffmpeg: which one it is, where it comes from, and what is said of it."""

import subprocess
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import aiohttp
import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used
import pytest
from PIL import Image, ImageStat

from bot.media.downloads import FileGoneError, MediaError
from bot.media.last_frames import LastFrames, NoFrameError, VideoSources
from sandbox.cdn import ServedCdn, serve_cdn
from tests.bot.engine import downloads_of

FFMPEG: str = imageio_ffmpeg.get_ffmpeg_exe()


def make_video(path: Path, *, size: str = "160x90", sound: float = 0, rate: int = 25) -> Path:
    """Make a video that is red, with one last blue frame; `sound`: seconds of it."""
    length = 25 / rate
    red = f"color=red:s={size}:r={rate}:d={length}"
    blue = f"color=blue:s={size}:r={rate}:d={1 / rate}"
    inputs = ["-f", "lavfi", "-i", red, "-f", "lavfi", "-i", blue]
    audio = ["-map", "2:a", "-c:a", "aac"] if sound else []
    inputs += ["-f", "lavfi", "-i", f"sine=d={sound}"] if sound else []
    graph = ["-filter_complex", "[0][1]concat[v]", "-map", "[v]"]
    command = [FFMPEG, "-nostdin", "-y", *inputs, *graph, *audio, "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 our own program
    return path


@pytest.fixture
async def cdn() -> AsyncIterator[ServedCdn]:
    """Files at a real address."""
    async with serve_cdn() as cdn:
        yield cdn


@pytest.fixture
def frames(session: aiohttp.ClientSession, tmp_path: Path) -> LastFrames:
    """The finder."""
    downloads = downloads_of(session)
    return LastFrames(tmp_path, from_discord=downloads, from_provider=downloads)


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def picture(content: bytes) -> Image.Image:
    with Image.open(BytesIO(content), formats=["JPEG"]) as image:
        return image.convert("RGB")


def is_blue(content: bytes) -> bool:
    red, _, blue = ImageStat.Stat(picture(content)).mean
    return blue > 200 and red < 50


@pytest.mark.parametrize(
    ("sound", "rate"),
    [(0, 25), (1, 25), (3.5, 25), (0, 1)],
    ids=["silent", "with sound", "with longer sound", "with a frame a second"],
)
async def test_it_is_the_very_last_one(tmp_path: Path, frames: LastFrames, sound: float, rate: int) -> None:
    video = make_video(tmp_path / "veo.mp4", sound=sound, rate=rate)
    assert is_blue(await frames.find(VideoSources(kept=video)))
    assert names_in(tmp_path) == [video.name], "something is left"


async def test_a_frame_that_is_too_small_is_enlarged_in_its_own_shape(
    tmp_path: Path, frames: LastFrames
) -> None:
    video = make_video(tmp_path / "veo.mp4", size="90x160")
    content = await frames.find(VideoSources(kept=video), 720)
    assert picture(content).size == (720, 1280)
    assert picture(await frames.find(VideoSources(kept=video), 90)).size == (90, 160)


async def test_a_larger_original_is_taken_where_what_was_posted_is_too_small(
    tmp_path: Path, frames: LastFrames, cdn: ServedCdn
) -> None:
    small = content_of(make_video(tmp_path / "small.mp4"))
    posted = cdn.store_attachment(1, 2, "veo.mp4", small, None)["url"]
    places = VideoSources(attachment=posted, kept=make_video(tmp_path / "large.mp4", size="320x180"))
    assert picture(await frames.find(places, 100)).size == (320, 180)
    assert picture(await frames.find(places, 90)).size == (160, 90), "what was posted comes first"


async def test_what_is_not_in_the_message_any_more_is_fetched_from_the_provider(
    tmp_path: Path, frames: LastFrames, cdn: ServedCdn
) -> None:
    made = cdn.store_attachment(1, 2, "veo.mp4", content_of(make_video(tmp_path / "veo.mp4")), None)["url"]
    places = VideoSources(attachment=f"{cdn.base}/deleted.mp4", address=made)
    assert is_blue(await frames.find(places))
    assert cdn.asked[0] == "/deleted.mp4"


async def test_a_damaged_file_has_none(tmp_path: Path, frames: LastFrames) -> None:
    whole = make_video(tmp_path / "veo.mp4").read_bytes()
    for content in (b"", b"no video", whole[: len(whole) // 2], whole[:-1000] + bytes(1000)):
        bad = tmp_path / "bad.mp4"
        bad.write_bytes(content)
        with pytest.raises(NoFrameError):
            await frames.find(VideoSources(kept=bad))


async def test_what_is_said_is_what_can_still_help(
    tmp_path: Path, frames: LastFrames, cdn: ServedCdn
) -> None:
    with pytest.raises(FileGoneError):
        await frames.find(VideoSources())
    with pytest.raises(FileGoneError):
        await frames.find(VideoSources(kept=tmp_path / "deleted.mp4"))
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no video")
    places = VideoSources(attachment=f"{cdn.base}/veo.mp4", kept=bad)
    with pytest.raises(NoFrameError):
        await frames.find(places)
    cdn.refusal = 503
    with pytest.raises(MediaError) as caught:
        await frames.find(places)
    assert type(caught.value) is MediaError, "the file at Discord may be fine"


async def test_without_ffmpeg_it_may_work_later(
    tmp_path: Path, frames: LastFrames, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = make_video(tmp_path / "veo.mp4")
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "nothing"))
    with pytest.raises(MediaError) as caught:
        await frames.find(VideoSources(kept=video))
    assert not isinstance(caught.value, (FileGoneError, NoFrameError))


async def test_what_takes_too_long_may_work_later(
    tmp_path: Path, frames: LastFrames, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = make_video(tmp_path / "kept.mp4")
    monkeypatch.setattr("bot.media.last_frames.FFMPEG_TIMEOUT", 0.001)
    with pytest.raises(MediaError) as caught:
        await frames.find(VideoSources(kept=kept))
    assert not isinstance(caught.value, (NoFrameError, FileGoneError)), (
        "the shot after it would be without it"
    )
