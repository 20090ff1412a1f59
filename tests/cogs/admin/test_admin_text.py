"""What moderators read about strikes. Pure text."""

from bot.moderation.strikes import StrikesNow
from bot.policy.documents import Step, StrikeRules
from cogs.admin.admin_text import rules_text


def first_line(rules: StrikeRules) -> str:
    return rules_text(StrikesNow(rules)).splitlines()[0]


def test_the_ladder_is_told_in_a_sentence_and_claims_nothing_of_older_strikes() -> None:
    assert first_line(StrikeRules()) == (
        "⚖️ **Strikes are on:** 3 strikes block a member for 1 hour, 5 for 1 day and 8 until a moderator "
        "ends it. A new strike fades after 7 days."
    )
    assert first_line(StrikeRules(days=1, steps=(Step(strikes=1, pause=None),))) == (
        "⚖️ **Strikes are on:** 1 strike blocks a member until a moderator ends it. A new strike fades after "
        "1 day."
    )
