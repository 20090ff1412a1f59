"""The usage chart: in the reader's language where its font has the letters, else in English."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from bot.i18n import locale_used
from bot.usage.charts import render_usage
from bot.usage.service import DayUse, Tally, UsageFiles, UsagePeriod, UsageReport, bucket_starts
from tests.bot.i18n.conftest import WriteCatalogue

WORDS: Mapping[str, Mapping[str, str]] = {
    "de": {"Spending": "Ausgaben", "Nobody requested a video": "Niemand wollte ein Video"},
    "ja": {"Spending": "支出", "Nobody requested a video": "動画の依頼はありません"},
}
NOW = datetime(2026, 11, 21, 14, 37, tzinfo=UTC)
STARTS = bucket_starts(UsagePeriod.WEEK, NOW)
DAYS = [DayUse(start, {}, Tally()) for start in STARTS]
REPORT = UsageReport(UsagePeriod.WEEK, STARTS[0], NOW, Tally(), [], [], DAYS)


def rendered(locale: str) -> UsageFiles:
    with locale_used(locale):
        return render_usage(REPORT, "Studio")


@pytest.fixture(autouse=True)
def some_words(write_catalogue: WriteCatalogue) -> None:
    for language, words in WORDS.items():
        pairs = (f'msgid "{english}"\nmsgstr "{said}"\n' for english, said in words.items())
        write_catalogue(language, "\n".join(pairs))


def test_a_language_whose_letters_the_font_has_is_drawn() -> None:
    assert rendered("de").png != rendered("en-US").png


def test_a_language_whose_letters_it_lacks_is_drawn_in_english_but_described_in_its_own_words() -> None:
    japanese, english = rendered("ja"), rendered("en-US")
    assert japanese.png == english.png
    assert "動画の依頼はありません" in japanese.description
    assert japanese.csv == english.csv
