"""What moderators may type about whose requests wait for them."""

import pytest

from bot.errors import BadInputError
from bot.policy.documents import Reviewed, ReviewRule
from cogs.moderation.review_setting import complete_review, parse_review, review_text

SERVER, ROLE = 10**17, 10**17 + 1


def new(days: int, videos: int) -> ReviewRule:
    return ReviewRule(who=Reviewed.NEWCOMERS, days=days, videos=videos)


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("nobody", None),
        ("OFF", None),
        ("everybody", ReviewRule(who=Reviewed.EVERYBODY)),
        (f"<@&{SERVER}>", ReviewRule(who=Reviewed.EVERYBODY)),
        (f" <@&{ROLE}> ", ReviewRule(who=Reviewed.ROLE, role_id=ROLE)),
        (f"{ROLE}", ReviewRule(who=Reviewed.ROLE, role_id=ROLE)),
        ("newcomers", new(7, 3)),
        ("Newcomers: 14 days or 5 videos", new(14, 5)),
        ("newcomers: under 1 day here", new(1, 0)),
        ("newcomers: under 7 days here or under 3 videos", new(7, 3)),
        ("newcomers 1 day", new(1, 0)),
        ("newcomers 30d", new(30, 0)),
        ("newcomers 1 video", new(0, 1)),
        ("newcomers 366 days, 1000 videos", new(366, 1000)),
    ],
)
def test_it_is_understood(typed: str, rule: ReviewRule | None) -> None:
    assert parse_review(typed, SERVER, [SERVER, ROLE]) == rule


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "some people",
        "newcomers 0 days",
        "newcomers 367 days",
        "newcomers 1001 videos",
        "@mods",
        f"<@&{ROLE}9>",
    ],
)
def test_nothing_else_is(typed: str) -> None:
    with pytest.raises(BadInputError, match=r"Nothing changed\.$"):
        parse_review(typed, SERVER, [ROLE])


def test_it_is_said_and_logged_in_the_same_words() -> None:
    for rule in (new(7, 3), new(1, 0), new(0, 1), ReviewRule(who=Reviewed.ROLE, role_id=ROLE)):
        assert review_text(rule) == review_text(rule.model_dump(mode="json"))
    assert review_text(new(7, 3)) == "newcomers: under 7 days here or under 3 videos"
    assert review_text(new(1, 0)) == "newcomers: under 1 day here"
    assert review_text(new(0, 1)) == "newcomers: under 1 video"


def test_what_is_offered_is_understood() -> None:
    for choice in complete_review(""):
        parse_review(choice.value, SERVER, [])
    assert [choice.value for choice in complete_review("New")] == ["newcomers"]
