"""Whole videos, wherever they still are, for models that go on from one."""

import asyncio
import shutil
import tempfile
from pathlib import Path

import structlog

from bot.media.downloads import FileGoneError, MediaError
from bot.media.files import NO_ROOM, WORK_PREFIX, Clip, probe
from bot.media.last_frames import TIMEOUT, VideoFinder, VideoSources

MAX_SIZE = 20 * 2**20  # bytes; the provider names no limit, and Base64 adds a third
LARGE_ENOUGH = 720  # pixels of the shorter side: what is made from it has no more

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class VideoTooLargeError(MediaError):
    """The video is there, but nowhere small enough to be sent."""


class WholeVideos(VideoFinder):
    """Fetches videos."""

    async def fetch(self, sources: VideoSources, target: Path | None = None) -> None:
        """Write a video to `target`: the first copy that is large enough, else the largest one.

        `target`: None: it's only looked for.

        Raises:
            FileGoneError: it is nowhere any more.
            VideoTooLargeError: it has more than `MAX_SIZE` bytes wherever it is.
            MediaError: it cannot be had now.
        """
        try:
            async with asyncio.timeout(TIMEOUT), self._semaphore:
                await self._fetch(sources, target)
        except TimeoutError as error:
            raise MediaError(f"There was no video after {TIMEOUT:.0f} s.") from error
        except (OSError, RuntimeError) as error:
            log.error("no video: could not use the disk", error=str(error))
            raise MediaError(NO_ROOM) from error

    async def _fetch(self, sources: VideoSources, target: Path | None) -> None:
        work = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=WORK_PREFIX, dir=self._folder))
        try:
            clip = await self._find(sources, work)
            if target is not None:
                await asyncio.to_thread(shutil.copyfile, clip.path, target)
        finally:
            await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)

    async def _find(self, sources: VideoSources, work: Path) -> Clip:
        found: list[Clip] = []
        troubles: list[MediaError] = []
        for number, fetch in enumerate(self._ways_to(sources)):
            try:
                found.append(_ensure_size(await probe(await fetch(work / f"{number}.mp4"))))
            except FileNotFoundError as error:  # the original was deleted a moment ago
                troubles.append(FileGoneError(str(error)))
            except MediaError as error:
                troubles.append(error)
            if found and _side(found[-1]) >= LARGE_ENOUGH:
                break
        if found:
            return max(found, key=_side)
        passing = (error for error in troubles if not isinstance(error, FileGoneError))
        raise next(passing, FileGoneError("The video is nowhere."))


def _ensure_size(clip: Clip) -> Clip:
    if clip.size > MAX_SIZE:
        raise VideoTooLargeError(f"{clip.size} bytes")
    return clip


def _side(clip: Clip) -> int:
    return min(clip.width, clip.height)
