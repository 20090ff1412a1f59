"""A message's text about as Discord's clients show it, for the terminal."""

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime

TIMESTAMP = re.compile(r"<t:(\d+):([Rf])>")
LINK = re.compile(r"\[([^\]]+)\]\(https?://[^)]+\)")
ESCAPE = re.compile(r"\\(?=\W)")


def as_seen(text: str, names: Mapping[str, str]) -> str:
    """Return the text with the names for mentions, times in words, and without markup."""
    for mention, name in names.items():
        text = text.replace(mention, name)
    text = LINK.sub(r"\1", TIMESTAMP.sub(_as_time, text))
    return ESCAPE.sub("", text.replace("**", "").replace("-# ", ""))


def _as_time(found: re.Match[str]) -> str:
    """Return a timestamp's markup as Discord's clients word it."""
    at = int(found[1])
    if found[2] == "f":
        return datetime.fromtimestamp(at, UTC).strftime("%d %B %Y %H:%M UTC")
    return _relative(at - time.time())


def _relative(seconds: float) -> str:
    unit, size = next(
        (unit for unit in (("day", 86_400), ("hour", 3600), ("minute", 60)) if abs(seconds) >= unit[1]),
        ("second", 1),
    )
    number = round(abs(seconds) / size)
    words = f"{number} {unit}{'' if number == 1 else 's'}"
    return f"in {words}" if seconds > 0 else f"{words} ago"
