"""ffmpeg without a program: files that hold words are looked into and joined, by the bot's own commands.

It stands where `bot.media.ffmpeg.run_ffmpeg` does. A file is the provider's signature and its prompt; a film
is the words of its shots, one after the other, with another mark between them where they fade into each
other. It is killed, hangs, refuses, cannot be started, or leaves the end out.
"""

import asyncio
import random
import zlib
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum, auto
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, cast
from unittest.mock import patch

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used
from PIL import Image

import bot.media.joining
import bot.media.last_frames
import bot.media.streams
from bot.media.ffmpeg import Take
from tests.simulation.loop import OWNER
from tests.simulation.provider import SIGNATURE

if TYPE_CHECKING:
    from tests.simulation.process import Process

CUT, FADE = b" / ", b" ~ "  # between the shots of a film
SECONDS = 8  # of one shot
FADES = 2  # in a second
SIZE = (1280, 720)
FRAMELESS = 12  # of so many videos, one has an end that cannot be read
KILLED = (-9, "")


class Way(StrEnum):
    """How a call goes wrong."""

    KILLED = auto()
    MISSING = auto()  # it cannot be started now
    HANGS = auto()
    REFUSES = auto()
    SHORT = auto()  # it ends well, and the end of the film is missing


READING = (Way.KILLED, Way.MISSING, Way.HANGS)  # what may go wrong where nothing is written


class SimulatedFfmpeg:
    """What looks into files, and joins them.

    Attributes:
        share: of all calls that go wrong.
        joining: seconds that a film takes, the median; some take many times as long.
        faults: how many did.
        hung: the parts of films that were not joined in time, by their names.
    """

    def __init__(self, chance: random.Random, share: float, joining: float) -> None:
        self._chance = chance
        self.share = share
        self.joining = joining
        self.faults = 0
        self.hung: list[str] = []

    @contextmanager
    def in_place(self) -> Generator[None]:
        """Let the program use it."""
        with ExitStack() as stack:
            for place in (bot.media.joining, bot.media.last_frames, bot.media.streams):
                stack.enter_context(patch.object(place, "run_ffmpeg", self.run))
            stack.enter_context(patch.object(imageio_ffmpeg, "get_ffmpeg_exe", lambda: "ffmpeg"))
            yield

    async def run(
        self,
        command: Sequence[str],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 the interface names it
        take: Take | None = None,
        stderr_bytes: int = 0,  # noqa: ARG002 the same
    ) -> tuple[int, str]:
        """Do what a command asks for, by what only it has among its words."""
        sources = [Path(command[place + 1]) for place, word in enumerate(command) if word == "-i"]
        if "framecrc" in command:
            return await self._go(timeout, READING, lambda _: _look(sources[0], take))
        if "image2" in command:
            return await self._go(timeout, READING, lambda _: _take_frame(sources[0], Path(command[-1])))
        if "-filter_complex" in command:
            graph = command[command.index("-filter_complex") + 1]
            between = FADE if "xfade" in graph else CUT
            return await self._join(timeout, sources, between, Path(command[-1]))
        return KILLED  # how the pictures are coded, which does not matter here

    async def _join(
        self,
        timeout: float | None,  # noqa: ASYNC109 the same
        sources: Sequence[Path],
        between: bytes,
        output: Path,
    ) -> tuple[int, str]:
        seconds = self.joining * self._chance.lognormvariate(0, 1)
        await asyncio.to_thread(output.write_bytes, SIGNATURE)  # which is left where somebody is killed now
        try:
            async with asyncio.timeout(timeout):
                await asyncio.sleep(seconds)
                return await self._go(timeout, tuple(Way), lambda way: _write(sources, between, output, way))
        except TimeoutError:
            self.hung.append(output.name)
            raise

    async def _go(
        self,
        timeout: float | None,  # noqa: ASYNC109 the same
        ways: Sequence[Way],
        work: Callable[[Way | None], tuple[int, str]],
    ) -> tuple[int, str]:
        """Do the work after a moment, or let it go wrong."""
        process, way = cast("Process", OWNER.get()), None
        if self.share and self._chance.random() < self.share:
            way = self._chance.choice(ways)
            self.faults += 1
        await process.go("ffmpeg")
        match way:
            case Way.MISSING:
                raise OSError("Cannot allocate memory")
            case Way.HANGS:
                await asyncio.sleep(timeout or 0)
                raise TimeoutError
            case Way.KILLED:
                ended = KILLED
            case Way.REFUSES:
                ended = (1, "No space left on device")
            case _:
                ended = work(way)
        await process.come_back("ffmpeg")
        return ended


def _look(path: Path, take: Take | None) -> tuple[int, str]:
    """Tell what is in a file, as `bot.media.streams` reads it."""
    content = path.read_bytes()
    if not content.startswith(SIGNATURE):
        return 1, "Invalid data found when processing input"
    words = content.removeprefix(SIGNATURE)
    parts = words.replace(FADE, CUT).split(CUT)
    length = SECONDS * len([part for part in parts if part]) * FADES - words.count(FADE)
    width, height = SIZE
    facts = (
        f"#tb 0: 1/{FADES}",
        "#media_type 0: video",
        "#codec_id 0: h264",
        f"#dimensions 0: {width}x{height}",
    )
    if take is not None:
        take("\n".join([*facts, f"0, 0, 0, {length}, 9, 0x0", ""]).encode())
    return 0, ""


def _take_frame(path: Path, picture: Path) -> tuple[int, str]:
    if zlib.crc32(path.read_bytes()) % FRAMELESS == 0:
        return 1, "Invalid data found when processing input"
    picture.write_bytes(_picture())
    return 0, ""


def _write(sources: Sequence[Path], between: bytes, output: Path, way: Way | None) -> tuple[int, str]:
    parts = [source.read_bytes().removeprefix(SIGNATURE) for source in sources]
    output.write_bytes(SIGNATURE + between.join(parts[:-1] if way is Way.SHORT else parts))
    return 0, ""


@cache
def _picture() -> bytes:
    file = BytesIO()
    Image.new("RGB", SIZE, "orange").save(file, "JPEG")
    return file.getvalue()
