"""Text that people wrote: made harmless and made to fit. Pure; knows nothing of Discord."""

import unicodedata

# Control, format (direction marks, zero-width), private-use and surrogate characters: they can
# disguise what a text says, and no prompt needs them.
HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs"})
# These are format characters too, but Persian words and family emoji need them.
JOINERS = frozenset("\u200c\u200d")


def clean(text: str) -> str:
    """Return `text` without hidden characters, trimmed; empty when nothing visible is left."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    kept = "".join(c for c in lines if c == "\n" or c in JOINERS or _is_shown(c)).strip()
    return kept if any(c not in JOINERS and not c.isspace() for c in kept) else ""


def shorten(text: str, length: int) -> str:
    """Return `text` on one line, cut to `length` characters with an ellipsis where it was longer."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def _is_shown(char: str) -> bool:
    return unicodedata.category(char) not in HIDDEN_CATEGORIES
