"""How a video is to be made small enough: the rules alone."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.media.files import Clip
from bot.media.fit_plan import LINES, POOREST, SOUND_RATES, CannotFitError, Plan, plan_of
from bot.media.upload_sizes import MIB

clips = st.builds(
    Clip,
    path=st.just(Path("video.mp4")),
    size=st.just(500 * MIB),
    seconds=st.floats(0.05, 600),
    width=st.integers(2, 4096),
    height=st.integers(2, 4096),
    codec=st.just("h264"),
    has_sound=st.booleans(),
)
rates = st.floats(20_000, 50_000_000)  # bit/s, of picture and sound together


def veo_clip(width: int = 1920, height: int = 1080) -> Clip:
    return Clip(Path("video.mp4"), 90 * MIB, 8.0, width, height, "h264", has_sound=True)


def plan_or_none(clip: Clip, target_size: int, share: float = 1.0) -> Plan | None:
    try:
        return plan_of(clip, target_size, share)
    except CannotFitError:
        return None


def size_at(rate: float, clip: Clip) -> int:
    return int(rate / 8 * clip.seconds)


@given(clips, rates)
def test_a_plan_stays_inside_the_target(clip: Clip, rate: float) -> None:
    plan = plan_or_none(clip, size_at(rate, clip))
    if plan is None:
        return
    assert plan.video > 0
    assert plan.video + plan.audio < rate
    assert plan.audio in ({rate for _, rate in SOUND_RATES} if clip.has_sound else {0}), "sound is kept"
    lines = min(clip.width, clip.height)
    assert plan.lines == lines or (plan.lines in LINES and plan.lines < lines), "it is never enlarged"


@given(clips, rates, rates)
def test_more_room_never_makes_it_worse(clip: Clip, one: float, other: float) -> None:
    small, large = (plan_or_none(clip, size_at(rate, clip)) for rate in sorted((one, other)))
    if small is None:
        return
    assert large is not None, "what fits in less fits in more"
    assert large.lines >= small.lines
    assert large.audio >= small.audio
    assert large.video + large.audio >= small.video + small.audio


@pytest.mark.parametrize(
    ("target_size", "lines", "audio"),
    [
        (20 * MIB, 1080, 128_000),
        (8 * MIB, 1080, 128_000),
        (2 * MIB, 720, 128_000),
        (MIB, 480, 96_000),
        (MIB // 2, 480, 64_000),
    ],
)
def test_a_video_of_veos_in_what_servers_take(target_size: int, lines: int, audio: int) -> None:
    for clip in (veo_clip(), veo_clip(1080, 1920)):
        plan = plan_of(clip, target_size)
        assert (plan.lines, plan.audio) == (lines, audio)


def test_what_nobody_could_recognise_is_not_made() -> None:
    least = (POOREST * 480 * 854 * 24 + 64_000) * 8 / 8  # bytes for 8 seconds, without the file's own lists
    assert plan_of(veo_clip(), int(least * 1.2)).lines == 480
    with pytest.raises(CannotFitError, match="8 s of video cannot be made as small as"):
        plan_of(veo_clip(), int(least * 0.9))


@given(clips, rates, st.floats(0.1, 1.0))
def test_a_share_of_the_target_is_a_smaller_target(clip: Clip, rate: float, share: float) -> None:
    whole = plan_or_none(clip, size_at(rate, clip))
    part = plan_or_none(clip, size_at(rate, clip), share)
    if part is None:
        return
    assert whole is not None
    assert part.video + part.audio <= whole.video + whole.audio
