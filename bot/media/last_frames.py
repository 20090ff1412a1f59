"""The last frame of a video, wherever the video still is; the real ffmpeg takes it, bounded as elsewhere."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used
import structlog
from PIL import Image, ImageOps

from bot.media.downloads import Downloads, FileGoneError, MediaError
from bot.media.ffmpeg import confined, run_ffmpeg, was_stopped
from bot.media.files import MAX_SIZE, NO_ROOM, WORK_PREFIX
from bot.media.images import CDN_HOSTS
from bot.media.streams import source_of

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

AT_ONCE = 2  # videos of a finder that are looked into at the same time; the others wait in order
TIMEOUT = 120.0  # seconds for one video, wherever it is, with the wait for others
FFMPEG_TIMEOUT = 30.0  # seconds
MEMORY = 2 * 2**30  # bytes of ffmpeg's address space; a quarter of that is used
# Only the end is decoded, if there are pictures in it: sound may be longer.
STARTS = (("-sseof", "-1"), ())
JPEG_QUALITY = "2"  # ffmpeg's best; what is decoded has lost more than this loses
ENLARGED_QUALITY = 95  # Pillow's

FetchVideo = Callable[[Path], Awaitable[Path]]


class NoFrameError(MediaError):
    """The file is there, but its last frame cannot be read."""


class SlowFrameError(MediaError):
    """The file is there, but reading its last frame takes too long; on another day it may not."""


@dataclass(frozen=True, slots=True)
class VideoSources:
    """The sources of a video, in the order in which they are tried; None: not there.

    Attributes:
        attachment: Discord's address of the file in a message.
        kept: the original on this machine.
        address: the provider's.
    """

    attachment: str | None = None
    kept: Path | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture as a JPEG; `side`: pixels of the shorter one."""

    content: bytes
    side: int


class VideoFinder:
    """Base of what looks for a video at all of its sources.

    Args:
        folder: for the work, of which nothing stays.
        from_discord: fetches what was posted.
        from_provider: fetches what the provider made.
    """

    def __init__(self, folder: Path, *, from_discord: Downloads, from_provider: Downloads) -> None:
        self._folder = folder
        self._from_discord = from_discord
        self._from_provider = from_provider
        self._semaphore = asyncio.Semaphore(AT_ONCE)

    def _ways_to(self, sources: VideoSources) -> list[FetchVideo]:
        """Return what fetches a video, source by source; each writes to a path and returns the file's."""

        async def posted(path: Path) -> Path:
            await self._from_discord.fetch(sources.attachment or "", path, MAX_SIZE, CDN_HOSTS)
            return path

        async def kept(_: Path) -> Path:
            return sources.kept or Path()

        async def made(path: Path) -> Path:
            await self._from_provider.fetch(sources.address or "", path, MAX_SIZE)
            return path

        ways = [(sources.attachment, posted), (sources.kept, kept), (sources.address, made)]
        return [way for source, way in ways if source]


class LastFrames(VideoFinder):
    """Takes the last frames of videos."""

    async def find(self, sources: VideoSources, min_side: int = 0) -> bytes:
        """Return the last frame as a JPEG whose shorter side has at least `min_side` pixels.

        What was posted may be smaller than what was made: then it is looked for elsewhere, too, and
        enlarged where nothing larger is left.

        Raises:
            FileGoneError: the video is nowhere any more.
            NoFrameError: it is there, and cannot be read.
            MediaError: it cannot be had now.
        """
        try:
            async with asyncio.timeout(TIMEOUT), self._semaphore:
                frame = await self._find(sources, min_side)
                return await asyncio.to_thread(_enlarged, frame, min_side)
        except TimeoutError as error:
            raise MediaError(f"There was no frame after {TIMEOUT:.0f} s.") from error

    async def _find(self, sources: VideoSources, min_side: int) -> Frame:
        best: Frame | None = None
        worst: MediaError = FileGoneError("The video is nowhere.")
        for fetch in self._ways_to(sources):
            try:
                frame = await self._take(fetch)
            except MediaError as error:
                worst = max(worst, error, key=_weight)
                continue
            if best is None or frame.side > best.side:
                best = frame
            if best.side >= min_side:
                break
        if best is None:
            raise worst
        return best

    async def _take(self, fetch: FetchVideo) -> Frame:
        """Take a video's last frame in a folder that goes in any case."""
        try:
            work = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=WORK_PREFIX, dir=self._folder))
            try:
                return await last_frame(await fetch(work / "video"), work / "frame.jpg")
            finally:
                await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)
        except FileNotFoundError as error:  # the original was deleted a moment ago
            raise FileGoneError(str(error)) from error
        except (OSError, RuntimeError) as error:
            log.error("no frame: could not use ffmpeg or the disk", error=str(error))
            raise MediaError(NO_ROOM) from error


