"""Collects the texts to translate: `make translations` writes the template and merges it into each language.

Texts come from the source, where they are marked (`bot.i18n`), and from the commands as Discord is told
about them. What is translated stays; what is said no more goes. A new language is a new folder.
"""

import asyncio
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from discord import Locale, app_commands

from bot.app.application import open_app
from bot.discord_client.client import EXTENSIONS
from bot.discord_client.tree import is_translated
from bot.i18n.catalogues import DOMAIN, FOLDER, path_of
from bot.settings import Settings
from docs.marked_texts import marked_texts

ROOT = Path(__file__).parent.parent
SOURCES = ("bot", "cogs")
TEMPLATE = FOLDER / f"{DOMAIN}.pot"
LINE_LENGTH = 100
# What a header needs; the rest would change with every run, or with whoever runs it.
KEPT = ("Language", "Plural-Forms", "MIME-Version", "Content-Type", "Content-Transfer-Encoding")
PASSING = re.compile(rf'^"(?!(?:{"|".join(KEPT)}): )[\w-]+: [^\n]*\\n"\n', re.MULTILINE)


class Collector(app_commands.Translator):
    """Stands in for the translator, and keeps what it is asked for."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}  # texts, and where Discord shows each

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: Locale,  # noqa: ARG002 the interface names it
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Keep a text that is to be translated."""
        if is_translated(string.message, context):
            place = f"Discord shows it as: {context.location.name.replace('_', ' ')}"
            places = self.found.setdefault(string.message, [])
            places += [] if place in places else [place]
        return None


def collect() -> Catalog:
    """Return the template: all texts, in the order of the files that say them."""
    catalogue = Catalog(project=DOMAIN, version="", copyright_holder="", charset="utf-8", fuzzy=False)
    catalogue.header_comment = f"# The texts of {DOMAIN}. Written by `make translations`."
    for path in _sources():
        name = path.relative_to(ROOT).as_posix()
        for text in marked_texts(path.read_text(encoding="utf-8")):
            message = text.forms[0] if len(text.forms) == 1 else text.forms
            catalogue.add(
                message, None, [(name, text.line)], auto_comments=text.comments, context=text.context
            )
    for message, places in asyncio.run(_collect_from_commands()).items():
        catalogue.add(message, None, [("commands", 0)], auto_comments=places)
    return catalogue


async def _collect_from_commands() -> dict[str, list[str]]:
    collector = Collector()
    with TemporaryDirectory() as folder:
        values = {"discord_token": "none", "aimlapi_key": "none", "data_dir": folder}
        async with open_app(Settings.model_validate(values)) as app:
            for extension in EXTENSIONS:
                await app.bot.load_extension(extension)
            for command in app.bot.tree.get_commands():
                await command.get_translated_payload(app.bot.tree, collector)
    return collector.found


def _sources() -> Iterator[Path]:
    for folder in SOURCES:
        yield from sorted((ROOT / folder).rglob("*.py"))


def merged(language: str, template: Catalog) -> Catalog:
    """Return a language's catalogue with the template's texts, and with what is translated of them."""
    path = path_of(language)
    if path.is_file():
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language, domain=DOMAIN)
    else:
        catalogue = Catalog(locale=language, domain=DOMAIN, project=DOMAIN, version="", charset="utf-8")
    catalogue.update(template, no_fuzzy_matching=True, update_header_comment=True)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False
    return catalogue


def written(catalogue: Catalog) -> str:
    """Return a catalogue as the text of its file, the same for the same texts."""
    file = BytesIO()
    write_po(file, catalogue, width=LINE_LENGTH, sort_by_file=True, include_lineno=False)
    return PASSING.sub("", file.getvalue().decode())


def folders() -> list[str]:
    """Return the languages that there is a folder for."""
    return sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def main() -> None:
    """Write the template and every catalogue."""
    template = collect()
    TEMPLATE.write_text(written(template), encoding="utf-8")
    for language in folders():
        path = path_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(merged(language, template)), encoding="utf-8")


if __name__ == "__main__":
    main()
