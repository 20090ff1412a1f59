"""What people read about a video that is made from images."""

from datetime import timedelta
from typing import Any

import discord
import pytest

from bot.db.models import Status
from bot.failures import FailureKind
from cogs.cards.card import alt_text, render_card, render_failure, render_result, thread_name
from cogs.cards.result_message import is_card, is_result
from tests.cogs.generation import NOON, generation

IMAGE, FRAMES = "google/veo-3.0-i2v", "google/veo-3.1-first-last-image-to-video-fast"


def test_the_card_says_that_it_is_made_from_an_image() -> None:
    lines = render_card(generation(model=IMAGE))["content"].splitlines()
    assert lines[:3] == [
        "<@4> requested a video from an image",
        "**Veo 3** · 8 seconds · 720P · prompt enhanced · sound",
        "⏳ **In the queue.**",
    ]


def test_the_card_says_that_it_is_made_from_two_images() -> None:
    lines = render_card(generation(model=FRAMES, options={"aspect_ratio": "9:16"}))["content"].splitlines()
    assert lines[:2] == [
        "<@4> requested a video from two images",
        "**Veo 3.1 Fast** · 8 seconds · 9:16 · 1080p · sound",
    ]


def test_an_image_that_is_being_fetched_is_no_news_to_anybody() -> None:
    before = render_card(generation(model=IMAGE, status=Status.PREPARING))
    assert before == render_card(generation(model=IMAGE, status=Status.QUEUED)), "the card would not change"


@pytest.mark.parametrize(
    ("model", "beginning"),
    [
        ("google/veo3", "Video made from the prompt: a red"),
        (IMAGE, "Video made from an image and the prompt: a red"),
        (FRAMES, "Video made from two images and the prompt: a red"),
    ],
)
def test_a_screen_reader_says_it_too(model: str, beginning: str) -> None:
    assert alt_text(generation(model=model)).startswith(beginning)


def test_a_model_that_is_gone_says_nothing_about_images() -> None:
    row = generation(model="google/veo-9")
    assert render_card(row)["content"].startswith("<@4> requested a video\n")
    assert alt_text(row) == "Video made from the prompt: a red dragon"


@pytest.mark.parametrize(
    "kind",
    [
        FailureKind.IMAGE_BAD,
        FailureKind.IMAGE_GONE,
        FailureKind.IMAGE_SIZE,
        FailureKind.IMAGE_SMALL,
    ],
)
def test_an_image_that_cannot_be_used_is_told_with_what_to_do(kind: FailureKind) -> None:
    row = generation(model=IMAGE, status=Status.FAILED, failure_kind=kind)
    text = render_failure(row)
    assert text == (
        f"❌ <@4> I couldn't get you this video. {kind.sentence}\n"
        f"This didn't count toward your limit. {kind.advice}\n-# ID 0123456789abcdef"
    )
    assert "said" not in text, "the video service was never asked"


ANSWERS = [
    discord.MessageType.chat_input_command,
    discord.MessageType.context_menu_command,
    discord.MessageType.default,
    discord.MessageType.reply,
]


def posted(content: str, kind: discord.MessageType) -> discord.Message:
    """Return a message of ours as discord.py reads it."""
    client = discord.Client(intents=discord.Intents.none())
    author = {"id": "9", "username": "veo", "discriminator": "0", "avatar": None}
    data: dict[str, Any] = {
        "id": "77",
        "type": kind.value,
        "content": content,
        "author": author,
        "timestamp": NOON.isoformat(),
        "edited_timestamp": None,
        **dict.fromkeys(("pinned", "tts", "mention_everyone"), False),
        **dict.fromkeys(("embeds", "attachments", "mentions", "mention_roles", "components"), ()),
    }
    parts: Any = {"channel": client.get_partial_messageable(3), "data": data}
    return discord.Message(state=client._connection, **parts)  # pyright: ignore[reportPrivateUsage]: its cache


@pytest.mark.parametrize("kind", ANSWERS, ids=str)
@pytest.mark.parametrize("model", ["google/veo3", IMAGE, FRAMES])
@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING, Status.FAILED, Status.CANCELLED])
def test_the_card_is_known_again_whatever_kind_of_message_it_is(
    kind: discord.MessageType, model: str, status: Status
) -> None:
    """It answers a command, or a form; Discord does not document what kind of message the latter is."""
    row = generation(model=model, status=status, cancelled_by=9, submitted_at=NOON)
    card = posted(render_card(row)["content"], kind)
    assert is_card(card, row)
    assert not is_result(card, row), "the reason would never be posted"


@pytest.mark.parametrize("kind", ANSWERS, ids=str)
def test_a_result_is_not_taken_for_the_card(kind: discord.MessageType) -> None:
    failed = generation(model=IMAGE, status=Status.FAILED, failure_kind=FailureKind.IMAGE_BAD)
    message = posted(render_failure(failed), kind)
    assert (is_card(message, failed), is_result(message, failed)) == (False, True)
    made = generation(status=Status.SUCCEEDED, delivered_at=NOON + timedelta(minutes=1))
    assert not is_card(posted(render_result(made), kind), made)


def test_another_ones_card_is_not_this_ones() -> None:
    mine, other = generation(model=IMAGE), generation(model=IMAGE, id="fedcba9876543210")
    assert not is_card(posted(render_card(other)["content"], ANSWERS[0]), mine)


def test_the_thread_is_named_after_the_prompt() -> None:
    assert thread_name(generation(model=IMAGE)) == "a red dragon"
