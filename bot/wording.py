"""Words about limits and money that several texts share, so that a thing is called the same everywhere."""

from bot.admission.policy import LimitKind, Period
from bot.escape import plain

REASON_LENGTH = 300  # characters of a moderator's reason

WINDOW_NAMES = {LimitKind.DAY: "24 hours", LimitKind.WEEK: "7 days", LimitKind.MONTH: "30 days"}
PERIOD_NAMES = {Period.DAY: "today", Period.MONTH: "this month"}


def count_videos(number: int | None) -> str:
    """Return a number of videos in words; None: unlimited."""
    if number is None:
        return "any number of videos"
    return "1 video" if number == 1 else f"{number:,} videos"


def describe_limit(kind: LimitKind, most: int | None) -> str:
    """Return a limit in words, such as "5 videos in 24 hours"; None: unlimited."""
    window = WINDOW_NAMES.get(kind)
    return f"{count_videos(most)} {f'in {window}' if window else 'at the same time'}"


def because(reason: str | None) -> str:
    """Return a sentence with a moderator's reason, after a blank; empty where none was given."""
    return f" They say: “{plain(reason, REASON_LENGTH)}”." if reason else ""
