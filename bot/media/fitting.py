"""Videos made small enough for a server, or playable: encoded again by ffmpeg processes, a few at a time.

Nothing of a video passes through this process's memory, and its event loop only waits.
"""

import asyncio
import shutil
import tempfile
from dataclasses import asdict, dataclass, replace
from errno import EDQUOT, EFBIG, ENOSPC, EROFS
from pathlib import Path

import structlog

from bot.media.encoding import Encoder, EncoderCrashedError, EncoderRefusedError
from bot.media.file_age import discard_old
from bot.media.files import WORK_PREFIX, Clip, MediaError, probe
from bot.media.fit_plan import CannotFitError, FittingError, NoRoomError, lines_of, plan_of

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

AT_ONCE = 2  # encoders; each uses one processor
PRESET = "veryfast"  # two slower passes would take minutes on a small machine
TIMEOUT = 600.0  # seconds for one video, all attempts together
ATTEMPTS = 3
FIRST_SHARE = 0.97  # of the target, since x264 meets a rate only nearly
NEXT_SHARE = 0.96  # of what the last attempt calls for
LENGTH_TOLERANCE = 0.2  # seconds
DISK_ERRORS = frozenset({ENOSPC, EDQUOT, EFBIG, EROFS})  # what a disk says that takes nothing


@dataclass(frozen=True, slots=True)
class Loss:
    """The loss of a new coding.

    Attributes:
        from_size, to_size: bytes.
        from_height, to_height: the picture's shorter side, as in "1080p".
        unplayable: what of the original Discord's clients may not play, or an empty text.
    """

    from_size: int
    to_size: int
    from_height: int
    to_height: int
    unplayable: str = ""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Another file that holds the same video."""

    clip: Clip
    loss: Loss


class Fitter:
    """Makes files smaller, `at_once` at the same time; the others wait in order.

    Args:
        folder: for the results, which the caller deletes. Half-done work of a process that was killed is
            cleaned up here.
        preset: of x264.
        timeout: seconds for one video, not counting the wait for others.
    """

    def __init__(
        self, folder: Path, *, at_once: int = AT_ONCE, preset: str = PRESET, timeout: float = TIMEOUT
    ) -> None:
        self._folder = folder
        self._encoder = Encoder(preset, timeout)
        self._timeout = timeout
        self._semaphore = asyncio.Semaphore(at_once)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        discard_old(folder.glob(f"{WORK_PREFIX}*"))

    def path(self, clip: Clip, target_size: int) -> Path:
        """Return where the smaller file lies, or would lie."""
        return self._folder / f"{clip.path.stem}.fit-{target_size}.mp4"

    async def fit(self, clip: Clip, target_size: int, *, aim: int | None = None) -> Fitted:
        """Return `clip` as H.264 and AAC in an MP4 of at most `target_size` bytes and of the same length.

        `aim`: bytes that are enough, where that is less; they are met only nearly.

        A file that was made before is taken again. Cancelling kills the encoder and leaves nothing.

        Raises:
            CannotFitError: it cannot be made so small.
            NoRoomError: the disk takes nothing now.
            FittingError: there is no smaller file for any other reason.
        """
        try:
            async with self._semaphore, asyncio.timeout(self._timeout):
                clip = await _looked_into(clip)
                made = await self._made_before(clip, target_size) or await self._make(
                    clip, target_size, aim or target_size
                )
        except TimeoutError as error:
            raise FittingError(f"It was not done after {self._timeout:.0f} s.") from error
        except MediaError as error:
            raise FittingError(str(error)) from error
        except EncoderRefusedError as error:
            if await asyncio.to_thread(_has_room, self._folder, target_size):
                raise
            raise NoRoomError(str(error)) from error
        except (OSError, RuntimeError) as error:
            if isinstance(error, OSError) and error.errno in DISK_ERRORS:
                raise NoRoomError(str(error)) from error
            raise FittingError(f"The encoder or the disk cannot be used: {error}") from error
        loss = Loss(clip.size, made.size, lines_of(clip), lines_of(made), clip.unplayable)
        log.info("converted" if clip.unplayable else "made smaller", file=made.path.name, **asdict(loss))
        return Fitted(made, loss)

    async def _made_before(self, clip: Clip, target_size: int) -> Clip | None:
        path = self.path(clip, target_size)
        if not path.exists():
            return None
        try:
            made = await probe(path)
        except MediaError:
            return None  # damaged since, as by a power failure
        return made if made.size <= target_size and _is_same_video(clip, made) else None

    async def _make(self, clip: Clip, target_size: int, aim: int) -> Clip:
        """Encode in a folder that goes in any case; a file leaves it only whole and checked."""
        path = self.path(clip, target_size)
        # Making and deleting files may wait for a busy disk, which the event loop must not.
        work = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=WORK_PREFIX, dir=self._folder))
        try:
            made = await self._encode(clip, target_size, aim, work)
            await asyncio.to_thread(made.path.replace, path)
        finally:
            await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)
        return replace(made, path=path)

    async def _encode(self, clip: Clip, target_size: int, aim: int, work: Path) -> Clip:
        share, crash = min(FIRST_SHARE, aim / target_size), None
        for _ in range(ATTEMPTS):
            plan = plan_of(clip, target_size, share)
            try:
                made = await _checked(clip, await self._encoder.encode(clip, plan, work))
            except EncoderCrashedError as error:
                crash = error
                continue
            if made.size <= target_size:
                return made
            log.info("still too large", size=made.size, target=target_size, plan=plan)
            share *= NEXT_SHARE * target_size / made.size
        raise crash or CannotFitError(f"It was larger than {target_size} bytes {ATTEMPTS} times.")


def _has_room(folder: Path, size: int) -> bool:
    """Whether so many bytes are free: without any, the encoder doesn't say what it lacks."""
    try:
        return shutil.disk_usage(folder).free >= size
    except OSError:
        return True


async def _looked_into(clip: Clip) -> Clip:
    """Return `clip` with all it holds, which is unknown where ffmpeg failed once already."""
    if clip.seconds and clip.width:
        return clip
    clip = await probe(clip.path)
    if not clip.seconds or not clip.width:
        raise FittingError("The length of the video is not known.")
    return clip


async def _checked(clip: Clip, path: Path) -> Clip:
    """Return what was made of `clip`.

    Raises:
        EncoderCrashedError: it could not be read.
        FittingError: it is not the same video.
        MediaError: it is damaged.
    """
    made = await probe(path)
    if not made.seconds:
        raise EncoderCrashedError("The new file could not be read.")
    if not _is_same_video(clip, made):
        raise FittingError(f"The new file holds another video than the original ({made}).")
    return made


def _is_same_video(clip: Clip, made: Clip) -> bool:
    is_as_long = abs(made.seconds - clip.seconds) <= LENGTH_TOLERANCE
    return is_as_long and made.has_sound is clip.has_sound and bool(made.codec) and not made.unplayable
