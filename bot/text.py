"""Text that people wrote: made harmless and made to fit. Pure; knows nothing of Discord."""

import unicodedata
from collections.abc import Iterable

# Control, format (direction marks, zero-width), private-use and surrogate characters: they can
# disguise what a text says, and no prompt needs them.
HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs"})
# These are format characters too, but Persian words and family emoji need them.
JOINERS = frozenset("\u200c\u200d")
# Letters and symbols that are drawn as nothing: fillers of Hangul, the empty Braille pattern.
BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def clean(text: str) -> str:
    """Return `text` without hidden characters, trimmed; empty when nothing visible is left."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    shown = (
        c for c in lines if c == "\n" or c in JOINERS or unicodedata.category(c) not in HIDDEN_CATEGORIES
    )
    kept = "".join(shown).strip()
    return kept if any(_is_visible(c) for c in kept) else ""


def shorten(text: str, length: int) -> str:
    """Return `text` on one line, cut to `length` characters with an ellipsis where it was longer."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def share(lengths: Iterable[int], room: int) -> int:
    """Return how long each text may be so that all fit in `room`: what short ones leave is for long ones."""
    waiting = sorted(lengths)
    for index, length in enumerate(waiting):
        each = max(0, room) // (len(waiting) - index)
        if length > each:
            return each
        room -= length
    return max(waiting, default=0)


def _is_visible(char: str) -> bool:
    """Whether the character shows by itself; a combining mark (Mn, Me) needs another to stand on."""
    if char in JOINERS or char in BLANKS or char.isspace():
        return False
    return unicodedata.category(char) not in {"Mn", "Me"}
