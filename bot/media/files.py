"""Video files: fetched to disk, looked into, thrown away. Never held in memory as a whole."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from bot.media.downloads import Downloads, MediaError
from bot.media.ffmpeg import STOPPED, WRAPPERS_CODES
from bot.media.file_age import discard_each, discard_old, later_if_not_now, old_ones
from bot.media.h264 import is_upright
from bot.media.images import CDN_HOSTS
from bot.media.streams import Streams, read_streams, unplayable_part

MAX_SIZE = 500 * 1024 * 1024  # bytes; a Veo video has a few million
PART_SUFFIX = ".part"
WORK_PREFIX = "fitting-"  # of folders in which `bot.media.fitting.Fitter` works
NO_VIDEO = "The file is no video, or it is damaged."
NO_ROOM = "There is no room for the file on our side."

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Clip:
    """A video on disk.

    Attributes:
        path: the file.
        size: bytes.
        seconds: length.
        width, height: pixels.
        codec: of the picture, as ffmpeg calls it, such as "h264".
        has_sound: there is an audio stream.
        unplayable: what of it Discord's clients may not play, such as "hevc".
        coding: what must be the same in clips whose pictures are joined as they are; empty: unknown, or
            players turn them.
        begin: when it begins, in seconds of the file's own time; nearly always 0.
        picture_seconds: from there to the end of the picture; sound may be longer.
        gain: decibels by which its sound is changed where it's joined with others.

    All but the first two are zero or empty when ffmpeg could not be run.
    """

    path: Path
    size: int
    seconds: float = 0
    width: int = 0
    height: int = 0
    codec: str = ""
    has_sound: bool = False
    unplayable: str = ""
    coding: str = ""
    begin: float = 0
    picture_seconds: float = 0
    gain: float = 0


def part_of(path: Path) -> Path:
    """Return where to write what will lie at `path`; a name of its own, since other processes write, too."""
    return path.with_name(f"{path.stem}-{secrets.token_hex(4)}{PART_SUFFIX}")


class NoVideoError(MediaError):
    """A file is there, and is no video."""

    def __init__(self) -> None:
        super().__init__(NO_VIDEO)


class VideoStore:
    """The folder where videos lie between the provider and Discord.

    Args:
        downloads: who fetches them.
        folder: made when missing; files carry the generation's id.
    """

    def __init__(self, downloads: Downloads, folder: Path) -> None:
        self._downloads = downloads
        self._folder = folder
        self._originals = folder / "originals"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.discard_half_done()

    def path(self, generation_id: str) -> Path:
        """Return where a generation's video lies, or would lie."""
        return self._folder / f"veo-{generation_id}.mp4"

    async def fetch(self, generation_id: str, url: str) -> Clip:
        """Return the generation's video, downloaded from `url` unless it is here already.

        Raises:
            FileGoneError: the address is wrong or has expired.
            NoVideoError: it is none.
            MediaError: any other reason, after several tries.
        """
        path = self.path(generation_id)
        if path.exists():
            try:
                return await probe(path)
            except FileNotFoundError:  # another process has just deleted it
                pass
            except NoVideoError:  # damaged since, as by a power failure
                with later_if_not_now():
                    path.unlink(missing_ok=True)
        part = part_of(path)
        try:
            await self._downloads.fetch(url, part, MAX_SIZE)
            clip = await probe(part)
            part.replace(path)
        except OSError as error:
            log.error("could not write a video to disk", error=str(error))
            raise MediaError(NO_ROOM) from error
        else:
            return replace(clip, path=path)
        finally:
            with later_if_not_now():
                part.unlink(missing_ok=True)

    def close(self, generation_id: str) -> None:
        """Tidy up after a delivery: an original that was posted in a smaller form only is kept, no other."""
        if any(self._smaller(generation_id)):
            self._originals.mkdir(mode=0o700, exist_ok=True)
            with suppress(FileNotFoundError):  # a process that was killed here has moved it
                self.path(generation_id).replace(self._kept(generation_id))
        self.discard(generation_id)

    def find_original(self, generation_id: str) -> Path | None:
        """Return the original that was kept after its delivery, or None."""
        path = self._kept(generation_id)
        return path if path.is_file() else None

    def list_originals(self) -> set[str]:
        """Return the ids of the generations whose originals are kept after their delivery."""
        return {_id_of(path) for path in self._originals.glob("veo-*.mp4")}

    def discard_original(self, generation_id: str) -> None:
        """Delete the original that was kept, if there is one."""
        self._kept(generation_id).unlink(missing_ok=True)

    def discard(self, generation_id: str) -> None:
        """Delete the generation's video and its smaller forms, as far as they are here."""
        discard_each([self.path(generation_id), *self._smaller(generation_id)])

    def discard_half_done(self) -> int:
        """Delete downloads and encoders' work that ended half-way more than an hour ago; return how many."""
        return discard_old([*self._folder.glob(f"*{PART_SUFFIX}"), *self._folder.glob(f"{WORK_PREFIX}*")])

    def list_old(self) -> set[str]:
        """Return the ids of the generations whose files have lain here for an hour; no originals."""
        return {_id_of(path) for path in old_ones(self._folder.glob("veo-*.mp4"))}

    def _smaller(self, generation_id: str) -> Iterator[Path]:
        """Yield the forms that `bot.media.fitting.Fitter` made."""
        return self._folder.glob(f"veo-{generation_id}.fit-*.mp4")

    def _kept(self, generation_id: str) -> Path:
        return self._originals / f"veo-{generation_id}.mp4"


