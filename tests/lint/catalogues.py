"""The translations: complete, and such that they can be said: placeholders, markup, Discord's bounds."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from bot.discord_client.tree import DESCRIPTION_LENGTH, MENU_LENGTH
from bot.i18n.catalogues import formats
from docs.translations import collect, written
from tests.lint.bounds import bounds
from tests.lint.findings import Check, Findings
from tests.lint.messages import Catalogue, forms_of, languages, placeholders

# What must be there as often as in English, since Discord or a program reads it.
MARKUP = {
    "lines": re.compile(r"\n"),
    "code": re.compile(r"`"),
    "bold": re.compile(r"\*\*"),
    "underline": re.compile(r"__"),
    "mentions and moments": re.compile(r"<[@#t:/][^>]*>"),
    "small print": re.compile(r"^-# ", re.MULTILINE),
    "quotes": re.compile(r"^> ", re.MULTILINE),
    "items": re.compile(r"^- ", re.MULTILINE),
    "links": re.compile(r"https?://\S+"),
}
# Each language, with other words for a video, a request and a moderator than its texts use.
OTHER_WORDS = {
    "de": re.compile(r"\bAuftr[aä]g|\bClip", re.IGNORECASE),
    "es": re.compile(r"vídeo|\bpetici[oó]n", re.IGNORECASE),
    "fr": re.compile(r"requête|\bclip", re.IGNORECASE),
    "ja": re.compile("ビデオ|映像|依頼|要求|管理者"),
    "pt_BR": re.compile(r"(?<!\d )\bvideos?\b|solicitaç|requisiç", re.IGNORECASE),
}
CODE = re.compile(r"`[^`]*`")
NAMES = re.compile(r"`[^`]*`|\{\w*\}|[#/]\w+")  # of commands, options, values and channels
LEADING = re.compile(r"^[^\w\s{`(“\"'/<*#>¡¿「『（„«…-]+\s*")  # an emoji, and the blank after it


def the_template_has_all_texts_of_the_code(root: Path) -> Findings:
    """Find a template that is not up to date."""
    template = Catalogue(root)
    if template.text != _collected():
        yield template.found("The template has not the texts of the code: run `make translations`.")


def every_catalogue_has_the_texts_of_the_template_and_no_others(root: Path) -> Findings:
    """Find a text that a catalogue does not have, or that nobody says any more."""
    wanted = Catalogue(root).known()
    for catalogue in _catalogues(root):
        for _, forms in sorted(catalogue.known() ^ wanted, key=str):
            yield catalogue.found(f"Only one of the template and this has: {forms[0]!r}")


def every_text_is_translated(root: Path) -> Findings:
    """Find a language that is gone, and a text that would be said in English."""
    for language in sorted(OTHER_WORDS.keys() - set(languages(root))):
        yield Catalogue(root).found(f"The language {language} is missing.")
    for catalogue in _catalogues(root):
        for message in catalogue.messages():
            if message.fuzzy or not forms_of(message.string) or not all(forms_of(message.string)):
                yield catalogue.found(f"This is not translated: {message.id!r}", message.lineno or 1)


def every_language_has_its_own_number_of_plural_forms(root: Path) -> Findings:
    """Find a text with too few or too many forms, and a language that Babel does not know."""
    for catalogue in _catalogues(root):
        if not formats(catalogue.language or "").english_name:
            yield catalogue.found("Babel does not know this language.")
        # In the text, since Babel fills up what is missing, and leaves out what is too much.
        for block in catalogue.text.split("\n\n"):
            forms = len(re.findall(r"^msgstr\[", block, re.MULTILINE))
            if "\nmsgid_plural " in block and forms != catalogue.content.num_plurals:
                yield catalogue.found(f"{forms} plural forms are not the language's.", block)


def every_translation_has_the_placeholders_of_the_text(root: Path) -> Findings:
    """Find a translation that lacks a value, or names one that it is not given."""
    yield from _differing(root, placeholders, "other placeholders")


def every_translation_has_the_markup_of_the_text(root: Path) -> Findings:
    """Find a translation that Discord would show otherwise."""
    for kind, pattern in MARKUP.items():
        yield from _differing(root, lambda text, pattern=pattern: len(pattern.findall(text)), f"other {kind}")


def commands_and_names_of_options_are_as_in_english(root: Path) -> Findings:
    """Find a translation of what must be typed as it is."""
    yield from _differing(root, lambda text: Counter(CODE.findall(text)), "other words in code")


def every_translation_begins_with_the_emoji_of_the_text(root: Path) -> Findings:
    """Find a translation with another emoji."""
    yield from _differing(root, _emoji, "another emoji")


def no_translation_has_blanks_at_its_ends_that_the_text_has_not(root: Path) -> Findings:
    """Find a translation with a blank too many or too few."""
    yield from _differing(root, lambda text: (text[:1].isspace(), text[-1:].isspace()), "other blanks")


def a_language_has_one_word_for_a_thing(root: Path) -> Findings:
    """Find a translation that calls a video or a request what no other one does."""
    for catalogue in _catalogues(root):
        other = OTHER_WORDS.get(catalogue.language or "")
        if other is None:
            yield catalogue.found("OTHER_WORDS in tests/lint/catalogues.py lacks this language.")
            continue
        for message, _, said in catalogue.pairs():
            for word in other.findall(NAMES.sub("", said)):
                yield catalogue.found(f"All others say it otherwise: {word!r}", message.lineno or 1)


def discord_takes_the_texts_of_the_commands(root: Path) -> Findings:
    """Find the translation of a command that is too long."""
    for catalogue in _catalogues(root):
        for message in catalogue.messages():
            shown_as = " ".join(message.auto_comments)
            most = MENU_LENGTH if "command name" in shown_as else DESCRIPTION_LENGTH
            for said in forms_of(message.string):
                if "Discord shows it as" in shown_as and len(said) > most:
                    yield catalogue.found(f"Longer than {most} characters: {said!r}", message.lineno or 1)


def discord_takes_the_texts_of_buttons_and_forms(root: Path) -> Findings:
    """Find a text of a button or form that is too long; each placeholder is thought of as ten characters."""
    limits = bounds(root)
    for catalogue in (Catalogue(root), *_catalogues(root)):
        for message in catalogue.messages():
            most = limits.get((message.context, forms_of(message.id)[0]), 1000)
            for said in forms_of(message.string if catalogue.language else message.id):
                if len(re.sub(r"\{\w+\}", "x" * 10, said)) > most:
                    yield catalogue.found(f"Longer than {most} characters: {said!r}", message.lineno or 1)


def the_template_has_the_texts_of_buttons_and_forms(root: Path) -> Findings:
    """Find a text of a button that is not in the template, and a reader of the source that finds none."""
    template, limits = Catalogue(root), bounds(root)
    known = {(context, forms[0]) for context, forms in template.known()}
    for _, text in sorted(limits.keys() - known, key=str):
        yield template.found(f"A button or a form says this, and the template does not: {text!r}")
    if ("title", "Report this video") not in limits:
        yield template.found("No title of a form was found in the source.")


def _differing(root: Path, view: Callable[[str], object], what: str) -> Findings:
    """Find the translations that differ from the text in what `view` returns of both."""
    for catalogue in _catalogues(root):
        for message, text, said in catalogue.pairs():
            if view(said) != view(text):
                yield catalogue.found(f"{what.capitalize()} than the text has: {said!r}", message.lineno or 1)


def _catalogues(root: Path) -> Iterator[Catalogue]:
    return (Catalogue(root, language) for language in languages(root))


def _emoji(text: str) -> str:
    found = LEADING.match(text)
    return found.group().strip() if found else ""


@cache
def _collected() -> str:
    """Return the template as this program's own code has it."""
    return written(collect())


CHECKS: tuple[Check, ...] = (
    the_template_has_all_texts_of_the_code,
    every_catalogue_has_the_texts_of_the_template_and_no_others,
    every_text_is_translated,
    every_language_has_its_own_number_of_plural_forms,
    every_translation_has_the_placeholders_of_the_text,
    every_translation_has_the_markup_of_the_text,
    commands_and_names_of_options_are_as_in_english,
    every_translation_begins_with_the_emoji_of_the_text,
    no_translation_has_blanks_at_its_ends_that_the_text_has_not,
    a_language_has_one_word_for_a_thing,
    discord_takes_the_texts_of_the_commands,
    discord_takes_the_texts_of_buttons_and_forms,
    the_template_has_the_texts_of_buttons_and_forms,
)
