"""What moderators read of rules that would have kept the last 30 days within a sum."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.admission.replay import PastRequest, RuleSet
from bot.money import to_credits
from bot.policy.documents import Policy
from bot.preview.history import SPAN, History, Span
from bot.preview.suggesting import suggest
from cogs.quota.suggestions import suggestions_text

NOW = datetime(2026, 4, 29, 12, tzinfo=UTC)  # its 30 days lie in one calendar month
DOLLAR = to_credits(1.0)


def history_of(members: Sequence[int], apart: timedelta) -> History:
    """Return a video of each member for a dollar, one after the other."""
    begin = NOW - timedelta(days=25)
    requests = [
        PastRequest(f"{number:016x}", member, at, DOLLAR, DOLLAR, at, True)  # noqa: FBT003 it counts
        for number, member in enumerate(members)
        if (at := begin + number * apart)
    ]
    return History(requests, Span(NOW - SPAN, NOW - SPAN, NOW))


def told(
    amount: float,
    *members: int,
    apart: timedelta = timedelta(minutes=1),
    daily_limit: int | None = None,
) -> list[str]:
    """Return what is suggested to keep these videos within so many dollars, without the last line."""
    rules = RuleSet(Policy(), daily_limit)
    suggestions = suggest(history_of(members, apart), rules, to_credits(amount))
    *lines, end = suggestions_text(suggestions).split("\n")
    assert end.startswith("-# Nothing is saved.")
    return lines


def test_three_rules_are_suggested_each_with_whom_it_would_have_refused_most() -> None:
    refused = "In the last 30 days it would have refused **{} by **{} members** and saved about **${}.00**."
    by_limit = [refused.format("9 of 17 requests**", 3, 9), "Most affected: <@1> (6), <@2> (2), <@3> (1)."]
    first = ["🔎 **Within $10.00:** the last 30 days cost $17.00. Each of these is enough:"]
    assert told(10.0, *[1] * 8, *[2] * 4, *[3] * 3, *[4] * 2) == [
        *first,
        f"**1. 2 videos in 24 hours for every member.** {by_limit[0]}",
        by_limit[1],
        f"**2. 2 videos in 7 days for every member.** {by_limit[0]}",
        by_limit[1],
        "**3. Monthly budget: $10.00.** " + refused.format("7 of 17 requests**", 3, 7),
        "Most affected: <@3> (3), <@2> (2), <@4> (2).",
    ]


def test_two_are_suggested_where_no_daily_limit_is_enough() -> None:
    lines = told(8.0, *[1, 2] * 5, apart=timedelta(days=2))
    assert [line.split(".**")[0] for line in lines if line[:2] == "**"] == [
        "**1. 1 video in 7 days for every member",
        "**2. Monthly budget: $8.00",
    ]


def test_what_each_one_saves_adds_up_with_what_the_current_rules_save() -> None:
    """$7 less $2 is more than $3: the current limit saves the other $2."""
    lines = told(3.0, *[1] * 4, *[2] * 3, daily_limit=2)
    assert lines[:2] == [
        "🔎 **Within $3.00:** the last 30 days cost $7.00. Each of these is enough:",
        "The current rules would have kept them at $4.00. What each one saves comes on top of that.",
    ]
    assert lines[2].startswith("**1. 1 video in 24 hours for every member.** ")
    assert lines[2].endswith("saved about **$2.00**.")
