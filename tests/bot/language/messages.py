"""The template and the catalogues, as the tests look at them."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from string import Formatter
from typing import cast

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from bot.language.catalogues import ENGLISH, languages, path_of
from docs.translations import TEMPLATE

LANGUAGES = tuple(language for language in languages() if language != ENGLISH)
PLACEHOLDER = re.compile(r"\{\w+\}")


@cache
def template() -> Catalog:
    """Return all texts, untranslated."""
    with TEMPLATE.open("rb") as file:
        return read_po(file)


@cache
def catalogue(language: str) -> Catalog:
    """Return the texts of a language."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language)


def forms_of(text: object) -> tuple[str, ...]:
    """Return the forms of a message's id or translation; one without a plural has one."""
    if isinstance(text, str):
        return (text,)
    return tuple(map(str, cast("Sequence[object]", text))) if isinstance(text, list | tuple) else ()


def texts_of(catalogue: Catalog) -> Iterator[Message]:
    """Yield the messages without the header."""
    yield from (message for message in catalogue if message.id)


def pairs_of(catalogue: Catalog) -> Iterator[tuple[str, str]]:
    """Yield each translated form with the English one that it stands for; what is empty is left out."""
    for message in texts_of(catalogue):
        english = forms_of(message.id)
        for place, said in enumerate(forms_of(message.string)):
            if said:
                yield (english[0] if place == 0 and len(forms_of(message.string)) > 1 else english[-1]), said


def placeholders(text: str) -> set[str]:
    """Return the names of the values in a text.

    Raises:
        ValueError: its braces are ill-formed.
    """
    if not PLACEHOLDER.search(text):
        return set()
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
