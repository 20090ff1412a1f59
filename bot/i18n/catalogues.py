"""The translations: gettext catalogues in `locales/`, one per language, named as Babel names it.

A catalogue is read when its language is first spoken, since a start must be quick.
"""

import gettext
import hashlib
import io
from functools import cache
from pathlib import Path

from babel import Locale

FOLDER = Path(__file__).with_name("locales")
DOMAIN = "veo-bot"
ENGLISH = "en"  # what the code is written in

# Discord's locales that differ from the catalogue's name (discord-api-docs, Reference, "Locales").
DIALECTS = {"es-ES": "es", "es-419": "es", "pt-BR": "pt_BR", "en-GB": ENGLISH, "en-US": ENGLISH}


def path_of(language: str) -> Path:
    """Return where the catalogue of a language lies, or would lie."""
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


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
    if language == ENGLISH or language not in languages():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo  # noqa: PLC0415 not needed for a start
    from babel.messages.pofile import read_po  # noqa: PLC0415 the same

    with path_of(language).open("rb") as file:
        catalogue = read_po(file, locale=language)
    for message in catalogue:
        if message.pluralizable and not all(message.string or ("",)):
            message.string = ""  # a form that is missing would otherwise be the English singular
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def fingerprint() -> str:
    """Return a digest of all catalogues, which are not read for that."""
    digest = hashlib.sha256()
    for language in languages():
        if language != ENGLISH:
            digest.update(f"{language} ".encode() + path_of(language).read_bytes())
    return digest.hexdigest()


@cache
def formats(language: str) -> Locale:
    """Return how numbers and lists are written in a language."""
    return Locale.parse(language)
