"""Links to last frames and whole videos: what a video begins with is named by the one before. Pure.

Such a link stands where Discord's links to images stand, and never dies: the frame or the video is fetched
again where it is missing, on any machine.
"""

SCHEME = "last-frame:"
VIDEO_SCHEME = "whole-video:"


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
