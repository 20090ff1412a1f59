"""ffmpeg as an encoder: two passes in a process that gives way to all others and dies with its caller."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used
import structlog

from bot.media.ffmpeg import confined, run_ffmpeg, was_stopped
from bot.media.files import Clip
from bot.media.fit_plan import FittingError, Plan, lines_of
from bot.media.streams import source_of

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

NICENESS = 10  # answers to members come first
ENCODER_MEMORY_BYTES = 4 * 2**30  # of address space; 4K takes less than half of that
THREADS = "1"  # of each process, for each of its parts


class EncoderCrashedError(FittingError):
    """ffmpeg did not run, or was killed or stopped; another try may succeed."""


class EncoderRefusedError(FittingError):
    """ffmpeg refused the file, or had no room for its notes."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """The encoder, and how it is run.

    Attributes:
        preset: of x264; the faster, the worse it looks at the same size.
        seconds: of processor time for one pass. It ends an ffmpeg whose bot was killed.
    """

    preset: str
    seconds: float

    async def encode(self, clip: Clip, plan: Plan, folder: Path) -> Path:
        """Encode `clip` and return the new file in `folder`, which is private to this call.

        Raises:
            EncoderCrashedError: ffmpeg did not come to its end.
            EncoderRefusedError: ffmpeg refused.
            OSError, RuntimeError: there is no ffmpeg.
        """
        output = folder / "video.mp4"
        sound = ["-map", "0:a:0", "-c:a", "aac", "-b:a", str(plan.audio)] if plan.audio else []
        await self._run([*self._video(clip, plan, folder), "-pass", "1", "-f", "null", "-"])
        await self._run(
            [*self._video(clip, plan, folder), "-pass", "2", *sound, "-movflags", "+faststart", str(output)]
        )
        return output

    def _video(self, clip: Clip, plan: Plan, folder: Path) -> list[str]:
        """Return the arguments that both passes share: x264 reads its own notes only if nothing differs."""
        general = ["-hide_banner", "-nostdin", "-y", "-loglevel", "error", "-filter_threads", THREADS]
        bound = ["-timelimit", str(round(self.seconds) + 1)]
        source = ["-threads", THREADS, *source_of(clip.path)]
        picture = ["-map", "0:V:0", "-vf", _scale(clip, plan), "-pix_fmt", "yuv420p", "-fps_mode", "vfr"]
        codec = ["-c:v", "libx264", "-preset", self.preset, "-b:v", str(plan.video), "-threads", THREADS]
        return [*general, *bound, *source, *picture, *codec, "-passlogfile", str(folder / "pass")]

    def _command(self, arguments: list[str]) -> list[str]:
        nice = shutil.which("nice")
        first = [nice, "-n", str(NICENESS)] if nice else []
        command = [*first, imageio_ffmpeg.get_ffmpeg_exe(), *arguments]
        return confined(command, memory=ENCODER_MEMORY_BYTES, seconds=self.seconds)

    async def _run(self, arguments: list[str]) -> None:
        code, stderr = await run_ffmpeg(await asyncio.to_thread(self._command, arguments))
        if code:
            log.error("the encoder failed", code=code, stderr=stderr)
        if was_stopped(code):
            raise EncoderCrashedError(f"The encoder did not come to its end ({code}).")
        if code:
            raise EncoderRefusedError(f"The encoder refused the file ({code}).")


def _scale(clip: Clip, plan: Plan) -> str:
    """Return the filter for the planned size; yuv420p needs even sides."""
    factor = f"{plan.lines}/{lines_of(clip)}"
    return f"scale=w=2*round(iw*{factor}/2):h=2*round(ih*{factor}/2):flags=bicubic"
