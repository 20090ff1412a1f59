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
# What belongs to the character before it: accents, vowel signs, variants of emoji, tones of skin.
MARKS = frozenset({"Mn", "Mc", "Me"})
TONES = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
FLAGS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))  # letters of which two are a flag


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
    return line if len(line) <= length else cut(line, length - 1).rstrip() + "…"


def cut(text: str, length: int) -> str:
    """Return the beginning of `text`, up to `length` characters; what is drawn as one sign stays whole.

    A sign that is longer than that is cut all the same.
    """
    end = length
    while 0 < end < len(text) and _is_within_sign(text, end):
        end -= 1
    return text[: end or length]


def share(lengths: Iterable[int], room: int) -> int:
    """Return how long each text may be so that all fit in `room`: what short ones leave is for long ones."""
    waiting = sorted(lengths)
    for index, length in enumerate(waiting):
        each = max(0, room) // (len(waiting) - index)
        if length > each:
            return each
        room -= length
    return max(waiting, default=0)


def _is_within_sign(text: str, place: int) -> bool:
    """Whether a cut at `place` would part an emoji or a letter; the main rules of Unicode's annex 29."""
    before, char = text[place - 1], text[place]
    if char in FLAGS:
        letters = len(text[:place]) - len(text[:place].rstrip("".join(FLAGS)))
        return letters % 2 == 1
    return before == "\u200d" or char in JOINERS or char in TONES or unicodedata.category(char) in MARKS


def _is_visible(char: str) -> bool:
    """Whether the character shows by itself; a combining mark (Mn, Me) needs another to stand on."""
    if char in JOINERS or char in BLANKS or char.isspace():
        return False
    return unicodedata.category(char) not in {"Mn", "Me"}
