"""What an offer says: the price and where it is from, what is left, the wait; and that it fits a message."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.admission.budgets import BudgetState
from bot.admission.limits import Limit
from bot.db.models import QuoteRow
from bot.eta.eta import Eta
from bot.policy.documents import LimitKind, Period, Rule, Scope
from bot.provider.catalogue import CATALOGUE
from bot.requests.quotes import Quote, preview_of
from cogs.veo.quote_text import render_quote, spell_wait, wait_line
from tests.cogs.generation import NOON

MESSAGE_LENGTH = 2000
END = NOON + timedelta(minutes=15)
IMAGE = {
    "url": "https://cdn.discordapp.com/cat.png",
    "filename": "cat.png",
    "content_type": None,
    "size": 1,
}


def offer(
    *, changed: bool = False, recalled: bool = False, limit: Limit | None = None, left: int = 0, **more: Any
) -> Quote:
    """Return an offer of noon; `more`: columns of the draft, and `budgets`, `eta` and `max_waiting`."""
    budgets, eta = more.pop("budgets", []), more.pop("eta", Eta())
    max_waiting = more.pop("max_waiting", None)
    columns: dict[str, Any] = {
        "id": "0123456789abcdef",
        "guild_id": 2,
        "channel_id": 3,
        "user_id": 4,
        "prompt": "a red dragon",
        "model": "google/veo3",
        "options": {},
        "pictures": [],
        "price": 3_120_000.0,
        "revision": 1,
        "expires_at": END,
    }
    quote_row = QuoteRow(**{**columns, **more})
    return Quote(
        quote_row,
        preview_of(quote_row, NOON),
        is_past_price=recalled,
        is_changed=changed,
        limit=limit,
        left=left,
        budgets=budgets,
        eta=eta,
        now=NOON,
        max_waiting=max_waiting,
    )


def said(**values: Any) -> list[str]:
    return render_quote(offer(**values))["content"].splitlines()


def limit(kind: LimitKind, most: int) -> Limit:
    return Limit(Rule(scope=Scope.SERVER, kind=kind, most=most))


def budget(spent: float, period: Period = Period.DAY, hours: int = 12) -> BudgetState:
    return BudgetState(period, 100.0, spent, NOON + timedelta(hours=hours), NOON)


def test_an_offer_in_full() -> None:
    assert said() == [
        "🧾 **Check your video before you spend anything:**",
        "**Veo 3** · 8 seconds · 16:9 · 720P · prompt enhanced · sound",
        "💰 Price: about **$1.56 (3,120,000 credits)**, from the video service's price list.",
        "🎬 Your limit: none. You can request any number of videos.",
        "⏳ Wait: unknown right now.",
        "> a red dragon",
        f"-# Nothing counts until you click **Generate**. This offer expires <t:{int(END.timestamp())}:R>.",
    ]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"changed": True}, "⚠️ **The price has changed since you saw it.** Please decide again."),
        ({"model": "google/veo-3.0-i2v"}, "🧾 **Check your video from an image before you spend anything:**"),
        (
            {"model": "google/veo-3-1-lite-generate-preview#frames"},
            "🧾 **Check your video from two images before you spend anything:**",
        ),
        (
            {"model": "google/veo-3.1-reference-to-video"},
            "🧾 **Check your video from reference images before you spend anything:**",
        ),
        (
            {"model": "gone/model", "pictures": [IMAGE]},
            "🧾 **Check your video from an image before you spend anything:**",
        ),
        (
            {"price": None},
            "💰 Price: **unknown**. The video service doesn't show it right now, and nobody has "
            "made a video like this here before.",
        ),
        (
            {"recalled": True},
            "💰 Price: about **$1.56 (3,120,000 credits)**, based on earlier videos. The video "
            "service doesn't show it right now.",
        ),
        (
            {"limit": limit(LimitKind.DAY, 5), "left": 4},
            "🎬 Your limit: 4 more videos after this one (the limit is 5 videos in 24 hours).",
        ),
        ({"max_waiting": 3}, "🎬 Your limit: none. You can have up to 3 videos waiting at once."),
        (
            {"limit": limit(LimitKind.AT_ONCE, 2), "left": 1},
            "🎬 Your limit: 1 more video after this one (the limit is 2 videos at once).",
        ),
        (
            {"limit": limit(LimitKind.WEEK, 1), "left": 0},
            "🎬 Your limit: 0 more videos after this one (the limit is 1 video in 7 days).",
        ),
        ({"budgets": [budget(99)]}, "🏦 The server's video budget has money left after this one."),
        (
            {"budgets": [budget(99), budget(100, Period.MONTH, 300), budget(100)]},
            f"🏦 This one uses up the server's video budget. It resets "
            f"<t:{int((NOON + timedelta(hours=300)).timestamp())}:R>.",
        ),
    ],
    ids=range(13),
)
def test_each_thing_has_its_line(values: dict[str, Any], line: str) -> None:
    assert line in said(**values)


@pytest.mark.parametrize(
    ("eta", "line"),
    [
        (Eta(), "⏳ Wait: unknown right now."),
        (
            Eta(expected_at=NOON + timedelta(seconds=92)),
            "⏳ Wait: about 2 minutes, based on earlier videos.",
        ),
        (Eta(3), "⏳ Wait: position 3 in the queue."),
        (
            Eta(3, NOON + timedelta(minutes=5)),
            "⏳ Wait: about 5 minutes, at position 3 in the queue.",
        ),
        (Eta(51), "⏳ Wait: after at least 50 other requests."),
    ],
    ids=range(5),
)
def test_the_wait_is_told_as_far_as_it_is_known(eta: Eta, line: str) -> None:
    assert wait_line(offer(eta=eta)) == line


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "10 seconds"), (1, "10 seconds"), (81, "90 seconds"), (91, "2 minutes"), (149, "2 minutes")],
)
def test_a_wait_in_words(seconds: float, words: str) -> None:
    assert spell_wait(seconds) == words


@given(st.floats(-10, 10_000))
def test_a_wait_is_told_neither_much_too_short_nor_much_too_long(seconds: float) -> None:
    count, unit = spell_wait(seconds).split()
    told = int(count.replace(",", "")) * {"second": 1, "seconds": 1, "minute": 60, "minutes": 60}[unit]
    assert told > 0
    assert seconds - 30 <= told <= max(seconds, 0) + 30


def test_a_longer_prompt_is_in_the_embed() -> None:
    assert render_quote(offer(prompt="x" * 300))["embeds"] == []
    [embed] = render_quote(offer(prompt="x" * 301))["embeds"]
    assert embed.description == "x" * 301


@given(prompt=st.text(min_size=1, max_size=2000), negative=st.text(min_size=1, max_size=1000))
def test_the_longest_offer_fits_a_message(prompt: str, negative: str) -> None:
    card = render_quote(
        offer(
            changed=True,
            recalled=True,
            limit=limit(LimitKind.AT_ONCE, 10**9),
            left=10**9,
            price=1e15,
            prompt=prompt,
            model=CATALOGUE[4].id,
            options={"seed": 2**32 - 1, "negative_prompt": negative},
            pictures=[IMAGE] * 2,
            budgets=[budget(100)],
            eta=Eta(50, NOON + timedelta(hours=9)),
        )
    )
    assert len(card["content"]) <= MESSAGE_LENGTH
    assert "@everyone" not in card["content"]
    assert sum(len(embed) for embed in card["embeds"]) <= 6000


def test_the_widest_words_fit_too() -> None:
    """Every character of these is escaped, so that the text is as long as it can get."""
    card = render_quote(
        offer(
            changed=True,
            recalled=True,
            price=1e15,
            prompt="*" * 2000,
            options={"negative_prompt": "_" * 1000, "seed": 2**32 - 1},
            pictures=[IMAGE] * 2,
            limit=limit(LimitKind.AT_ONCE, 10**9),
            left=10**9,
            budgets=[budget(100)],
            eta=Eta(50, NOON + timedelta(hours=9)),
        )
    )
    assert len(card["content"]) <= MESSAGE_LENGTH, len(card["content"])
