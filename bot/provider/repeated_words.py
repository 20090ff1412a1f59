"""A member's words as the provider may repeat them when it says what is wrong with them. Pure."""

import re
from collections.abc import Callable, Sequence

INSTEAD = "…"
SHORTEST_PIECE = 24  # characters of a text by whose beginning it's known, where its end is cut off
QUOTE = r"(?<=[\"'“‘`«])"
WORD = re.compile(r"[A-Za-z]{1,12}")  # the sentence may have it as a word of its own: "video"


def hide_words(text: str, private: Sequence[str], is_refusal: Callable[[str], bool] = lambda _: False) -> str:
    """Return a text without a member's words, whole or cut off, in whatever case; a single word in quotes.

    What the provider says is logged, and of what it refuses to several members, each is told the latest.
    `is_refusal`: what must stay so, whatever a member writes; else only what is in quotes is left out, since
    the words are the provider's own, too.
    """
    for words in filter(None, map(str.strip, private)):
        without = _without(text, words)
        if without != text and is_refusal(text) and not is_refusal(without):
            without = _without(text, words, before=QUOTE)
        text = without
    return text


def _without(text: str, words: str, before: str = "") -> str:
    if WORD.fullmatch(words):
        return re.sub(rf"{QUOTE}{words}(?=[\"'”’`»])", INSTEAD, text, flags=re.IGNORECASE)
    if len(words) <= SHORTEST_PIECE:
        return re.sub(rf"{before}(?<!\w){re.escape(words)}(?!\w)", INSTEAD, text, flags=re.IGNORECASE)
    beginning = re.compile(before + re.escape(words[:SHORTEST_PIECE]), re.IGNORECASE)
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