async def last_frame(video: Path, picture: Path) -> Frame:
    """Return a video's last frame; `picture`: where ffmpeg may write it.

    Raises:
        NoFrameError: it cannot be read.
        SlowFrameError: ffmpeg took too long.
        MediaError: ffmpeg was stopped.
        OSError, RuntimeError: there is no ffmpeg.
    """
    for start in STARTS:
        await asyncio.to_thread(picture.unlink, missing_ok=True)
        code, stderr = await _run(video, start, picture)
        if was_stopped(code):
            raise MediaError(f"ffmpeg did not come to its end ({code}).")
        if code == 0 and await asyncio.to_thread(picture.exists):
            return await asyncio.to_thread(_read, picture)
        log.info("no frame", start=start, code=code, stderr=stderr)
    raise NoFrameError("ffmpeg cannot read the last frame.")


async def _run(video: Path, start: tuple[str, ...], picture: Path) -> tuple[int, str]:
    """Let ffmpeg write each frame from `start` on over the one before; return its code and last words."""
    command = await asyncio.to_thread(_command, video, start, picture)
    try:
        return await run_ffmpeg(command, timeout=FFMPEG_TIMEOUT)
    except TimeoutError as error:
        raise SlowFrameError("The file could not be read in time.") from error


def _command(video: Path, start: tuple[str, ...], picture: Path) -> list[str]:
    general = ["-hide_banner", "-nostdin", "-y", "-loglevel", "error", "-xerror", "-filter_threads", "1"]
    source = ["-threads", "1", *start, *source_of(video)]
    output = ["-map", "0:V:0", "-c:v", "mjpeg", "-q:v", JPEG_QUALITY, "-threads", "1", "-update", "1"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), *general, *source, *output, "-f", "image2", str(picture)]
    # The clock ends it first; the bound is for one whose bot was killed.
    return confined(command, memory=MEMORY, seconds=2 * FFMPEG_TIMEOUT)


def _read(picture: Path) -> Frame:
    content = picture.read_bytes()
    try:
        with Image.open(BytesIO(content), formats=["JPEG"]) as image:
            return Frame(content, min(image.size))
    except Exception as error:  # decoders raise whatever they like
        raise NoFrameError(f"{type(error).__name__}: {error}") from error


def _enlarged(frame: Frame, min_side: int) -> bytes:
    if frame.side >= min_side:
        return frame.content
    with Image.open(BytesIO(frame.content), formats=["JPEG"]) as image:
        file = BytesIO()
        larger = ImageOps.scale(image, min_side / frame.side, Image.Resampling.LANCZOS)
        larger.save(file, "JPEG", quality=ENLARGED_QUALITY)
        return file.getvalue()


def _weight(error: MediaError) -> int:
    """Return how much an error says about a video that was looked for at several sources."""
    match error:
        case FileGoneError():
            return 0
        case NoFrameError():
            return 1
        case SlowFrameError():
            return 2
        case _:
            return 3  # it may be had later
