"""The template and the catalogues, as the checks look at them."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import cast

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from bot.i18n.catalogues import DOMAIN
from tests.lint.findings import File

FOLDER = Path("bot/i18n/locales")
TEMPLATE = FOLDER / f"{DOMAIN}.pot"
PLACEHOLDER = re.compile(r"\{\w+\}")


class Catalogue(File):
    """A catalogue of texts: a language's, or the template, which has none."""

    def __init__(self, root: Path, language: str | None = None) -> None:
        path = FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po" if language else TEMPLATE
        super().__init__(root, path)
        self.language = language
        self.content = _read(self.text, language)

    def messages(self) -> Iterator[Message]:
        """Yield the messages without the header."""
        yield from (message for message in self.content if message.id)

    def known(self) -> set[tuple[str | None, tuple[str, ...]]]:
        """Return what the messages are known by: each one's context and English forms."""
        return {(message.context, forms_of(message.id)) for message in self.messages()}

    def pairs(self) -> Iterator[tuple[Message, str, str]]:
        """Yield each translated form with the English one that it stands for; what is empty is left out."""
        for message in self.messages():
            english, forms = forms_of(message.id), forms_of(message.string)
            for place, said in enumerate(forms):
                if said:
                    yield message, (english[0] if place == 0 and len(forms) > 1 else english[-1]), said


def languages(root: Path) -> list[str]:
    """Return the languages that have a folder."""
    return sorted(path.name for path in (root / FOLDER).iterdir() if path.is_dir())


def forms_of(text: object) -> tuple[str, ...]:
    """Return the forms of a message's id or translation; one without a plural has one."""
    if isinstance(text, str):
        return (text,)
    return tuple(map(str, cast("Sequence[object]", text))) if isinstance(text, list | tuple) else ()


def placeholders(text: str) -> set[str]:
    """Return the names of the values in a text.

    Raises:
        ValueError: its braces are ill-formed.
    """
    if not PLACEHOLDER.search(text):
        return set()
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@cache
def _read(text: str, language: str | None) -> Catalog:
    return read_po(BytesIO(text.encode()), locale=language)
