"""The card of a request whose words were deleted, and what /privacy says."""

import gzip
import json
from typing import Any

import pytest

from bot.db.models import NOBODY, Generation, Status
from bot.privacy.erasure import without_words
from bot.privacy.service import Forgotten
from bot.provider.catalogue import CATALOGUE
from cogs.cards.card import render_card, render_result
from cogs.cards.card_message import card_message
from cogs.privacy import views
from tests.cogs.generation import NOON, generation


def erased(**values: Any) -> Generation:
    """Return a delivered row without its words."""
    gone = {"prompt": "", "delivered_at": NOON, "erased_at": NOON, "status": Status.SUCCEEDED}
    return generation(**{**gone, "options": {"duration": 4, "resolution": "1080P"}, **values})


def test_an_erased_card_says_so_and_what_the_video_was_made_with() -> None:
    content = render_card(erased())["content"]
    assert "> (the prompt was deleted)" in content
    assert "**Veo 3** · 4 seconds · 16:9 · 1080P" in content
    assert "no longer available" not in content
    assert "✅ **Done.** The link was deleted." in content
    assert "couldn't post it anywhere" not in content


async def test_an_erased_card_still_leads_to_a_reported_video() -> None:
    card = card_message(erased(result_id=9, result_channel_id=8))
    assert "✅ **Ready.**" in card["content"]
    assert [button["url"] for button in card["view"].to_components()[0]["components"]] == [
        "https://discord.com/channels/2/8/9"
    ]


def test_an_erased_result_quotes_nothing() -> None:
    assert render_result(erased()).endswith("> (the prompt was deleted)")


def test_nobodys_card_mentions_nobody() -> None:
    content = render_card(erased(user_id=NOBODY))["content"]
    assert content.startswith("Somebody requested a video")
    assert "<@" not in content


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.id)
def test_no_option_in_which_words_fit_is_kept(model: Any) -> None:
    kept = without_words(dict.fromkeys([option.name for option in model.options], 1))
    for option in model.options:
        is_choice = bool(option.choices) or option.type is bool
        assert (option.name in kept) is is_choice, option.name


@pytest.mark.parametrize(
    ("forgotten", "words"),
    [
        (Forgotten(0, 0), ["nothing to delete"]),
        (Forgotten(1, 0), ["of **1 request**.", "limits haven't changed"]),
        (
            Forgotten(1234, 2),
            ["of **1,234 requests**.", "**2 requests** will follow", "within about an hour"],
        ),
    ],
)
def test_what_was_deleted_is_said(forgotten: Forgotten, words: list[str]) -> None:
    text = views.forgotten_text(forgotten)
    for word in words:
        assert word in text
    assert ("will follow" in text) is (forgotten.later > 0)


def test_the_question_fits_and_says_what_stays() -> None:
    assert len(views.question()) <= 2000
    for word in ("can't be undone", "limits and budgets", "blocks, grants", "Discord", "30 days", "arrives"):
        assert word in views.question()


def test_a_file_is_readable_text_and_a_large_one_is_compressed(monkeypatch: pytest.MonkeyPatch) -> None:
    document = {"user_id": "4", "requests": [{"prompt": "ein Drache 🐉 ä" * 100}]}
    file = views.export_file(document)
    content = file.fp.read()
    assert file.filename == "veo-4.json"
    assert "🐉 ä" in content.decode()
    assert content.startswith(b'{\n  "user_id"'), "it is not indented"
    monkeypatch.setattr(views, "LARGEST_FILE", len(content))
    assert views.export_file(document).filename == "veo-4.json", "it is just small enough"
    monkeypatch.setattr(views, "LARGEST_FILE", len(content) - 1)
    compressed = views.export_file(document)
    assert compressed.filename == "veo-4.json.gz"
    assert json.loads(gzip.decompress(compressed.fp.read())) == document
    monkeypatch.setattr(views, "LARGEST_FILE", 10)
    with pytest.raises(views.ExportTooLargeError):
        views.export_file(document)
