"""Video files: fetched to disk, looked into, thrown away. Never held in memory as a whole."""

import asyncio
import re
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used
import stamina
import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

CHUNK = 256 * 1024  # bytes
MAX_SIZE = 500 * 1024 * 1024  # bytes; a Veo video has a few million
FETCH_TIMEOUT = aiohttp.ClientTimeout(total=300, connect=15, sock_read=30)
FETCH_ATTEMPTS = 5
PROBE_TIMEOUT = 30.0  # seconds
PART_SUFFIX = ".part"

DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d\.\d+)")
PICTURE = re.compile(r"Stream #.*?Video: (\w+).*?, (\d{2,5})x(\d{2,5})")
SOUND = re.compile(r"Stream #.*?Audio: ")


class MediaError(Exception):
    """A file cannot be had or is no video; `str()` says why, for the log and the member."""


class FileGoneError(MediaError):
    """The address does not lead to the file (any more); asking again is of no use."""


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
    """

    path: Path
    size: int
    seconds: float
    width: int
    height: int
    codec: str
    has_sound: bool


class VideoStore:
    """The folder where videos lie between the provider and Discord.

    Args:
        session: shared by the whole program; not closed here.
        folder: made when missing; files carry the generation's id.
    """

    def __init__(self, session: aiohttp.ClientSession, folder: Path) -> None:
        self._session = session
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for leftover in folder.glob(f"*{PART_SUFFIX}"):
            leftover.unlink()

    def path(self, generation_id: str) -> Path:
        """Return where a generation's video lies, or would lie."""
        return self._folder / f"veo-{generation_id}.mp4"

    async def fetch(self, generation_id: str, url: str) -> Clip:
        """Return the generation's video, downloaded from `url` unless it is here already.

        Raises:
            FileGoneError: the address is wrong or has expired.
            MediaError: any other reason, after several tries.
        """
        path = self.path(generation_id)
        if path.exists():
            return await probe(path)
        part = path.with_suffix(PART_SUFFIX)
        try:
            async for attempt in stamina.retry_context(
                on=_is_passing, attempts=FETCH_ATTEMPTS, wait_initial=0.5, wait_max=10, timeout=None
            ):
                with attempt:
                    await self._download(url, part)
            clip = await probe(part)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise MediaError(f"The download failed ({type(error).__name__}).") from error
        else:
            part.rename(path)
            return replace(clip, path=path)
        finally:
            part.unlink(missing_ok=True)

    def discard(self, generation_id: str) -> None:
        """Delete the generation's video, if it is here."""
        self.path(generation_id).unlink(missing_ok=True)

    async def _download(self, url: str, path: Path) -> None:
        async with self._session.get(url, timeout=FETCH_TIMEOUT) as response:
            if response.status in {403, 404, 410}:
                raise FileGoneError(f"The file's address answered {response.status}.")
            response.raise_for_status()
            size = 0
            with path.open("wb") as file:
                async for chunk in response.content.iter_chunked(CHUNK):
                    size += len(chunk)
                    if size > MAX_SIZE:
                        raise MediaError(f"The file is larger than {MAX_SIZE // 2**20} MiB.")
                    await asyncio.to_thread(file.write, chunk)


async def probe(path: Path) -> Clip:
    """Read a whole file as a player would, and return what it holds.

    Raises:
        MediaError: it is not a video, or it is damaged.
    """
    arguments = ["-hide_banner", "-nostdin", "-xerror", "-protocol_whitelist", "file", "-i", str(path)]
    process = await asyncio.create_subprocess_exec(
        imageio_ffmpeg.get_ffmpeg_exe(),
        *arguments,
        *["-map", "0", "-c", "copy", "-f", "null", "-"],
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, stderr = await asyncio.wait_for(process.communicate(), PROBE_TIMEOUT)
    except TimeoutError as error:
        raise MediaError("The file could not be read in time.") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    report = stderr.decode(errors="replace")
    duration, picture = DURATION.search(report), PICTURE.search(report)
    if process.returncode != 0 or duration is None or picture is None:
        log.warning("not a video", path=path.name, report=report[-1000:])
        raise MediaError("The file is no video, or it is damaged.")
    hours, minutes, seconds = duration.groups()
    return Clip(
        path=path,
        size=(await asyncio.to_thread(path.stat)).st_size,
        seconds=int(hours) * 3600 + int(minutes) * 60 + float(seconds),
        width=int(picture[2]),
        height=int(picture[3]),
        codec=picture[1],
        has_sound=SOUND.search(report) is not None,
    )


def _is_passing(error: Exception) -> bool:
    """Whether another try may help: broken connections and server errors, not missing files."""
    match error:
        case aiohttp.ClientResponseError():
            return error.status >= 500 or error.status == 429
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return False
        case _:
            return isinstance(error, (aiohttp.ClientError, TimeoutError))
