"""Discord's markup for times: each reader's client shows them in their own time zone. Pure."""

from datetime import datetime


def absolute_time(at: datetime) -> str:
    """Return a time as each reader's clock shows it, and how far away it is."""
    return f"<t:{int(at.timestamp())}:f> ({relative_time(at)})"


def relative_time(at: datetime) -> str:
    """Return Discord's markup for "in 5 minutes", which each reader's client counts down by itself."""
    return f"<t:{int(at.timestamp())}:R>"
