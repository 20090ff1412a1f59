"""An image that was given can be seen in the video: at its beginning, and a second one at its end."""

import asyncio
from io import BytesIO
from pathlib import Path

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used
import pytest
from PIL import Image

from bot.media.images import data_uri_of
from tests.bot.drawn import BLUE, RED, draw
from tests.sandbox.driver import Client, Clock, probe

ONE, TWO = "google/veo-3.0-i2v", "google/veo-3.1-first-last-image-to-video"
FIRST, LAST = data_uri_of(draw(colour=RED)), data_uri_of(draw("JPEG", colour=BLUE))


async def download(client: Client, clock: Clock, **fields: object) -> bytes:
    task = (await client.completed(clock, **fields)).json
    return (await client.call("GET", task["video"]["url"], key="")).body


async def frame_of(content: bytes, folder: Path, *, at_end: bool = False) -> Image.Image:
    """Return the first or the last frame of a video."""
    video, image = folder / "video.mp4", folder / "frame.png"
    video.write_bytes(content)
    seek, options = (["-sseof", "-1"], ["-update", "1"]) if at_end else ([], ["-frames:v", "1"])
    process = await asyncio.create_subprocess_exec(
        imageio_ffmpeg.get_ffmpeg_exe(),
        *("-v", "error", "-y", *seek, "-i", str(video), *options, str(image)),
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return Image.open(BytesIO(image.read_bytes())).convert("RGB")


def is_like(frame: Image.Image, colour: tuple[int, int, int]) -> bool:
    """Whether a place far above the caption has about that colour."""
    pixel = frame.getpixel((frame.width // 2, frame.height // 8))
    assert isinstance(pixel, tuple)
    return all(abs(seen - wanted) < 60 for seen, wanted in zip(pixel, colour, strict=True))


async def test_the_video_begins_with_the_image(client: Client, clock: Clock, tmp_path: Path) -> None:
    video = await download(client, clock, model=ONE, image_url=FIRST)
    assert is_like(await frame_of(video, tmp_path), RED)
    assert not is_like(await frame_of(video, tmp_path, at_end=True), RED), "nothing moves"


async def test_the_video_goes_from_the_first_image_to_the_last(
    client: Client, clock: Clock, tmp_path: Path
) -> None:
    video = await download(client, clock, model=TWO, image_url=FIRST, last_image_url=LAST)
    assert is_like(await frame_of(video, tmp_path), RED)
    assert is_like(await frame_of(video, tmp_path, at_end=True), BLUE)
    text = await probe(video, tmp_path)
    assert "Duration: 00:00:04.0" in text
    assert "Audio: aac" in text


@pytest.mark.parametrize(("size", "expected"), [((180, 320), (720, 1280)), ((320, 180), (1280, 720))])
async def test_without_a_ratio_it_is_the_images(
    client: Client, clock: Clock, tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    upright = data_uri_of(draw(size=size))
    video = await download(client, clock, model=ONE, image_url=upright)
    assert (await frame_of(video, tmp_path)).size == expected


async def test_another_image_makes_another_video(client: Client, clock: Clock) -> None:
    videos = [await download(client, clock, model=ONE, image_url=url) for url in (FIRST, LAST, FIRST)]
    assert videos[0] == videos[2]
    assert videos[0] != videos[1]
