"""What /videos says about one generation."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.db.models import Status
from bot.library.history import HistoryPage
from cogs.videos.history_view import render_history
from tests.cogs.generation import NOON, generation

SENT = {"submitted_at": NOON + timedelta(minutes=1)}


def text_of(**values: Any) -> str:
    return render_history(HistoryPage(generation(**values), 1, 1, None, None))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"status": Status.SUCCEEDED, "credits_used": 3_120_000.0, **SENT},
            "Cost: $1.56 (3,120,000 credits)",
        ),
        (
            {"status": Status.SUCCEEDED, "estimated_credits": 3_120_000.0, **SENT},
            "Cost: about $1.56 (3,120,000 credits).",
        ),
        ({"status": Status.SUCCEEDED, **SENT}, "Cost: unknown."),
        ({"status": Status.RUNNING, **SENT}, "Cost: not known yet."),
        ({"status": Status.FAILED, "estimated_credits": 1.0, **SENT}, "Cost: nothing."),
        ({"status": Status.FAILED, "credits_used": 2_000_000.0, **SENT}, "Cost: $1.00 (2,000,000 credits)"),
        ({"status": Status.CANCELLED, "cancelled_by": 4, "estimated_credits": 1.0}, "Cost: nothing."),
        (
            {"status": Status.CANCELLED, "cancelled_by": 4, "estimated_credits": 3_120_000.0, **SENT},
            "Cost: about $1.56 (3,120,000 credits).",
        ),
    ],
)
def test_it_says_what_the_video_took_of_the_servers_money(values: dict[str, Any], expected: str) -> None:
    assert expected in text_of(**values).split("\n")


def test_without_a_card_there_is_no_link_to_one() -> None:
    moment = int(NOON.timestamp())
    assert f"Requested <t:{moment}:f> (<t:{moment}:R>)." in text_of(card_id=None).split("\n")


@given(
    prompt=st.text(min_size=1, max_size=2000) | st.just("*" * 2000),
    negative=st.text(min_size=1, max_size=1000) | st.just("`" * 1000),
    status=st.sampled_from(Status),
)
def test_it_fits_into_a_message_and_pings_nobody(prompt: str, negative: str, status: Status) -> None:
    text = text_of(
        prompt=prompt,
        options={"negative_prompt": negative, "seed": 2**32 - 1},
        status=status,
        source_id="f" * 16,
        result_id=2**63,
        result_channel_id=2**63,
        credits_used=10.0**12,
    )
    assert len(text) <= 2000
    assert "@everyone" not in text
