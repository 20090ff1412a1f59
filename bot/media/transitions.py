"""Transitions between the shots of a film: their length, and ffmpeg's words for them. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from bot.db.film_models import Transition
from bot.media.files import Clip

CROSSFADE = 0.5  # seconds
NEAR = 0.01  # of a frame: so much a length that is whole frames may be off


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


def joined_seconds(clips: Sequence[Clip], fade: float) -> float:
    """Return how long clips are once they're joined."""
    return sum(clip.seconds for clip in clips) - fade * max(len(clips) - 1, 0)


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
