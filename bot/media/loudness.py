"""Even loudness of what is joined: how loud each sound is, and what it's made louder or quieter by.

Each gets one gain for all of its length, so a whisper within it stays one. ffmpeg's `loudnorm` would make
that a shout.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import structlog

from bot.media.downloads import MediaError
from bot.media.files import Clip
from bot.media.streams import run_on

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

MAX_GAIN = 6.0  # dB by which a sound is changed, either way
SILENCE = -50.0  # LUFS; what is quieter is meant to be
CEILING = -1.0  # dBFS, over which nothing is raised
SAMPLE_RATE = 48_000  # of all sound that is joined, in Hz
ALIKE = f"aformat=sample_fmts=fltp:sample_rates={SAMPLE_RATE}:channel_layouts=stereo"
# As it's joined; what was found so far stands behind each tenth of a second.
_METER = f"{ALIKE},ebur128=metadata=1:peak=true,ametadata=mode=print:file=-"
_INTEGRATED, _PEAK = b"lavfi.r128.I", b"lavfi.r128.true_peak"


@dataclass(frozen=True, slots=True)
class Loudness:
    """The loudness of a sound: all of it in LUFS (EBU R 128), and its loudest moment in dBFS."""

    integrated: float
    peak: float


def even_gains(sounds: Sequence[Loudness | None]) -> list[float]:
    """Return by how many dB each sound is changed; None: one wasn't measured. Pure.

    They go toward their median, not all the way where that is far.
    """
    heard = [sound.integrated for sound in sounds if sound is not None and _is_heard(sound)]
    return [
        _gain(sound, median(heard)) if sound is not None and _is_heard(sound) else 0.0 for sound in sounds
    ]


def _is_heard(sound: Loudness) -> bool:
    return math.isfinite(sound.integrated) and sound.integrated >= SILENCE


def _gain(sound: Loudness, goal: float) -> float:
    room = max(CEILING - sound.peak, 0.0) if math.isfinite(sound.peak) else 0.0
    return max(min(goal - sound.integrated, room, MAX_GAIN), -MAX_GAIN)


async def evened(clips: Sequence[Clip]) -> list[Clip]:
    """Return clips with the gains that bring them together; what can't be measured stays as it is."""
    if sum(clip.has_sound for clip in clips) < 2:
        return [*clips]
    gains = even_gains([await _measured(clip) for clip in clips])
    return [replace(clip, gain=gain) for clip, gain in zip(clips, gains, strict=True)]


async def _measured(clip: Clip) -> Loudness | None:
    if not clip.has_sound:
        return None
    found, rest = dict[bytes, bytes](), b""

    def take(chunk: bytes) -> None:
        nonlocal rest
        *lines, rest = (rest + chunk).split(b"\n")
        found.update((name, value) for name, _, value in (line.partition(b"=") for line in lines))

    try:
        code, report = await run_on(clip.path, ["-map", "0:a:0", "-af", _METER, "-f", "null"], take)
        if code == 0:
            return _understood(found)
    except (MediaError, OSError, RuntimeError, ValueError, KeyError) as error:
        report = str(error)
    log.warning(
        "could not measure a shot's loudness, so leaving it unchanged", path=clip.path.name, report=report
    )
    return None


def _understood(found: dict[bytes, bytes]) -> Loudness:
    """Return what the last figures say.

    Raises:
        KeyError, ValueError: there are none.
    """
    peak = float(found[_PEAK])
    return Loudness(float(found[_INTEGRATED]), 20 * math.log10(peak) if peak > 0 else -math.inf)
