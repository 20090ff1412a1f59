"""What translators wrote can be said: placeholders, markup, plural forms, and Discord's bounds."""

import re
from collections import Counter

import pytest

from bot.command_translator import DESCRIPTION_LENGTH, MENU_LENGTH
from bot.language.catalogues import formats
from docs.translations import TEMPLATE, collect, folders, merged, written
from tests.bot.language.bounds import bounds
from tests.bot.language.messages import (
    LANGUAGES,
    catalogue,
    forms_of,
    pairs_of,
    placeholders,
    template,
    texts_of,
)

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
CODE = re.compile(r"`[^`]*`")
LEADING = re.compile(r"^[^\w\s{`(“\"'/<*#>¡¿「『（„«…-]+\s*")  # an emoji, and the blank after it


def test_the_template_has_all_texts_of_the_code() -> None:
    assert TEMPLATE.read_text(encoding="utf-8") == written(collect()), "run `make translations` and commit"


@pytest.mark.parametrize("language", folders())
def test_each_catalogue_has_the_texts_of_the_template_and_no_others(language: str) -> None:
    now = merged(language, template())
    ids = {(message.context, forms_of(message.id)) for message in texts_of(catalogue(language))}
    assert ids == {(message.context, forms_of(message.id)) for message in texts_of(now)}, (
        "run `make translations` and commit"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_its_own_number_of_plural_forms(language: str) -> None:
    assert formats(language).english_name, "Babel knows the language"
    for message in texts_of(catalogue(language)):
        if len(forms_of(message.id)) > 1:
            assert len(forms_of(message.string)) == catalogue(language).num_plurals, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_translation_has_the_placeholders_of_the_text(language: str) -> None:
    wrong = [said for text, said in pairs_of(catalogue(language)) if placeholders(said) != placeholders(text)]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MARKUP)
def test_each_translation_has_the_markup_of_the_text(language: str, kind: str) -> None:
    pattern = MARKUP[kind]
    wrong = [
        said
        for text, said in pairs_of(catalogue(language))
        if len(pattern.findall(said)) != len(pattern.findall(text))
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_commands_and_names_of_options_are_as_in_english(language: str) -> None:
    wrong = [
        said
        for text, said in pairs_of(catalogue(language))
        if Counter(CODE.findall(said)) != Counter(CODE.findall(text))
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_translation_begins_with_the_emoji_of_the_text(language: str) -> None:
    wrong = [said for text, said in pairs_of(catalogue(language)) if _emoji(said) != _emoji(text)]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_begins_or_ends_with_a_blank_that_the_text_has_not(language: str) -> None:
    wrong = [said for text, said in pairs_of(catalogue(language)) if _blanks(said) != _blanks(text)]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_discord_takes_the_texts_of_the_commands(language: str) -> None:
    too_long: list[str] = []
    for message in texts_of(catalogue(language)):
        shown_as = " ".join(message.auto_comments)
        if "Discord shows it as" in shown_as:
            most = MENU_LENGTH if "command name" in shown_as else DESCRIPTION_LENGTH
            too_long += [said for said in forms_of(message.string) if len(said) > most]
    assert too_long == []


@pytest.mark.parametrize("language", [*LANGUAGES, None])
def test_discord_takes_the_texts_of_buttons_and_forms(language: str | None) -> None:
    """Where a text has placeholders, ten characters each are thought of."""
    too_long: list[str] = []
    said = {
        (message.context, forms_of(message.id)[0]): forms_of(message.string if language else message.id)
        for message in texts_of(catalogue(language) if language else template())
    }
    for key, most in bounds().items():
        too_long += [form for form in said.get(key, ()) if len(re.sub(r"\{\w+\}", "x" * 10, form)) > most]
    assert too_long == []


def test_there_are_texts_of_buttons_and_forms() -> None:
    known = {(message.context, forms_of(message.id)[0]) for message in texts_of(template())}
    assert bounds().keys() <= known, "a text of a button is not in the template"
    assert ("title", "Report this video") in bounds()


def _emoji(text: str) -> str:
    found = LEADING.match(text)
    return found.group().strip() if found else ""


def _blanks(text: str) -> tuple[bool, bool]:
    return text[:1].isspace(), text[-1:].isspace()
