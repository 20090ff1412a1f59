"""A member's words as the provider may repeat them when it says what is wrong with them. Pure."""

import re
from collections.abc import Sequence

INSTEAD = "…"
SHORTEST_PIECE = 24  # characters of a text by whose beginning it's known, where its end is cut off
WORD = re.compile(r"[A-Za-z]{1,12}")  # the sentence may have it as a word of its own: "video"


def hide_words(text: str, private: Sequence[str]) -> str:
    """Return a text without a member's words, whole or cut off, in whatever case; a single word in quotes.

    What the provider says is logged, and of what it refuses to several members, each is told the latest.
    """
    for words in filter(None, map(str.strip, private)):
        text = _without(text, words)
    return text


def _without(text: str, words: str) -> str:
    if WORD.fullmatch(words):
        return re.sub(rf"(?<=[\"'“‘`«]){words}(?=[\"'”’`»])", INSTEAD, text, flags=re.IGNORECASE)
    if len(words) <= SHORTEST_PIECE:
        return re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", INSTEAD, text, flags=re.IGNORECASE)
    beginning = re.compile(re.escape(words[:SHORTEST_PIECE]), re.IGNORECASE)
    left, begun = list[str](), 0
    while found := beginning.search(text, begun):
        left.append(text[begun : found.start()])
        begun = max(found.end(), found.start() + _count_alike(text[found.start() :], words))
    return INSTEAD.join([*left, text[begun:]])


def _count_alike(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    pairs = zip(one, other, strict=False)
    alike = (number for number, (a, b) in enumerate(pairs) if a.lower() != b.lower())
    return next(alike, min(len(one), len(other)))
