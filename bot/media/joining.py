"""Videos joined to one, cut on cut: the real ffmpeg makes them alike, bounded as elsewhere."""

import asyncio
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used
import structlog

from bot.media.downloads import MediaError
from bot.media.encoding import NICENESS, STOPPED
from bot.media.ffmpeg import run_ffmpeg
from bot.media.files import PART_SUFFIX, WRAPPERS_CODES, Clip, probe
from bot.media.streams import source_of
from bot.media.subprocess_limits import confined

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

TIMEOUT = 600.0  # seconds for one film
MEMORY = 4 * 2**30  # bytes of ffmpeg's address space
PRESET, QUALITY = "veryfast", "18"  # of x264; nobody sees what is lost
FRAME_RATE = 24  # per second: Veo's
TOLERANCE = 0.2  # seconds for each shot, whose end falls between two frames
SAMPLE_RATE = 48_000  # of the sound, in Hz
SOUND_RATE = "160k"  # of AAC


class JoiningTimeoutError(MediaError):
    """It took too long; once more is enough to see that it always will."""


@dataclass(frozen=True, slots=True)
class Joiner:
    """Joins videos. `timeout`: seconds for one film."""

    timeout: float = TIMEOUT

    async def join(self, clips: Sequence[Clip], output: Path) -> Clip:
        """Write `clips` one after the other to `output`, in the size of the first one, and return that.

        Others are fitted into that, with black beside them. What has no sound is silent, unless none has any.

        Raises:
            MediaError: it wasn't made, or not from all of them.
            OSError, RuntimeError: there is no ffmpeg.
        """
        if not all(clip.seconds and clip.width and clip.height for clip in clips):
            raise MediaError("ffmpeg could not look into a shot, which would be missing.")
        # A try of its own each: the ffmpeg of a process that was killed may still write.
        part = output.with_name(f"{output.stem}-{secrets.token_hex(4)}{PART_SUFFIX}")
        try:
            await self._run(await asyncio.to_thread(_command, clips, part, self.timeout))
            film = await probe(part)
            _ensure_whole(film, clips)
            await asyncio.to_thread(part.replace, output)
            return replace(film, path=output)
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)

    async def _run(self, command: list[str]) -> None:
        try:
            code, stderr = await run_ffmpeg(command, timeout=self.timeout)
        except TimeoutError as error:
            raise JoiningTimeoutError(f"The shots were not joined after {self.timeout:.0f} s.") from error
        if code:
            log.error("shots were not joined", code=code, stderr=stderr)
            is_killed = code < 0 or code == STOPPED or code in WRAPPERS_CODES
            raise MediaError(f"ffmpeg {'did not come to its end' if is_killed else 'refused'} ({code}).")


def _ensure_whole(film: Clip, clips: Sequence[Clip]) -> None:
    """Raise MediaError unless a film is as long as what it's joined from."""
    wanted = sum(clip.seconds for clip in clips)
    if abs(film.seconds - wanted) > TOLERANCE * len(clips):
        raise MediaError(f"The film has {film.seconds:.1f} s instead of {wanted:.1f} s.")


def _command(clips: Sequence[Clip], output: Path, seconds: float) -> list[str]:
    nice = shutil.which("nice")
    first = [nice, "-n", str(NICENESS)] if nice else []
    general = ["-hide_banner", "-nostdin", "-y", "-loglevel", "error", "-filter_complex_threads", "1"]
    sources = [part for clip in clips for part in ("-threads", "1", *source_of(clip.path))]
    has_sound = any(clip.has_sound for clip in clips)
    sound = ["-map", "[a]", "-c:a", "aac", "-b:a", SOUND_RATE] if has_sound else []
    picture = ["-map", "[v]", "-c:v", "libx264", "-preset", PRESET, "-crf", QUALITY, "-threads", "1"]
    written = ["-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f", "mp4", str(output)]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), *general, *sources]
    command += ["-filter_complex", filter_of(clips, has_sound=has_sound), *picture, *sound, *written]
    # The clock ends it first; the bound is for one whose bot was killed.
    return confined([*first, *command], memory=MEMORY, seconds=2 * seconds)


def filter_of(clips: Sequence[Clip], *, has_sound: bool) -> str:
    """Return ffmpeg's description of how the clips become one; each part is exactly as long as its clip."""
    width, height = (side // 2 * 2 for side in (clips[0].width, clips[0].height))
    steps, joined = list[str](), ""
    for number, clip in enumerate(clips):
        steps.append(
            f"[{number}:V:0]scale={width}:{height}:force_original_aspect_ratio=decrease:flags=bicubic,"
            f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,setsar=1,fps={FRAME_RATE},"
            f"tpad=stop_mode=clone:stop_duration=1,trim=end={clip.seconds:.3f},"
            f"setpts=PTS-STARTPTS[v{number}]"
        )
        joined += f"[v{number}]"
        if has_sound:
            steps.append(f"{_sound_of(number, clip)}[a{number}]")
            joined += f"[a{number}]"
    ends = "[v][a]" if has_sound else "[v]"
    return ";".join([*steps, f"{joined}concat=n={len(clips)}:v=1:a={int(has_sound)}{ends}"])


def _sound_of(number: int, clip: Clip) -> str:
    alike = f"aformat=sample_fmts=fltp:sample_rates={SAMPLE_RATE}:channel_layouts=stereo"
    length = f"atrim=end={clip.seconds:.3f},asetpts=PTS-STARTPTS"
    if clip.has_sound:
        return f"[{number}:a:0]aresample={SAMPLE_RATE},{alike},apad,{length}"
    return f"anullsrc=r={SAMPLE_RATE}:cl=stereo,{alike},{length}"
