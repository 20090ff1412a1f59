"""The ladder of strikes as moderators type and read it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInputError
from bot.policy.documents import Step, StrikeRules
from cogs.moderation.ladder import checked_days, ladder_text, parse_ladder

HOUR, DAY = 3600, 86400


@pytest.mark.parametrize(
    "text",
    [
        "3: 1h, 5: 1 day, 8: moderator",
        "3:1h;5:24h;8:∞",
        "3=1 hour, 5=1d, 8=until a moderator decides",
        "3: 30m, 30m, 5: 1 day, 8: FOREVER",
    ],
)
def test_a_ladder_is_understood(text: str) -> None:
    expected = (Step(strikes=3, pause=HOUR), Step(strikes=5, pause=DAY), Step(strikes=8, pause=None))
    assert parse_ladder(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("many", "3", "3: ", ": 1h", "3: x", "0: 1h", "101: 1h", "5: 1h, 3: 1 day", "3: 1h, 3: 1 day"),
        *("3: 1 day, 5: 1h", "3: moderator, 5: 1h", "3: 0h"),
        ", ".join(f"{number}: 1h" for number in range(1, 12)),
    ],
)
def test_what_is_no_ladder_is_refused(text: str) -> None:
    with pytest.raises(BadInputError):
        parse_ladder(text)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_ladder_that_climbs_or_refused(text: str) -> None:
    try:
        steps = parse_ladder(text)
    except BadInputError:
        return
    assert StrikeRules.model_validate({"steps": [step.model_dump() for step in steps]}).steps == steps


@pytest.mark.parametrize("days", [0, -1, 31])
def test_days_that_discord_does_not_offer_are_refused(days: int) -> None:
    with pytest.raises(BadInputError):
        checked_days(days)
    assert checked_days(30) == 30
    assert checked_days(None) is None


def test_it_is_told_in_words() -> None:
    assert ladder_text(StrikeRules()) == (
        "strikes within 7 days, 3: 1 hour, 5: 1 day and 8: until a moderator ends it"
    )