def _id_of(path: Path) -> str:
    """Return the generation's id from the name of a file: `veo-ID.mp4`, `veo-ID.fit-SIZE.mp4`."""
    return path.name.removeprefix("veo-").partition(".")[0]


async def probe(path: Path) -> Clip:
    """Read a whole file as a player would, and return what it holds.

    Where ffmpeg cannot be run, the file's signature must do: a video that is paid for is not withheld
    for a fault of ours.

    Raises:
        NoVideoError: it is not a video, or it is damaged.
        MediaError: it could not be read in time, or ffmpeg was stopped.
    """
    size = (await asyncio.to_thread(path.stat)).st_size
    try:
        code, report, streams = await read_streams(path)
    except (OSError, RuntimeError) as error:
        code, report, streams = -1, str(error), Streams()
    if code == STOPPED:
        raise MediaError(f"ffmpeg did not come to its end ({code}).")
    if code < 0 or (code in WRAPPERS_CODES and not streams.facts):
        log.error("could not run ffmpeg, so a video stays unchecked", report=report)
        await asyncio.to_thread(_ensure_signature, path)
        return Clip(path, size)
    width, height = streams.size
    is_plain = await asyncio.to_thread(is_upright, path)
    if code != 0 or not streams.seconds or not width or not height:
        log.warning("not a video", path=path.name, report=report)
        raise NoVideoError
    return Clip(
        path=path,
        size=size,
        seconds=streams.seconds,
        width=width,
        height=height,
        codec=streams.codec,
        has_sound=bool(streams.sound),
        unplayable=await unplayable_part(path, streams),
        coding=streams.coding if is_plain else "",
        begin=streams.begin,
        picture_seconds=streams.picture_seconds,
    )


def _ensure_signature(path: Path) -> None:
    """Raise NoVideoError unless the file begins as an MP4 does (ISO 14496-12, 4.3: the box `ftyp`)."""
    with path.open("rb") as file:
        if file.read(8)[4:] != b"ftyp":
            raise NoVideoError


class SmallFiles:
    """Reads files from Discord.

    Args:
        downloads: who fetches them.
        folder: where they lie for a moment; it's there, and what is half done there is deleted later.
    """

    def __init__(self, downloads: Downloads, folder: Path) -> None:
        self._downloads = downloads
        self._folder = folder

    async def read(self, url: str, max_size: int) -> bytes:
        """Return what is at one of Discord's addresses, at most so many bytes.

        Raises:
            MediaError: it can't be had.
        """
        part = self._folder / f"upload-{secrets.token_hex(8)}{PART_SUFFIX}"
        try:
            await asyncio.to_thread(part.touch, 0o600)
            await self._downloads.fetch(url, part, max_size, CDN_HOSTS)
            return await asyncio.to_thread(part.read_bytes)
        except OSError as error:
            log.error("could not write an upload to disk", error=str(error))
            raise MediaError(NO_ROOM) from error
        finally:
            with later_if_not_now():
                part.unlink(missing_ok=True)
