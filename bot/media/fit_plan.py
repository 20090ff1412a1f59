"""The plan for making a video small enough: the rates and the picture's size. Pure: no I/O."""

from dataclasses import dataclass

from bot.media.files import Clip

LINES = (1080, 720, 480)  # of the pictures that a larger one is scaled down to
FRAME_RATE = 24  # per second: Veo's; other videos come out a little better or worse
GOOD = 0.06  # bits per pixel and frame; below, a smaller picture looks better than a blocky one
AMPLE = 0.2  # the same; above, nobody sees a difference
POOREST = 0.01  # the same; below, nothing can be recognised in the smallest picture
SOUND_RATES = ((1_500_000, 128_000), (600_000, 96_000), (0, 64_000))  # from this total on, the sound's; bit/s
FRAME_SIZE = 16  # bytes that an MP4 takes to list a frame of picture or sound
FRAMES = 75  # per second, of picture and sound together
FIXED_SIZE = 4096  # bytes of an MP4 that holds nothing


class FittingError(Exception):
    """There is no smaller file; `str()` says why, for the log."""


class NoRoomError(FittingError):
    """The disk takes nothing now; that may pass."""


class CannotFitError(FittingError):
    """The video cannot be made small enough; trying again is of no use."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The parameters of an encoding.

    Attributes:
        video, audio: bit/s; no audio is 0.
        lines: the picture's shorter side in pixels, as in "1080p".
    """

    video: int
    audio: int
    lines: int


def lines_of(clip: Clip) -> int:
    """Return a picture's shorter side in pixels, as in "1080p"."""
    return min(clip.width, clip.height)


def plan_of(clip: Clip, target_size: int, share: float = 1.0) -> Plan:
    """Return how to encode `clip` so that it comes near `share` of `target_size` bytes.

    Raises:
        CannotFitError: it would have to be so small that nothing could be recognised.
    """
    total = (target_size * share - _listing(clip)) * 8 / clip.seconds
    audio = next((rate for start, rate in SOUND_RATES if total >= start), 0) if clip.has_sound else 0
    video = int(total) - audio
    lines = lines_of(clip)
    choices = [lines, *(smaller for smaller in LINES if smaller < lines)]
    if video < POOREST * _pixel_rate(clip, choices[-1]):
        raise CannotFitError(f"{clip.seconds:.0f} s of video cannot be made as small as {target_size} bytes.")
    good = (choice for choice in choices if video >= GOOD * _pixel_rate(clip, choice))
    return Plan(video, audio, next(good, choices[-1]))


def ample_size(clip: Clip) -> int:
    """Return how many bytes hold `clip` in another coding, with nothing lost that anybody sees."""
    rate = AMPLE * _pixel_rate(clip, lines_of(clip)) + SOUND_RATES[0][1]
    return max(clip.size, round(_listing(clip) + clip.seconds * rate / 8))


def _listing(clip: Clip) -> float:
    """Return the bytes of an MP4 that hold neither picture nor sound."""
    return FIXED_SIZE + clip.seconds * FRAMES * FRAME_SIZE


def _pixel_rate(clip: Clip, lines: int) -> float:
    """Return the pixels per second of `clip` when its shorter side has `lines` of them."""
    return clip.width * clip.height * (lines / lines_of(clip)) ** 2 * FRAME_RATE
