"""Links to last frames: what a shot begins with is named by the video that it's taken from. Pure.

Such a link stands where Discord's links to images stand, and never dies: the frame is taken again where it is
missing, on any machine.
"""

SCHEME = "last-frame:"


def frame_link(generation_id: str) -> str:
    """Return the link to a video's last frame."""
    return f"{SCHEME}{generation_id}"


def framed_video(link: str) -> str | None:
    """Return the ID of the video whose last frame a link means; None: it's another link."""
    return link.removeprefix(SCHEME) if link.startswith(SCHEME) else None
