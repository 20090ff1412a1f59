"""Discord's markup for times: each reader's client shows them in their own time zone. Pure."""

from datetime import datetime


def moment(when: datetime) -> str:
    """Return a moment as each reader's clock shows it, and how far away it is."""
    return f"<t:{int(when.timestamp())}:f> ({relative_time(when)})"


def relative_time(moment: datetime) -> str:
    """Return Discord's markup for "in 5 minutes", which each reader's client counts down by itself."""
    return f"<t:{int(moment.timestamp())}:R>"
