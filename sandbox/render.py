"""Makes the real MP4 files that the fake provider delivers."""

import asyncio
import hashlib
import json
import math
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used

from sandbox.picture import Scene, draw_foreground, draw_picture, draw_sun
from sandbox.schema import Order

RENDERS_AT_ONCE = 2
FADES = ("out", "in")  # how the first image and the last one move
FADE = 1.0  # seconds that a given image takes to go or to come
VERSION = 2  # part of every cached file's name; raise it when the image changes


@dataclass(frozen=True, slots=True)
class Quality:
    """The work that goes into a file; size, length and sound are always right.

    Attributes:
        frames_per_second: of the video.
        crf: x264's quality, 0 (best) to 51.
        sample_rate: of the sound, in Hz; its samples cost more than the images of a small video.
        is_plain: whether the prompt, the model and the seed don't show, so that one file serves many orders.
    """

    frames_per_second: int
    crf: int
    sample_rate: int
    is_plain: bool = False


FULL = Quality(frames_per_second=20, crf=21, sample_rate=48_000)
QUICK = Quality(frames_per_second=2, crf=35, sample_rate=8_000)  # for tests
PLAIN = replace(QUICK, is_plain=True)  # for tests that look at no video closely


def scene_of(order: Order) -> Scene:
    """Return the video that `order` asks for."""
    shorter = int(order.resolution.rstrip("pP"))
    longer = shorter * 16 // 9
    is_wide = order.aspect_ratio == "16:9"
    return Scene(
        prompt=order.prompt,
        label=order.model.label,
        width=longer if is_wide else shorter,
        height=shorter if is_wide else longer,
        duration=order.duration,
        has_audio=order.generate_audio,
        seed=order.seed,
        images=order.images,
        video=order.video or b"",
    )


