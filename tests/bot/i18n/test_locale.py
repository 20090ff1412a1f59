"""The reader's language: whose it is, and what is said where it has no words."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot.i18n import (
    _,
    current_language,
    date,
    dollars,
    format_and,
    format_or,
    locale_used,
    ngettext,
    number,
    pgettext,
    translate_stored,
    use_locale,
)
from bot.i18n.catalogues import fingerprint, language_of
from bot.money import show_money
from tests.bot.i18n.conftest import WriteCatalogue

GERMAN = """
msgid "This didn't count toward your limit."
msgstr "Nichts wurde gezählt."

msgid "Use {place}."
msgstr "Bitte nimm {place}."

msgid "{count} video"
msgid_plural "{count} videos"
msgstr[0] "{count} Video"
msgstr[1] "{count} Videos"

msgctxt "button"
msgid "Post"
msgstr "Senden"

msgid "still to do"
msgstr ""

msgid "{count} hat"
msgid_plural "{count} hats"
msgstr[0] ""
msgstr[1] ""
"""

JAPANESE = """
msgid "{count} hat"
msgid_plural "{count} hats"
msgstr[0] ""
"""


@pytest.fixture
def german(write_catalogue: WriteCatalogue) -> None:
    write_catalogue("de", GERMAN)


def videos(count: int) -> str:
    return ngettext("{count} video", "{count} videos", count)


@pytest.mark.parametrize("locale", [None, "en-US", "en-GB", "xx", "", "pl"])
@pytest.mark.usefixtures("german")
def test_without_a_catalogue_everything_is_english(locale: str | None) -> None:
    with locale_used(locale):
        assert _("This didn't count toward your limit.") == "This didn't count toward your limit."
        assert (videos(1), videos(1234)) == ("1 video", "1,234 videos")


@pytest.mark.usefixtures("german")
def test_a_catalogues_language_is_spoken_inside_of_the_block_only() -> None:
    with locale_used("de"):
        assert _("This didn't count toward your limit.") == "Nichts wurde gezählt."
        assert _("Use {place}.", place="<#1>") == "Bitte nimm <#1>."
        assert (videos(1), videos(1234)) == ("1 Video", "1.234 Videos")
        assert pgettext("button", "Post") == "Senden"
        with locale_used("en-US"):
            assert _("This didn't count toward your limit.") == "This didn't count toward your limit."
        assert current_language() == "de"
    assert current_language() == "en"


@pytest.mark.usefixtures("german")
def test_what_is_not_translated_yet_is_english(write_catalogue: WriteCatalogue) -> None:
    write_catalogue("ja", JAPANESE)
    for locale in ("de", "ja"):
        with locale_used(locale):
            assert _("still to do") == "still to do"
            assert _("never heard of") == "never heard of"
            assert pgettext("button", "never heard of") == "never heard of"
            assert ngettext("{count} hat", "{count} hats", 5) == "5 hats"


@pytest.mark.usefixtures("german")
def test_nothing_is_said_where_there_is_nothing_to_say() -> None:
    with locale_used("de"):
        assert (_(""), translate_stored("")) == ("", "")


@pytest.mark.usefixtures("german")
def test_what_was_written_down_in_english_is_told_in_the_readers_language() -> None:
    with locale_used("de"):
        assert translate_stored("This didn't count toward your limit.") == "Nichts wurde gezählt."
        assert translate_stored("the provider's {own} words") == "the provider's {own} words"


@pytest.mark.usefixtures("german")
def test_two_tasks_speak_two_languages() -> None:
    async def speaks(locale: str, other: asyncio.Event, own: asyncio.Event) -> str:
        use_locale(locale)
        own.set()
        await other.wait()
        return _("This didn't count toward your limit.")

    async def both() -> list[str]:
        one, two = asyncio.Event(), asyncio.Event()
        return list(await asyncio.gather(speaks("de", two, one), speaks("fr", one, two)))

    assert asyncio.run(both()) == ["Nichts wurde gezählt.", "This didn't count toward your limit."]
    assert current_language() == "en"


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("de", "de"),
        ("fr", "fr"),
        ("es-ES", "es"),
        ("es-419", "es"),
        ("pt-BR", "pt_BR"),
        ("ja", "ja"),
        ("en-GB", "en"),
        ("ko", "en"),
    ],
)
def test_discords_locales_have_these_languages(locale: str, language: str) -> None:
    assert language_of(locale) == language


@pytest.mark.parametrize(
    ("locale", "money", "large", "part", "choice", "day"),
    [
        ("en-US", "$1,234.50", "1,234,567", "8.0", "a, b or c", "5 March"),
        ("de", "1.234,50\xa0$", "1.234.567", "8,0", "a, b oder c", "5. März"),
        ("pt-BR", "US$\xa01.234,50", "1.234.567", "8,0", "a, b ou c", "5 de março"),
        ("ja", "$1,234.50", "1,234,567", "8.0", "a、b、またはc", "3月5日"),
    ],
)
def test_numbers_lists_and_dates_are_written_as_the_reader_does(
    locale: str, money: str, large: str, part: str, choice: str, day: str
) -> None:
    with locale_used(locale):
        assert dollars(1234.5) == money
        assert (number(1234567), number(8, digits=1)) == (large, part)
        assert format_or("abc") == choice
        assert date(datetime(2026, 3, 5, tzinfo=UTC), "MMMMd") == day


def test_english_lists_have_no_comma_before_the_last() -> None:
    assert format_and(["a", "b", "c"]) == "a, b and c"
    assert format_and(["a", "b"]) == "a and b"


@pytest.mark.parametrize("locale", ["en-US", "de", "fr", "es-ES", "pt-BR", "ja"])
def test_whole_dollars_have_no_cents_in_any_language(locale: str) -> None:
    with locale_used(locale):
        assert "00" not in dollars(1234, cents=False)
        assert "1" in dollars(1234, cents=False)


def test_money_is_the_same_in_english_as_ever() -> None:
    assert show_money(3_120_000) == "$1.56 (3,120,000 credits)"
    assert show_money(-1) == "minus under $0.01 (1 credit)"


def test_another_translation_changes_the_fingerprint(write_catalogue: WriteCatalogue) -> None:
    write_catalogue("de", GERMAN)
    before = fingerprint()
    write_catalogue("ja", JAPANESE)
    assert fingerprint() != before
