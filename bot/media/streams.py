"""The streams of a video file, as ffmpeg tells programs.

Its report for people repeats what the file says of itself, so nothing is read from that. Its format
`framecrc` has one line for each packet and each fact of a stream, and no text of the file.
"""

import asyncio
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used

from bot.media.downloads import MediaError
from bot.media.ffmpeg import Take, confined, run_ffmpeg, was_stopped
from bot.media.h264 import pictures_of

PROBE_TIMEOUT = 30.0  # seconds
PROBE_MEMORY = 2 * 2**30  # bytes of address space; a quarter of that is used
MATROSKA = b"\x1a\x45\xdf\xa3"  # how WebM and Matroska begin (RFC 8794, 11.2.1)
MP4, WEBM = "mov", "matroska"  # ffmpeg's names
PICTURES = ("-map", "0:V")  # no covers and thumbnails, which are pictures too
HEAD = 64 * 1024  # bytes of a stream in which its description is
NO_TIME = -(2**63)  # a packet's, where the file gives it none
CODING_FACTS = ("codec_id", "extradata", "tb", "dimensions", "sar")
PLAYED_CODEC, PLAYED_SOUND = "h264", "aac"  # what Discord's clients play in an MP4


@dataclass(slots=True)
class _Times:
    """The beginning and end of a stream, in its own unit."""

    begin: int | None = None
    end: int = 0


@dataclass(slots=True)
class Streams:
    """Ffmpeg's account of a file, as far as it came.

    Attributes:
        facts: of each stream, such as `codec_id`, by its number.
    """

    facts: defaultdict[int, dict[str, str]] = field(default_factory=lambda: defaultdict(dict[str, str]))
    _times: defaultdict[int, _Times] = field(default_factory=lambda: defaultdict(_Times))

    @property
    def seconds(self) -> float:
        """Return the time from `begin` to the end of the last stream."""
        ends = (self._times[number].end * self._unit(number) for number in self.facts)
        return max(max(ends, default=0) - self.begin, 0)

    @property
    def begin(self) -> float:
        """Return when the first stream begins, in seconds of the file's own time."""
        filled = (number for number, times in self._times.items() if times.begin is not None)
        return min((self._begin(number) * self._unit(number) for number in filled), default=0)

    @property
    def picture_seconds(self) -> float:
        """Return the time from `begin` to the end of the picture; 0 where there is none."""
        ends = (self._times[number].end * self._unit(number) for number in self._of_kind("video"))
        return max(next(ends, 0) - self.begin, 0)

    @property
    def size(self) -> tuple[int, int]:
        """Return the width and the height of the picture in pixels; zeros where there is none."""
        width, _, height = self._first("video").get("dimensions", "0x0").partition("x")
        return int(width), int(height)

    @property
    def codec(self) -> str:
        """Return ffmpeg's name for the picture's coding, or an empty text."""
        return self._first("video").get("codec_id", "")

    @property
    def coding(self) -> str:
        """Return all that a player is told of the picture before it comes; empty where that is not known.

        Pictures with the same can be played one after the other as one stream.
        """
        facts = self._first("video")
        return " ".join(facts[name] for name in CODING_FACTS) if facts.keys() >= set(CODING_FACTS) else ""

    @property
    def sound(self) -> str:
        """Return ffmpeg's name for the sound's coding, or an empty text where there is no sound."""
        return self._first("audio").get("codec_id", "")

    def take(self, line: str) -> None:
        """Take a line of ffmpeg's: `#codec_id 0: h264`, or `0, dts, pts, duration, size, checksum`."""
        with suppress(ValueError):
            if line.startswith("#"):
                name, number, value = line[1:].split(" ", 2)
                self.facts[int(number.removesuffix(":"))][name] = value
            else:
                number, _, at, duration = (int(part) for part in line.split(",", 4)[:4])
                times = self._times[number]
                if at != NO_TIME:
                    times.begin = at if times.begin is None else min(times.begin, at)
                    times.end = max(times.end, at + max(duration, 0))

    def _begin(self, number: int) -> int:
        # What lies before 0 is not played: it only lets the decoder begin.
        return max(self._times[number].begin or 0, 0)

    def _unit(self, number: int) -> float:
        above, _, below = self.facts[number].get("tb", "0/1").partition("/")
        return int(above) / int(below)

    def _first(self, kind: str) -> dict[str, str]:
        return next((self.facts[number] for number in self._of_kind(kind)), dict[str, str]())

    def _of_kind(self, kind: str) -> list[int]:
        return [number for number, facts in self.facts.items() if facts.get("media_type") == kind]


async def read_streams(path: Path) -> tuple[int, str, Streams]:
    """Let ffmpeg read a file through; return its exit code (negative: killed), last words, and findings.

    Raises:
        OSError, RuntimeError: there is no ffmpeg.
        MediaError: it took too long.
    """
    streams, rest = Streams(), b""

    def take(chunk: bytes) -> None:
        nonlocal rest
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            streams.take(line.decode("ascii", "replace"))

    options = [*PICTURES, "-map", "0:a?", "-c", "copy", "-copyts", "-f", "framecrc"]  # its own times
    code, report = await run_on(path, options, take)
    return code, report, streams


def source_of(path: Path) -> list[str]:
    """Return ffmpeg's arguments for a video to read.

    The container is named, so that no playlist or list of files passes for a video and has others read.

    Raises:
        OSError: the file cannot be read.
    """
    return ["-protocol_whitelist", "file", "-f", _container_of(path), "-i", str(path)]


def _container_of(path: Path) -> str:
    with path.open("rb") as file:
        return WEBM if file.read(len(MATROSKA)) == MATROSKA else MP4


async def unplayable_part(path: Path, streams: Streams) -> str:
    """Return what of a video Discord's clients may not play, such as "hevc", or an empty text."""
    if await asyncio.to_thread(_container_of, path) != MP4:
        return WEBM
    if streams.sound not in {"", PLAYED_SOUND}:
        return streams.sound
    if streams.codec != PLAYED_CODEC:
        return streams.codec
    head = b""

    def take(chunk: bytes) -> None:
        nonlocal head
        head += chunk[: max(HEAD - len(head), 0)]

    # The first packet as a stream of its own, with the description of all pictures in front.
    whole = "h264_mp4toannexb,dump_extra=freq=all"
    options = [*PICTURES, "-c", "copy", "-frames:v", "1", "-bsf:v", whole, "-f", PLAYED_CODEC]
    try:
        code, _ = await run_on(path, options, take)
    except (OSError, RuntimeError, MediaError):
        return ""
    pictures = pictures_of(head)
    if pictures is None:
        return "" if was_stopped(code) else f"{PLAYED_CODEC}?"
    return "" if pictures.is_common else f"{PLAYED_CODEC}, {pictures}"


async def run_on(path: Path, options: list[str], take: Take) -> tuple[int, str]:
    """Run ffmpeg on a file, with what it writes given to `take`; return its exit code and its last words.

    Raises:
        OSError, RuntimeError: there is no ffmpeg.
        MediaError: it took too long.
    """
    command = await asyncio.to_thread(_command, path, options)
    try:
        return await run_ffmpeg(command, timeout=PROBE_TIMEOUT, take=take)
    except TimeoutError as error:
        raise MediaError("The file could not be read in time.") from error


def _command(path: Path, options: list[str]) -> list[str]:
    source = ["-threads", "1", *source_of(path)]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-loglevel", "error", "-xerror"]
    # The clock ends it first; the bound is for one whose bot was killed.
    return confined([*command, *source, *options, "-"], memory=PROBE_MEMORY, seconds=2 * PROBE_TIMEOUT)
