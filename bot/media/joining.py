"""Videos joined to one: the real ffmpeg copies them or makes them alike, bounded as elsewhere."""

import asyncio
import base64
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used
import structlog

from bot.db.film_models import Transition
from bot.media.downloads import MediaError
from bot.media.encoding import NICENESS
from bot.media.ffmpeg import confined, run_ffmpeg, was_stopped
from bot.media.file_age import later_if_not_now
from bot.media.files import Clip, NoVideoError, part_of, probe
from bot.media.loudness import ALIKE, SAMPLE_RATE, evened
from bot.media.streams import MP4, source_of

CROSSFADE = 0.5  # seconds
NEAR = 0.01  # of a frame: so much a length that is whole frames may be off

TIMEOUT = 600.0  # seconds for one film
MEMORY = 4 * 2**30  # bytes of ffmpeg's address space
PRESET, QUALITY = "veryfast", "18"  # of x264; nobody sees what is lost
FRAME_RATE = 24  # per second: Veo's
ENCODING_THREADS = "2"  # one of x264's is slower than all of the filters before it, which then wait
PROCESSORS = 4  # more than ffmpeg keeps busy, whose every other part has one thread
TOLERANCE = 0.2  # seconds for each shot, whose end falls between two frames
SOUND_RATE = "160k"  # of AAC

Arguments = Callable[[Sequence[Clip]], list[str]]  # what ffmpeg reads, and what becomes of the pictures

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def in_frames(clips: Sequence[Clip], rate: int) -> list[Clip]:
    """Return clips as long as the whole frames in them, so that picture and sound fade at the same moment."""
    return [replace(clip, seconds=int(clip.seconds * rate + NEAR) / rate) for clip in clips]


