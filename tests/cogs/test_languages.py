"""What is recognised by its text is recognised in every language; each reader is spoken to in their own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.db.guild_models import Action, AuditRow, ReportRow
from bot.db.models import OPEN, Generation, Status
from bot.failures import FailureKind
from bot.i18n import locale_used
from bot.library.history import HistoryPage
from bot.media.files import Clip
from bot.moderation.reported import ReportedVideo
from cogs.admin.queue_view import QueuePage, shown_on, view_of_page
from cogs.cards.card import (
    alt_text,
    number_line,
    render_card,
    render_ending,
    render_repost,
    render_result,
    state_line,
)
from cogs.cards.card_message import card_message
from cogs.cards.result_message import ResultMessage, is_card, is_result
from cogs.moderation.audit_log import entry_line
from cogs.reports.report_text import render_report
from cogs.videos.history_view import render_history
from cogs.videos.result_buttons import result_view
from tests.cogs.generation import NOON, generation
from tests.german import spoken_german

ADDRESS = "https://cdn.example/video.mp4"
LANGUAGES = [None, "de"]
MODELS = ["google/veo3", "google/veo-3.0-i2v", "google/veo-3.1-first-last-image-to-video-fast", "gone/model"]
STATES: list[dict[str, Any]] = [
    *({"status": status} for status in sorted(OPEN)),
    {"status": Status.SUCCEEDED},
    {"status": Status.FAILED, "failure_kind": FailureKind.LATE},
    {"status": Status.FAILED, "failure_kind": FailureKind.UNMADE, "failure_reason": "no\n> way"},
    {"status": Status.CANCELLED, "cancelled_by": 9},
    {"status": Status.CANCELLED, "cancelled_by": 9, "submitted_at": NOON},
]
ENDINGS = [values for values in STATES if values["status"] in {Status.FAILED, Status.CANCELLED}]

pairs = pytest.mark.parametrize(
    ("written", "read"), [(written, read) for written in LANGUAGES for read in LANGUAGES], ids=str
)


@pytest.fixture(autouse=True, scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """German is one of the languages."""
    with spoken_german(tmp_path_factory.mktemp("locales")):
        yield


def posted(content: str, components: Any = ()) -> discord.Message:
    """Return a message of ours as discord.py reads it."""
    client = discord.Client(intents=discord.Intents.none())
    data: dict[str, Any] = {
        "id": "77",
        "type": 0,
        "content": content,
        "author": {"id": "9", "username": "veo", "discriminator": "0", "avatar": None},
        "timestamp": NOON.isoformat(),
        "edited_timestamp": None,
        **dict.fromkeys(("pinned", "tts", "mention_everyone"), False),
        **dict.fromkeys(("embeds", "attachments", "mentions", "mention_roles"), ()),
        "components": components,
    }
    parts: Any = {"channel": client.get_partial_messageable(3), "data": data}
    return discord.Message(state=client._connection, **parts)  # pyright: ignore[reportPrivateUsage]: its cache


@pairs
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("values", STATES, ids=str)
def test_a_card_is_found_again_whatever_language_it_was_written_in(
    written: str | None, read: str | None, model: str, values: dict[str, Any]
) -> None:
    row = generation(model=model, locale=written, **values)
    card = posted(render_card(row)["content"])
    assert is_card(card, generation(model=model, locale=read, **values))
    assert not is_result(card, generation(model=model, locale=read, **values)), "nothing would be posted"


@pairs
@pytest.mark.parametrize("quote", [True, False])
@pytest.mark.parametrize("values", ENDINGS, ids=str)
def test_an_ending_is_found_again_whatever_language_it_was_written_in(
    written: str | None, read: str | None, values: dict[str, Any], *, quote: bool
) -> None:
    message = posted(render_ending(generation(locale=written, **values), quote=quote))
    row = generation(locale=read, **values)
    assert (is_card(message, row), is_result(message, row)) == (False, True)


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("kind", [FailureKind.LATE, FailureKind.LOST, FailureKind.UNMADE])
def test_that_there_is_no_video_yet_is_not_taken_for_what_moderators_made_of_it_later(
    locale: str | None, kind: FailureKind
) -> None:
    told = generation(locale=locale, status=Status.FAILED, failure_kind=kind, late_until=NOON)
    ended = generation(locale=locale, status=Status.SUCCEEDED, failure_kind=FailureKind.DECLINED)
    assert not is_result(posted(render_ending(told)), ended), "the end would never be posted"
    assert is_result(posted(render_ending(ended)), ended)


@pairs
def test_a_link_is_found_again_whatever_language_it_was_written_in(
    written: str | None, read: str | None
) -> None:
    values: dict[str, Any] = {"status": Status.SUCCEEDED, "video_url": ADDRESS}
    message = ResultMessage(generation(locale=written, **values), Clip(Path("veo.mp4"), 1), with_file=False)
    row = generation(locale=read, **values)
    assert (is_card(posted(message.content), row), is_result(posted(message.content), row)) == (
        False,
        True,
    )


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_form_of_a_message_keeps_its_nonce_in_every_language(locale: str | None) -> None:
    forms = [
        ResultMessage(generation(locale=locale), None),
        ResultMessage(generation(locale=locale), Clip(Path("x"), 1)),
    ]
    assert [form.nonce for form in forms] == ["0123456789abcdef-f", "0123456789abcdef-v"]


def others_about(row: Generation) -> Iterator[str]:
    """Yield what the bot says elsewhere with the number of a request, as where moderators read it."""
    report = ReportRow(id="fedcba9876543210", guild_id=2, generation_id=row.id, reporter_id=6, reason="bad")
    report.created_at = NOON
    yield render_report(ReportedVideo(report, row))
    yield render_report(ReportedVideo(report, row), quote=False)
    yield render_report(ReportedVideo(report, None))
    values: dict[str, Any] = {"subject": f"generation:{row.id}", "new": {"counts": True, "user_id": 4}}
    for action in (Action.CANCEL, Action.VIDEO_DELETE, Action.REPORT_DISMISS):
        yield entry_line(AuditRow(id=1, guild_id=2, at=NOON, actor_id=5, action=action, **values))
    yield render_result(row)
    yield render_repost(row)
    yield number_line(row)
    other = generation(id="fedcba9876543210", prompt=f"❌ -# ID {row.id}\n> {row.id}", locale=row.locale)
    yield render_card(other)["content"]
    for values in ENDINGS:
        failed = generation(**{**values, "id": other.id, "failure_reason": f"-# ID {row.id}"})
        yield render_ending(failed)


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("values", STATES, ids=str)
def test_nothing_else_that_names_the_number_is_taken_for_card_or_result(
    values: dict[str, Any], locale: str | None
) -> None:
    row = generation(locale=locale, **values)
    with locale_used(locale):
        for text in others_about(row):
            message = posted(text)
            assert not is_card(message, row), f"taken for the card: {text}"
            assert not is_result(message, row), f"taken for the result: {text}"


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("page", [0, 1, 2])
def test_the_page_of_the_queue_is_known_by_no_words(page: int, locale: str | None) -> None:
    with locale_used(locale):
        view = view_of_page(QueuePage(page, 3, 12, [generation(), generation(id="fedcba9876543210")]))
    message = posted("", view.to_components())
    assert shown_on(message) == (page, ["0123456789abcdef", "fedcba9876543210"])


def test_the_page_is_known_in_messages_of_earlier_versions() -> None:
    buttons = [(0, "Previous page"), (1, "Refresh"), (2, "Next page")]
    parts = [
        {"type": 2, "style": 2, "label": label, "custom_id": f"veo1:queue:{page}"} for page, label in buttons
    ]
    assert shown_on(posted("", [{"type": 1, "components": parts}])) == (1, [])


def labels(view: discord.ui.View) -> list[str]:
    """Return what stands on the buttons."""
    return [button["label"] for row in view.to_components() for button in row["components"]]


def test_what_everybody_sees_is_in_the_language_of_whoever_asked_for_it() -> None:
    row = generation(locale="de", status=Status.RUNNING)
    ready = generation(locale="de", status=Status.SUCCEEDED, result_id=7, delivered_at=NOON)
    card, english = render_card(row)["content"], render_card(generation(status=Status.RUNNING))["content"]
    assert card.startswith("Ein Video für <@4>\n")
    assert "-# 0123456789abcdef ist die Nummer\n> a red dragon" in card
    assert english.startswith("<@4> requested a video\n")
    with locale_used("en-US"):
        assert render_card(row)["content"] == card, "somebody else's language"
        assert labels(card_message(row)["view"]) == ["Abbrechen"]
        assert labels(result_view(ready))[-2:] == ["Löschen", "Melden"]
    with locale_used("de"):
        assert labels(card_message(generation())["view"]) == ["Cancel"]
        assert render_result(generation()) == "🎬 <@4> Your video is ready.\n> a red dragon"
        assert alt_text(generation()) == "Video made from the prompt: a red dragon"


def test_what_only_the_reader_sees_is_in_their_own_language() -> None:
    row = generation(status=Status.RUNNING, submitted_at=NOON)
    page = HistoryPage(row, 1, 1, None, None)
    with locale_used("de"):
        assert state_line(row).startswith("⚙️ **Wird gemacht.**")
        assert "-# 0123456789abcdef ist die Nummer" in render_history(page)
    assert "-# ID 0123456789abcdef" in render_history(page)


def test_a_reason_that_the_bot_wrote_down_is_told_in_the_readers_language() -> None:
    row = AuditRow(
        id=1, guild_id=2, at=NOON, actor_id=5, action=Action.PAUSE, reason="report 0123456789abcdef"
    )
    with locale_used("de"):
        assert "“Meldung 0123456789abcdef”" in entry_line(row)
    assert "“report 0123456789abcdef”" in entry_line(row)
