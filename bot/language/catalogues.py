"""The translations: gettext catalogues in `locales/`, one per language, named as Babel names it."""

import gettext
import io
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).with_name("locales")
DOMAIN = "veo-bot"
ENGLISH = "en"  # what the code is written in

# Discord's locales that differ from the catalogue's name (discord-api-docs, Reference, "Locales").
DIALECTS = {"es-ES": "es", "es-419": "es", "pt-BR": "pt_BR", "en-GB": ENGLISH, "en-US": ENGLISH}


@cache
def languages() -> tuple[str, ...]:
    """Return the languages that there is a catalogue for, English among them, sorted."""
    found = {path.parent.parent.name for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po")}
    return tuple(sorted({ENGLISH, *found}))


def language_of(locale: str | None) -> str:
    """Return the language to use for one of Discord's locales; English where there is no catalogue."""
    name = DIALECTS.get(locale or ENGLISH, locale or ENGLISH)
    return name if name in languages() else ENGLISH


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the catalogue of a language; English has none, and needs none."""
    path = FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    if language == ENGLISH or not path.is_file():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def formats(language: str) -> Locale:
    """Return how numbers and lists are written in a language."""
    return Locale.parse(language)