class Renderer:
    """Renders scenes into `directory`; a scene that is already there is not rendered again."""

    def __init__(self, directory: Path, quality: Quality) -> None:
        self._directory = directory
        self._quality = quality
        self._slots = asyncio.Semaphore(RENDERS_AT_ONCE)
        self._found = frozenset(directory.glob("*.mp4"))
        self._tasks: dict[Path, asyncio.Task[Path]] = {}

    def start(self, scene: Scene) -> asyncio.Task[Path]:
        """Begin rendering `scene`; the task's result is the finished file."""
        if self._quality.is_plain:
            scene = replace(scene, prompt="", label="", seed=None)
        path = self._directory / f"{self._key(scene)}.mp4"
        if path not in self._tasks:
            self._tasks[path] = asyncio.create_task(self._render(scene, path), name=f"render {path.name}")
        return self._tasks[path]

    async def wait(self) -> None:
        """Return when everything that was started is finished."""
        await asyncio.gather(*self._tasks.values())

    async def stop(self) -> None:
        """Stop all renders and end their processes."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _key(self, scene: Scene) -> str:
        images = [hashlib.sha256(image).hexdigest() for image in scene.images]
        drawn = {**asdict(scene), "images": images, "video": hashlib.sha256(scene.video).hexdigest()}
        content = json.dumps([VERSION, drawn, asdict(self._quality)])
        return hashlib.sha256(content.encode()).hexdigest()[:32]

    async def _render(self, scene: Scene, path: Path) -> Path:
        if path in self._found:
            return path
        async with self._slots:
            with tempfile.TemporaryDirectory(dir=self._directory) as name:
                folder = Path(name)
                await asyncio.to_thread(_draw, scene, folder)
                await _run(_command(scene, self._quality, folder))
                # Renaming is atomic: other processes may share the directory.
                (folder / "video.mp4").replace(path)
        return path


def _draw(scene: Scene, folder: Path) -> None:
    draw_sun(scene).save(folder / "sun.png", compress_level=1)
    draw_foreground(scene).save(folder / "foreground.png", compress_level=1)
    images = [_last_frame(scene.video, folder)] if scene.video else scene.images
    for number, image in enumerate(images):
        draw_picture(scene, image).save(folder / f"{number}.png", compress_level=1)


def _last_frame(video: bytes, folder: Path) -> bytes:
    """Return the last frame of the video that the scene goes on from."""
    before, picture = folder / "before.mp4", folder / "before.png"
    before.write_bytes(video)
    program = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y"]
    command = [*program, "-sseof", "-1", "-i", str(before), "-update", "1", str(picture)]
    subprocess.run(command, check=True)  # noqa: S603 our own program
    return picture.read_bytes()


def _command(scene: Scene, quality: Quality, folder: Path) -> list[str]:
    """Return ffmpeg's arguments: a slow gradient, the sun rising over it, hills and caption in front.

    A given image is what one sees at the beginning, a second one at the end.
    """
    rate, length = quality.frames_per_second, scene.duration
    colours = ":".join(f"c{i}=0x{r:02x}{g:02x}{b:02x}" for i, (r, g, b) in enumerate(scene.palette[:3]))
    # The gradient is made small and enlarged, which is much cheaper and looks the same.
    sky = f"gradients=s=320x180:r={rate}:d={length}:n=3:{colours}:speed=0.012:seed=7:x0=0:y0=0:x1=319:y1=179"
    way = f"t/{length}"
    graph = (
        f"[0:v]scale={scene.width}:{scene.height}:flags=bilinear,setsar=1,format=yuv420p[sky];"
        f"[sky][1:v]overlay=x='(W-w)*(0.15+0.7*{way})':y='H*0.42-h/2-H*0.2*sin(PI*{way})'[day];"
        f"[day][2:v]overlay[scene];{_fades(scene)}format=yuv420p[video]"
    )
    inputs = ["-f", "lavfi", "-i", sky, "-i", str(folder / "sun.png"), "-i", str(folder / "foreground.png")]
    for number in range(scene.pictures):
        inputs += ["-loop", "1", "-r", str(rate), "-t", str(FADE), "-i", str(folder / f"{number}.png")]
    video = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", str(quality.crf), "-map", "[video]"]
    audio_input, audio_output = _audio(scene, quality.sample_rate)
    output = ["-t", str(length), "-movflags", "+faststart", str(folder / "video.mp4")]
    program = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin"]
    return [*program, *inputs, *audio_input, "-filter_complex", graph, *video, *audio_output, *output]


def _fades(scene: Scene) -> str:
    """Return the part of the graph that lays the images over `[scene]`; another filter can follow it."""
    graph, below = "", "scene"
    for number, fade in zip(range(scene.pictures), FADES, strict=False):
        start = 0 if fade == "out" else scene.duration - FADE
        graph += (
            f"[{3 + number}:v]format=rgba,fade=t={fade}:d={FADE}:alpha=1,"
            f"setpts=PTS+{start}/TB[image{number}];"
            f"[{below}][image{number}]overlay=eof_action=pass[over{number}];"
        )
        below = f"over{number}"
    return f"{graph}[{below}]"


def _audio(scene: Scene, sample_rate: int) -> tuple[list[str], list[str]]:
    """Return ffmpeg's input and output arguments for a soft, swelling chord; none for a silent scene."""
    if not scene.has_audio:
        return [], []
    root = scene.chance.choice((196.0, 220.0, 246.9))  # Hz
    notes = "+".join(f"sin({math.tau * root * part:.3f}*t)" for part in (1, 1.25, 1.5))
    tone = f"aevalsrc='0.06*({notes})*(0.6+0.4*sin(1.6*t))':s={sample_rate}:d={scene.duration}"
    track = f"{3 + scene.pictures}:a"
    return ["-f", "lavfi", "-i", tone], ["-map", track, "-c:a", "aac", "-b:a", "96k"]


async def _run(command: Sequence[str]) -> None:
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    try:
        _, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"ffmpeg failed: {errors.decode(errors='replace')}")
