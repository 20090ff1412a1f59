"""A language that nobody speaks: every text of ours stands in ⟦brackets⟧, so that what does not is seen.

A placeholder stands outside of them: what is put there has to be a translated text itself, or something that
is the same in all languages.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from string import Formatter
from typing import Any

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from bot.i18n import catalogues
from docs.translations import TEMPLATE

LOCALE = "fi"  # one of Discord's that we have no catalogue for
_MONTHS: Any = Locale.parse(LOCALE).months

# The same in all languages: numbers of videos, mentions and moments, links, what stands in backticks.
SAME = re.compile(r"\b[0-9a-f]{16}\b|<[^<>\s]+>|https?://\S+|```.*?```|`[^`]*`|\*\*|__|\|\|", re.DOTALL)
WORD = re.compile(r"[^\W\d_]{2,}")
WORDS = re.compile(r"[\w`/].*")
# Names, and units that are written alike everywhere; and what Babel makes of lists and dates.
NAMES = frozenset({"Veo", "Fast", "Lite", "Preview", "USD", "UTC", "MiB", "PNG", "JPEG", "WebP", "everyone"})
BABELS = frozenset(
    {"ja", "tai", *(name for use in _MONTHS.values() for form in use.values() for name in form.values())}
)


def bracketed(text: str) -> str:
    """Return a text in pseudo-language: each line of each stretch between placeholders in brackets."""
    if not re.search(r"\{\w+\}", text):
        return _lines(text)
    parts: list[str] = []
    for literal, name, _spec, _conversion in Formatter().parse(text):
        parts.append(_lines(literal.replace("{", "{{").replace("}", "}}")))
        parts += [] if name is None else ["{" + name + "}"]
    return "".join(parts)


def _lines(text: str) -> str:
    """Put the words of each line in brackets; an emoji or a mark before them stays before."""
    return "\n".join(WORDS.sub(r"⟦\g<0>⟧", line, count=1) for line in text.split("\n"))


def _short(text: str) -> str:
    """Return a text of a command in brackets, and not longer than it was: Discord counts."""
    return bracketed(text) if len(text) < 30 else f"⟦{text[1:-1]}⟧"


def write_pseudo(folder: Path) -> None:
    """Write the catalogue of the pseudo-language into a folder of catalogues."""
    with TEMPLATE.open("rb") as file:
        template = read_po(file)
    catalogue = Catalog(locale=LOCALE, charset="utf-8")
    for message in template:
        if message.id:
            catalogue.add(message.id, _translated(message), context=message.context)
    path = folder / LOCALE / "LC_MESSAGES" / f"{catalogues.DOMAIN}.po"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, catalogue)


def _translated(message: Message) -> str | tuple[str, ...]:
    is_of_commands = any(name == "commands" for name, _ in message.locations)
    say: Callable[[str], str] = _short if is_of_commands else bracketed
    return say(message.id) if isinstance(message.id, str) else tuple(map(say, message.id))


def forget_catalogues() -> None:
    """Let catalogues be read anew, since their folder was changed."""
    for cached in (catalogues.languages, catalogues.translations, catalogues.formats):
        cached.cache_clear()


def bare_words(text: str, *allowed: str) -> list[str]:
    """Return the words of a text that are in no brackets, but for names and `allowed` texts."""
    for same in sorted(allowed, key=len, reverse=True):
        text = text.replace(same, " ")
    outside = "".join(_outside(SAME.sub(" ", text)))
    return [word for word in WORD.findall(outside) if word not in NAMES | BABELS]


def _outside(text: str) -> Iterator[str]:
    depth = 0
    for char in text:
        if char == "⟦":
            depth += 1
        elif char == "⟧":
            depth = max(0, depth - 1)
        elif not depth or char == "\n":
            yield char