def fade_of(transition: Transition, clips: Sequence[Clip], rate: int) -> float:
    """Return how many seconds a shot takes to fade into the next one: whole frames; 0: it's a cut.

    No shot is within two fades at the same time.
    """
    if transition is Transition.CUT or len(clips) < 2:
        return 0.0
    shortest = min(int(clip.seconds * rate + NEAR) for clip in clips)
    return min(round(CROSSFADE * rate), shortest // 2) / rate


def cuts(count: int, *, has_sound: bool) -> list[str]:
    """Return the filter that puts [v0][a0][v1][a1]… one after the other, into [v][a]."""
    pads = "".join(f"[v{number}][a{number}]" if has_sound else f"[v{number}]" for number in range(count))
    ends = "[v][a]" if has_sound else "[v]"
    return [f"{pads}concat=n={count}:v=1:a={int(has_sound)}{ends}"]


def crossfades(clips: Sequence[Clip], fade: float, *, has_sound: bool) -> list[str]:
    """Return the filters that let [v0][a0][v1][a1]… fade into each other, into [v][a]."""
    steps, end = list[str](), 0.0
    for before, after in pairwise(range(len(clips))):
        end += clips[before].seconds - fade
        shown, heard = (f"{kind}{before}" if before == 0 else f"{kind}to{before}" for kind in "va")
        into = f"to{after}" if after < len(clips) - 1 else ""
        steps.append(f"[{shown}][v{after}]xfade=duration={fade:.6f}:offset={end:.6f}[v{into}]")
        if has_sound:
            steps.append(f"[{heard}][a{after}]acrossfade=duration={fade:.6f}[a{into}]")
    return steps


class JoiningRefusedError(MediaError):
    """ffmpeg refused, or what it made isn't the film; that would be so again."""


class JoiningTimeoutError(MediaError):
    """It took too long; once more is enough to see that it always will."""


class JoiningStoppedError(MediaError):
    """ffmpeg was stopped, as by a system without memory; nobody knows whether it would be so again."""


@dataclass(frozen=True, slots=True)
class Joiner:
    """Joins videos. `timeout`: seconds for one film."""

    timeout: float = TIMEOUT

    async def join(
        self, clips: Sequence[Clip], output: Path, transition: Transition = Transition.CUT
    ) -> Clip:
        """Write `clips` one after the other to `output`, in the size of the first one, and return that.

        Others are fitted into that, with black beside them. Their sounds are nearly equally loud. What has no
        sound is silent, unless none has any. Each crossfade makes the film shorter by its length.

        Raises:
            MediaError: it wasn't made, or not from all of them.
            OSError, RuntimeError: there is no ffmpeg, or no room for the film.
        """
        if not all(clip.seconds and clip.width and clip.height for clip in clips):
            raise MediaError("ffmpeg could not look into a shot, which would be missing.")
        clips = await evened(clips)
        if fade := fade_of(transition, clips, FRAME_RATE):
            clips = in_frames(clips, FRAME_RATE)
            return await self._write(clips, output, partial(_encoded, fade=fade), fade)
        if _are_alike(clips):  # nearly always, and then it takes seconds instead of minutes
            try:
                return await self._write(clips, output, _copied)
            except JoiningRefusedError as error:
                log.warning(
                    "could not join matching shots without re-encoding, so encoding them", reason=str(error)
                )
        return await self._write(clips, output, _encoded)

    async def _write(
        self, clips: Sequence[Clip], output: Path, arguments: Arguments, fade: float = 0
    ) -> Clip:
        # A try of its own each: the ffmpeg of a process that was killed may still write.
        part = part_of(output)
        try:
            await self._run(await asyncio.to_thread(_command, arguments, clips, part, self.timeout))
            film = await _look_into(part)
            _ensure_whole(film, clips, fade, are_copied=arguments is _copied)
            await asyncio.to_thread(part.replace, output)
            return replace(film, path=output)
        finally:
            with later_if_not_now():
                await asyncio.to_thread(part.unlink, missing_ok=True)

    async def _run(self, command: list[str]) -> None:
        try:
            code, stderr = await run_ffmpeg(command, timeout=self.timeout)
        except TimeoutError as error:
            raise JoiningTimeoutError(f"The shots were not joined after {self.timeout:.0f} s.") from error
        if code:
            log.error("ffmpeg could not join shots", code=code, stderr=stderr)
            if was_stopped(code):
                raise JoiningStoppedError(f"ffmpeg did not come to its end ({code}).")
            raise JoiningRefusedError(f"ffmpeg refused ({code}).")


async def _look_into(file: Path) -> Clip:
    """Return a film that ffmpeg has written.

    Raises:
        JoiningRefusedError: it is none.
        MediaError: nobody could look into it.
    """
    try:
        film = await probe(file)
    except NoVideoError as error:
        raise JoiningRefusedError("What ffmpeg has written is no film.") from error
    if not film.seconds:
        raise MediaError("ffmpeg could not look into the film.")
    return film


def _ensure_whole(film: Clip, clips: Sequence[Clip], fade: float, *, are_copied: bool) -> None:
    """Raise JoiningRefusedError unless a film is as long as its shots, with sound where they have some."""
    wanted = sum(clip.seconds for clip in clips) - fade * (len(clips) - 1)
    # Pictures that are copied end where the last shot's do; else the last one stays while the sound goes on.
    shown = wanted - (clips[-1].seconds - clips[-1].picture_seconds if are_copied else 0)
    for what, length, right in (("film", film.seconds, wanted), ("picture", film.picture_seconds, shown)):
        if abs(length - right) > TOLERANCE * len(clips):
            raise JoiningRefusedError(f"The {what} has {length:.1f} s instead of {right:.1f} s.")
    if film.has_sound != _have_sound(clips):
        raise JoiningRefusedError("The film's sound is missing.")


def _are_alike(clips: Sequence[Clip]) -> bool:
    """Whether players can go from one picture to the next without being told that anything changes."""
    codings = {clip.coding for clip in clips}
    return len(codings) == 1 and "" not in codings and not any(clip.unplayable for clip in clips)


def _command(arguments: Arguments, clips: Sequence[Clip], output: Path, seconds: float) -> list[str]:
    nice = shutil.which("nice")
    first = [nice, "-n", str(NICENESS)] if nice else []
    general = ["-hide_banner", "-nostdin", "-y", "-loglevel", "error", "-filter_complex_threads", "1"]
    sound = ["-map", "[a]", "-c:a", "aac", "-b:a", SOUND_RATE] if _have_sound(clips) else []
    command = [imageio_ffmpeg.get_ffmpeg_exe(), *general, *arguments(clips), *sound]
    command += ["-movflags", "+faststart", "-f", "mp4", str(output)]
    # The clock ends it first; the bound is for one whose bot was killed. No exit code tells of it.
    return confined([*first, *command], memory=MEMORY, seconds=PROCESSORS * seconds)


def _copied(clips: Sequence[Clip]) -> list[str]:
    """Return the arguments that take the pictures as they are, and encode the sound.

    Sound that is copied has a click at each cut: a coder needs some samples to begin.
    """
    # With the files' own times: else the pictures begin later, by what the first one's sound has before 0.
    source, picture = ["-copyts", *_list_of(clips)], ["-map", "0:V:0", "-c:v", "copy"]
    if not _have_sound(clips):
        return [*source, *picture]
    steps = [f"{_sound_of(clip, number + 1)}[a{number}]" for number, clip in enumerate(clips)]
    pads = "".join(f"[a{number}]" for number in range(len(clips)))
    graph = ";".join([*steps, f"{pads}concat=n={len(clips)}:v=0:a=1[a]"])
    sounds = [part for clip in clips for part in ("-itsoffset", f"{-clip.begin:.6f}", *_source(clip))]
    return [*source, *sounds, "-filter_complex", graph, *picture]


def _list_of(clips: Sequence[Clip]) -> list[str]:
    """Return ffmpeg's arguments for files to read one after the other; each takes its clip's time."""
    lines = [b"ffconcat version 1.0"]
    for clip in clips:
        path = os.fsencode(clip.path.resolve()).replace(b"'", rb"'\''")  # names of files need not be UTF-8
        lines += [b"file 'file:%s'" % path, b"duration %.6f" % clip.seconds]
    text = base64.b64encode(b"\n".join(lines)).decode()
    # As for a single file: no playlist or list of files passes for a video.
    bounds = ["-protocol_whitelist", "file,data", "-format_whitelist", f"concat,{MP4}", "-safe", "0"]
    return [*bounds, "-auto_convert", "0", "-f", "concat", "-i", f"data:text/plain;base64,{text}"]


def _encoded(clips: Sequence[Clip], fade: float = 0) -> list[str]:
    """Return the arguments that fit all pictures into the size of the first one, and encode them."""
    has_sound = _have_sound(clips)
    encoder = ["-c:v", "libx264", "-preset", PRESET, "-crf", QUALITY, "-threads", ENCODING_THREADS]
    graph = filter_of(clips, fade, has_sound=has_sound)
    # Sound that fades is read for itself: it's wanted earlier, and the pictures beside it would heap up.
    sources = [part for clip in (*clips, *(clips if fade and has_sound else ())) for part in _source(clip)]
    return [*sources, "-filter_complex", graph, "-map", "[v]", *encoder, "-pix_fmt", "yuv420p"]


def _have_sound(clips: Sequence[Clip]) -> bool:
    return any(clip.has_sound for clip in clips)


def _source(clip: Clip) -> list[str]:
    return ["-threads", "1", *source_of(clip.path)]


def filter_of(clips: Sequence[Clip], fade: float, *, has_sound: bool) -> str:
    """Return ffmpeg's description of how the clips become one; each part is exactly as long as its clip."""
    width, height = (side // 2 * 2 for side in (clips[0].width, clips[0].height))
    steps, first_sound = list[str](), len(clips) if fade else 0
    for number, clip in enumerate(clips):
        steps.append(
            f"[{number}:V:0]scale={width}:{height}:force_original_aspect_ratio=decrease:flags=bicubic,"
            f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,setsar=1,"
            f"fps={FRAME_RATE}:start_time=0,"
            f"tpad=stop_mode=clone:stop_duration={_rest(clip):.6f},trim=end={clip.seconds:.6f},"
            # Of all versions of ffmpeg, some forget the rate at `setpts`, without which nothing fades.
            f"setpts=PTS-STARTPTS,fps={FRAME_RATE}[v{number}]"
        )
        if has_sound:
            steps.append(f"{_sound_of(clip, first_sound + number)}[a{number}]")
    joined = crossfades(clips, fade, has_sound=has_sound) if fade else cuts(len(clips), has_sound=has_sound)
    return ";".join([*steps, *joined])


def _rest(clip: Clip) -> float:
    """Return for how long a clip's last picture may stay: as its sound goes on, and some frames more.

    Not for ever: a file that has lost its end since it was looked into would pass for whole.
    """
    return max(clip.seconds - clip.picture_seconds, 0) + 1


def _sound_of(clip: Clip, source: int) -> str:
    length = f"atrim=end={clip.seconds:.6f},asetpts=PTS-STARTPTS"
    volume = f",volume={clip.gain:.2f}dB" if clip.gain else ""
    if clip.has_sound:
        # Where it begins late or has holes, there is silence: else what follows would come too early.
        return f"[{source}:a:0]aresample={SAMPLE_RATE}:async=1:first_pts=0,{ALIKE}{volume},apad,{length}"
    return f"anullsrc=r={SAMPLE_RATE}:cl=stereo,{ALIKE},{length}"
