"""Nothing is left in English: every text is translated into every language."""

import pytest

from bot.language.catalogues import language_of
from tests.bot.language.messages import LANGUAGES, catalogue, forms_of, texts_of

EXPECTED = ("de", "es", "fr", "ja", "pt_BR")


def test_there_are_these_languages() -> None:
    assert set(EXPECTED) <= set(LANGUAGES)
    assert language_of("de") == "de"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    missing = [
        message.id
        for message in texts_of(catalogue(language))
        if message.fuzzy or not forms_of(message.string) or not all(forms_of(message.string))
    ]
    assert missing == [], f"{language}: {len(missing)} texts are not translated"
