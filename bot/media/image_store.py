"""The images that videos are made from, on disk between Discord and the provider.

Discord's links die after a day, and a request may wait longer than that, so each file is fetched as soon as
its request is accepted (`bot.jobs.steps.preparation`) and deleted when the request is over. What is kept is
what will be sent: upright, and without metadata (`bot.media.image_cleaning`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NoReturn

import structlog

from bot.failures import FailureKind
from bot.media.downloads import Downloads, DownloadTooLargeError, FileGoneError, MediaError
from bot.media.file_age import discard_each, discard_old, later_if_not_now, old_ones
from bot.media.files import NO_ROOM, PART_SUFFIX, part_of
from bot.media.image_cleaning import clean_image, is_clean
from bot.media.image_links import framed_video, whole_video
from bot.media.images import CDN_HOSTS, MAX_SIZE, ImageError, data_uri_of, video_uri_of
from bot.media.last_frames import NoFrameError

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class FrameMissingError(MediaError):
    """The last frame of a video can't be had, however often it's asked for."""


# Returns a video's last frame, by the video's ID and the pixels that are needed; raises MediaError.
FindFrame = Callable[[str, int], Awaitable[bytes]]


# Writes a whole video, by its ID; without a path, only says whether it wasn't taken down; raises MediaError.
FindVideo = Callable[[str, Path | None], Awaitable[None]]


async def find_none(_: str, __: object) -> NoReturn:
    """Find no video, and no last frame of one."""
    raise FileGoneError("There are no videos.")


class ImageStore:
    """The folder of images; only this user of the machine can read it.

    Args:
        downloads: who fetches them.
        folder: made when missing; files carry the generation's id.
        find_frame: takes the last frames of videos.
        find_video: fetches whole ones, which lie here as images do.
    """

    def __init__(
        self,
        downloads: Downloads,
        folder: Path,
        find_frame: FindFrame = find_none,
        find_video: FindVideo = find_none,
    ) -> None:
        self._downloads = downloads
        self._find_frame = find_frame
        self._find_video = find_video
        self._folder = folder
        self._lock = asyncio.Lock()  # one image is decoded at a time, since that takes memory
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.discard_half_done()

    async def ensure(self, generation_id: str, urls: Sequence[str], sides: Sequence[int] = ()) -> None:
        """Fetch the images that are not here yet.

        Args:
            generation_id: whose they are.
            urls: their links.
            sides: pixels that each needs on its shorter side; empty: any.

        Raises:
            ImageError: one cannot be used, or its link leads nowhere.
            FrameMissingError: it's a frame, and will never be there.
            MediaError: one cannot be fetched now.
        """
        needed = sides or [0] * len(urls)
        for number, (url, side) in enumerate(zip(urls, needed, strict=True)):
            path = self._path(generation_id, number, url)
            if not await asyncio.to_thread(path.exists):
                await self._fetch(url, path, side)

    async def load(
        self,
        generation_id: str,
        urls: Sequence[str],
        sides: Sequence[int] = (),
        *,
        goes_on_from: str | None = None,
    ) -> tuple[str, ...]:
        """Return the images as data URIs, in the order of their links; what is missing is fetched.

        `goes_on_from`: the ID of the video that they are from. Where it was taken down since they were
        fetched, neither it nor its last frame is returned or kept.

        Raises:
            ImageError, FrameMissingError, MediaError: as for `ensure`.
        """
        await self.ensure(generation_id, urls, sides)
        if goes_on_from is not None:
            await self._ensure_there(generation_id, urls, goes_on_from)
        paths = [self._path(generation_id, number, url) for number, url in enumerate(urls)]
        try:
            return tuple([await asyncio.to_thread(_read, path) for path in paths])
        except (ImageError, FileNotFoundError):
            self._discard_damaged(generation_id)
            await self.ensure(generation_id, urls, sides)
        return tuple([await asyncio.to_thread(_read, path) for path in paths])

    def _discard_damaged(self, generation_id: str) -> None:
        """Delete images that were damaged since they were checked, as by a power failure.

        Raises:
            MediaError: they can't be deleted now, and so can't be fetched again.
        """
        try:
            self.discard(generation_id)
        except OSError as error:
            log.error("could not delete damaged images", generation=generation_id, error=str(error))
            raise MediaError(NO_ROOM) from error

    async def _ensure_there(self, generation_id: str, urls: Sequence[str], video: str) -> None:
        try:
            await self._find_video(video, None)
        except FileGoneError as error:
            with later_if_not_now():
                self.discard(generation_id)
            if any(framed_video(url) == video for url in urls):
                raise FrameMissingError(str(error)) from error
            raise ImageError(FailureKind.VIDEO_GONE, str(error)) from error

    def discard(self, generation_id: str) -> None:
        """Delete the generation's images, if any are here."""
        discard_each(self._folder.glob(f"{generation_id}-*"))

    def discard_half_done(self) -> int:
        """Delete downloads that ended half-way more than an hour ago; return how many."""
        return discard_old(self._folder.glob(f"*{PART_SUFFIX}"))

    def list_old(self) -> set[str]:
        """Return the ids of the generations whose images have lain here for an hour."""
        images = (path for path in self._folder.glob("*-*") if path.suffix != PART_SUFFIX)
        return {path.name.partition("-")[0] for path in old_ones(images)}

    def _path(self, generation_id: str, number: int, url: str) -> Path:
        """Return where an image lies; a frame's name says whose it is, since a shot may get another one.

        It may get that on another machine, which doesn't know what lies here.
        """
        name, video = f"{generation_id}-{number}", framed_video(url)
        return self._folder / (name if video is None else f"{name}-{video}")

    async def _fetch(self, url: str, path: Path, side: int) -> None:
        part = part_of(path)
        try:
            await asyncio.to_thread(part.touch, 0o600)
            await self._write(url, part, side)
            if whole_video(url) is None:
                async with self._lock:
                    await asyncio.to_thread(_clean, part, side)
            await asyncio.to_thread(part.replace, path)
        except FileGoneError as error:
            kind = FailureKind.VIDEO_GONE if whole_video(url) else FailureKind.IMAGE_GONE
            raise ImageError(kind, str(error)) from error
        except DownloadTooLargeError as error:
            raise ImageError(FailureKind.IMAGE_SIZE, str(error)) from error
        except OSError as error:
            log.error("could not write an image to disk", error=str(error))
            raise MediaError(NO_ROOM) from error
        finally:
            with later_if_not_now():
                part.unlink(missing_ok=True)

    async def _write(self, url: str, part: Path, side: int) -> None:
        video, whole = framed_video(url), whole_video(url)
        if whole is not None:
            await self._find_video(whole, part)
        elif video is None:
            await self._downloads.fetch(url, part, MAX_SIZE, CDN_HOSTS)
        else:
            await asyncio.to_thread(part.write_bytes, await self._take_frame(video, side))

    async def _take_frame(self, video: str, side: int) -> bytes:
        try:
            return await self._find_frame(video, side)
        except (FileGoneError, NoFrameError) as error:
            raise FrameMissingError(str(error)) from error


def _clean(path: Path, side: int) -> None:
    content = path.read_bytes()
    cleaned = clean_image(content, side)
    if cleaned != content:
        path.write_bytes(cleaned)


def _read(path: Path) -> str:
    content = path.read_bytes()
    if content[4:8] == b"ftyp":
        return video_uri_of(content)
    # Metadata is left where an earlier version kept the file.
    return data_uri_of(content if is_clean(content) else clean_image(content))
