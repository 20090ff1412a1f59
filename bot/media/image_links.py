"""Links to what a video begins with: to images on Discord, to last frames, and to whole videos. Pure.

A signed link of Discord's says in its parameter `ex` when it dies, as hexadecimal Unix seconds (its
reference, "Signed Attachment CDN URLs"): about a day after it was handed out. That is a claim like every part
of a link. A link to a frame or a video names the one before and never dies: it's fetched again where it is
missing, on any machine.
"""

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

SCHEME = "last-frame:"
VIDEO_SCHEME = "whole-video:"
LIFE = timedelta(days=1)  # of a link that does not say
BELIEVED = timedelta(days=2)  # an end that is farther from the request is none of Discord's
NEVER = datetime.max.replace(tzinfo=UTC)
MARGIN = timedelta(minutes=1)  # what was accepted is fetched at once, or a moment later

_END = re.compile(r"[?&]ex=([0-9a-fA-F]{8})(?:[&#]|$)")  # eight digits: from 2004 to 2106


def frame_link(generation_id: str) -> str:
    """Return the link to a video's last frame."""
    return f"{SCHEME}{generation_id}"


def framed_video(link: str) -> str | None:
    """Return the ID of the video whose last frame a link means; None: it's another link."""
    return link.removeprefix(SCHEME) if link.startswith(SCHEME) else None


def video_link(generation_id: str) -> str:
    """Return the link to a whole video, which another one goes on from."""
    return f"{VIDEO_SCHEME}{generation_id}"


def whole_video(link: str) -> str | None:
    """Return the ID of the video that a link means as a whole; None: it's another link."""
    return link.removeprefix(VIDEO_SCHEME) if link.startswith(VIDEO_SCHEME) else None


def fetchable_until(links: Collection[str], asked_at: datetime) -> datetime:
    """Return until when all of the links of a request can be fetched; `asked_at`: when it was accepted.

    A video that is meant as a whole is looked for wherever it is, however old the link.
    """
    ends = [_end_of(link, asked_at) for link in links if whole_video(link) is None]
    return min(ends, default=NEVER if links else asked_at + LIFE) - MARGIN


def _end_of(link: str, asked_at: datetime) -> datetime:
    said = _END.search(link)
    if said is not None:
        end = datetime.fromtimestamp(int(said[1], 16), UTC)
        if abs(end - asked_at) <= BELIEVED:
            return end
    return asked_at + LIFE
