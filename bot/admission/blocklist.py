"""Words that moderators forbid in prompts: how they are kept, and how a prompt is searched. Pure.

What is compared is what a reader sees, so disguises are taken off both the prompt and the entry (`fold`).
Not taken off, since ordinary words would suffer: letters parted by blanks ("v i o l e n c e"), digits for
letters ("v10lence"), and look-alikes that are not in `LOOKALIKES`, such as small capitals or a dotless i
(a common word of Turkish differs from a vulgar one by that dot alone).
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import chain
from types import MappingProxyType
from typing import Literal

from bot.errors import BadInputError
from bot.i18n import _, ngettext
from bot.text import BLANKS, HIDDEN_CATEGORIES, clean

WORD_MAX_LENGTH = 100  # characters
MAX_WORDS = 500  # entries of one server; a prompt is searched for all of them

# Unicode's "default ignorable" characters that are not in the hidden categories: they are drawn as nothing.
IGNORABLE = frozenset(
    map(
        chr,
        chain(
            (0x034F, 0x2065, 0x17B4, 0x17B5, 0x180F),  # grapheme joiner, reserved, inherent vowels of Khmer
            range(0x180B, 0x180E),  # variation selectors of Mongolian
            range(0xFE00, 0xFE10),  # variation selectors
            range(0xFFF0, 0xFFF9),  # reserved
            range(0xE0000, 0xE1000),  # tags, more variation selectors, reserved
        ),
    )
)
# What readers of Arabic and Hebrew supply themselves: points for vowels, and a stroke that only stretches
# a word. They may stand on every letter or on none, so they would disguise any word.
HEBREW_POINTS = (*range(0x0591, 0x05BE), 0x05BF, 0x05C1, 0x05C2, 0x05C4, 0x05C5, 0x05C7)
ARABIC_POINTS = (*range(0x064B, 0x0653), 0x0670, 0x0640)
POINTS = frozenset(map(chr, (*HEBREW_POINTS, *ARABIC_POINTS)))
# Control characters that are blanks; `bot.text.clean` drops the others, so they part no words here either.
LINE_CONTROLS = frozenset("\t\n\r")

VOICED_MARKS = "\u3099\u309a"  # dakuten and handakuten, whose names begin with no script

# What Unicode doesn't take apart: white letters on black, and the voiced marks that stand by themselves.
DRAWN_ALIKE = MappingProxyType(
    {
        **{first + number: 0x61 + number for first in (0x1F150, 0x1F170) for number in range(26)},
        0x309B: 0x3099,
        0x309C: 0x309A,
    }
)
# Thai and Lao: a small circle and a tone mark look alike in either order, and so do two letters and one.
CIRCLE_AFTER_TONES = re.compile("([\u0e48-\u0e4b\u0ec8-\u0ecb]+)([\u0e4d\u0ecd])")
TWO_AS_ONE = (("\u0e40\u0e40", "\u0e41"), ("\u0ec0\u0ec0", "\u0ec1"))

# Letters of Cyrillic and Greek that look like Latin ones in both cases, after case folding. They are
# replaced in every word, for "оружие" with a Latin o is a disguise as well, and "ѕех" is Cyrillic
# throughout. The table is short because a word of these letters only becomes a Latin one: with ν and κ, say,
# the Greek for "if" would be "av" and that for "and" would be "kai".
LOOKALIKES = MappingProxyType(str.maketrans("аеорсухіѕјαορι", "aeopcyxisjaopi"))

# Scripts without blanks between words, as the names of their characters begin.
UNSPACED = frozenset(
    {
        *("CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "BOPOMOFO"),
        *("THAI", "LAO", "KHMER", "MYANMAR", "TAI", "BALINESE", "JAVANESE"),
    }
)

EDGE = "\n"  # where a word of what is searched begins or ends; no folded text has one

# The only disguise in ASCII; most prompts are nothing else, and are searched in an eighth of the time so.
ASCII_UNSEEN = dict.fromkeys(
    code for code in range(0x80) if chr(code) not in LINE_CONTROLS and (code < 0x20 or code == 0x7F)
)
ASCII_WORD = re.compile("[a-z0-9]+")

KNOWN_CHARACTERS = 8192  # what is found out about one is kept for so many; a language has fewer, even Chinese


def fold(text: str) -> str:
    """Return `text` as it is compared: without case, width, disguises, and with single blanks.

    Accents are taken off Latin, Greek and Cyrillic letters: there they are the usual disguise, and without
    them a word can still be read. In other scripts a mark is part of the letter (a vowel of Hindi or Thai,
    the voiced consonants of Japanese), so a mark stays on a letter of its own script, once, and nowhere else.
    """
    apart = unicodedata.normalize("NFKD", text.translate(DRAWN_ALIKE))
    plain = "".join(_undisguised(apart)).casefold().translate(LOOKALIKES)
    plain = CIRCLE_AFTER_TONES.sub(r"\2\1", plain)
    for two, one in TWO_AS_ONE:
        plain = plain.replace(two, one)
    return " ".join(unicodedata.normalize("NFKC", plain).split())


def forbidden_in(text: str, words: Collection[str]) -> Iterator[str]:
    """Yield those of `words`, as they were written, that occur in `text`.

    An entry matches whole words, and between its words any blanks and punctuation. A character of a script
    without blanks between words is a word by itself, so such an entry matches anywhere, and a Latin one also
    next to such characters. Korean has blanks: there an entry does not match a word with a particle.
    """
    readings = [text]
    if not BLANKS.isdisjoint(text):  # drawn as nothing by some programs and as a blank by others
        readings.append("".join(" " if char in BLANKS else char for char in text))
    haystack = EDGE.join(map(_pieces, readings))
    return (word for word in words if (needle := _entry_pieces(word)) and needle in haystack)


def clean_word(text: str) -> str:
    """Return `text` as an entry is kept: one trimmed line without hidden characters.

    Raises:
        BadInputError: it has no letter or digit, or more than `WORD_MAX_LENGTH` characters.
    """
    word = " ".join(clean(text).split())
    if len(word) > WORD_MAX_LENGTH:
        raise BadInputError(
            ngettext(
                "That's too long. A blocked word or phrase can have up to {count} character. "
                "Nothing changed.",
                "That's too long. A blocked word or phrase can have up to {count} characters. "
                "Nothing changed.",
                WORD_MAX_LENGTH,
            )
        )
    if not _pieces(word):
        raise BadInputError(_("Enter a word or phrase with at least one letter or digit."))
    return word


def ensure_not_too_many_words(count: int) -> None:
    """Check that a server can have so many entries.

    Raises:
        BadInputError: it can't.
    """
    if count > MAX_WORDS:
        raise BadInputError(
            ngettext(
                "There is already {count} blocked word or phrase, which is the maximum. Remove some first.",
                "There are already {count} blocked words and phrases, which is the "
                "maximum. Remove some first.",
                MAX_WORDS,
            )
        )


def _undisguised(text: str) -> Iterator[str]:
    """Leave out what is not drawn, and marks that do not belong to their letter; `text` is decomposed."""
    letter = ""  # the one that marks stand on; empty: marks stand on no letter
    marks = ""  # that it has no room for any more
    for char in text:
        category = _seen_category(char)
        if not category:
            continue
        if category != "M":
            letter, marks = (char if category == "L" else ""), ""
        elif not letter or char in marks or not _belongs(char, letter):
            continue
        else:
            marks += VOICED_MARKS if char in VOICED_MARKS else char
        yield char


@lru_cache(maxsize=KNOWN_CHARACTERS)
def _seen_category(char: str) -> str:
    """Return the first letter of the character's category; empty where it isn't drawn."""
    category = unicodedata.category(char)
    if category in HIDDEN_CATEGORIES:
        is_seen = char in LINE_CONTROLS
    else:
        is_seen = char not in IGNORABLE and char not in BLANKS and char not in POINTS
    return category[0] if is_seen else ""


def _belongs(mark: str, letter: str) -> bool:
    if mark in VOICED_MARKS:  # those of a language are one letter with it
        return len(unicodedata.normalize("NFC", letter + mark)) == 1
    return _script(letter) == _script(mark)


@lru_cache(maxsize=KNOWN_CHARACTERS)
def _script(char: str) -> str:
    """Return the first word of the character's name: Python knows no scripts, but names begin with them.

    Marks for Latin, Greek and Cyrillic begin with "COMBINING" instead, like no letter.
    """
    return unicodedata.name(char, "").partition(" ")[0]


def _pieces(text: str) -> str:
    """Return the words of `text` in `EDGE`s, two where there is more than an edge between them.

    So `in` finds whole words only: one substring search for each entry, and no pattern that could
    backtrack. Empty when there is no word.
    """
    if text.isascii():
        words = (2 * EDGE).join(ASCII_WORD.findall(text.translate(ASCII_UNSEEN).lower()))
        return f"{EDGE}{words}{EDGE}" if words else ""
    pieces: list[str] = []
    last = ""
    for char in fold(text):
        kind = _kind(char)
        goes_on = kind == "mark" or (kind == last and kind != "sign")
        if not goes_on:
            pieces.append(EDGE)
        if kind != "gap":
            pieces.append(char)
        last = last if kind == "mark" else kind
    words = "".join(pieces).strip(EDGE)
    return f"{EDGE}{words}{EDGE}" if words else ""


# An entry is searched for again and again; prompts are not kept in memory.
_entry_pieces = lru_cache(maxsize=16 * MAX_WORDS)(_pieces)


@lru_cache(maxsize=KNOWN_CHARACTERS)
def _kind(char: str) -> Literal["word", "sign", "mark", "gap"]:
    """Return what a character is; a "sign" is a word by itself."""
    category = unicodedata.category(char)[0]
    if char.isascii() or category not in "LNM":
        return "word" if category in "LN" else "gap"
    if category == "M":
        return "mark"
    script = _script(char)
    if script == "MODIFIER":  # such as the apostrophe that counts as a letter
        return "gap"
    return "sign" if script in UNSPACED else "word"
