"""What /usage says, as pure text."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.policy.documents import Block, LimitKind, MemberPolicy, Pause, Period, Policy
from cogs.usage.usage_text import usage_text
from tests.cogs.entitlements import HOUR, NOON, entitlement, grant, rule, stamp

WEEK, MONTH, AT_ONCE = LimitKind.WEEK, LimitKind.MONTH, LimitKind.AT_ONCE


def test_only_what_limits_is_listed() -> None:
    text = usage_text(entitlement(rule(20, WEEK), rule(2, AT_ONCE), used=[NOON - 30 * HOUR], at_once=1))
    assert text == (
        f"**Your videos on this server**\nYou can request 1 video now.\n"
        f"- Last 24 hours: 0 of 5 used, 5 left.\n"
        f"- Last 7 days: 1 of 20 used, 19 left. The oldest one stops counting <t:{stamp(7 * 24 - 30)}:R>.\n"
        f"- At once: 1 of 2 in progress."
    )


def test_the_limit_with_the_fewest_places_decides() -> None:
    used = [NOON - hours * HOUR for hours in (1, 2, 40)]
    assert "You can request 1 video now." in usage_text(entitlement(rule(4, WEEK), used=used))


@pytest.mark.parametrize("most", [9, None])
def test_no_more_is_promised_than_may_wait_in_the_queue(most: int | None) -> None:
    stands = entitlement(rule(most), used=[NOON], at_once=1, in_queue=1, max_waiting=3)
    text = usage_text(stands)
    assert "You can request 2 videos now." in text
    assert "\n- In the queue: 1 of 3." in text


def test_what_is_being_made_takes_no_place_in_the_queue() -> None:
    stands = entitlement(rule(9), used=[NOON] * 3, at_once=3, in_queue=1, max_waiting=7)
    assert "You can request 6 videos now." in usage_text(stands)
    assert "In the queue" not in usage_text(stands), "the limit leaves as few"
    assert "You can request 3 videos now." in usage_text(replace(stands, max_waiting=4))


def test_where_a_grant_ends_before_the_next_place_frees_nothing_is_promised() -> None:
    member_policy = MemberPolicy(grants=(grant(1, 2),))
    text = usage_text(entitlement(rule(1), used=[NOON - HOUR], member_policy=member_policy))
    assert "- Last 24 hours: 1 of 2 used, 1 left.\n" in text


def test_of_an_exceeded_limit_the_time_is_told_when_it_truly_frees() -> None:
    used = [NOON - hours * HOUR for hours in (20, 10, 5)]
    text = usage_text(entitlement(rule(2), used=used))
    assert f"- Last 24 hours: 3 of 2 used, 0 left. This limit allows another one <t:{stamp(14)}:R>." in text


def test_another_one_is_promised_only_when_all_limits_allow_it() -> None:
    used = [NOON - hours * HOUR for hours in (1, 2)]
    text = usage_text(entitlement(rule(2), rule(2, WEEK), used=used))
    promises = [line for line in text.split("\n") if "You can request another one" in line]
    assert promises == [
        "You've used your 2 videos for the last 24 hours and your 2 videos for the last 7 days. You can "
        f"request another one <t:{stamp(7 * 24 - 2)}:R>."
    ], "a day's limit allows one sooner, and the week's doesn't"
    assert f"- Last 24 hours: 2 of 2 used, 0 left. This limit allows another one <t:{stamp(22)}:R>." in text


def test_no_later_time_is_told_for_another_one_where_there_is_one_now() -> None:
    text = usage_text(entitlement(used=[NOON - HOUR]))
    assert "You can request 4 videos now." in text
    assert "another one" not in text


def test_many_grants_are_cut_to_the_first_that_end() -> None:
    grants = tuple(grant(number, 10 - number) for number in range(1, 9))
    text = usage_text(entitlement(member_policy=MemberPolicy(grants=(*grants, grant(100, 0)))))
    told = [line for line in text.split("\n") if "ranted" in line]
    assert told[0] == f"Granted, included above: 8 videos until <t:{stamp(2)}:f> (<t:{stamp(2)}:R>)."
    assert told[-1] == "Also granted: 6 videos, ending later."
    assert len(told) == 6
    assert "0 of 41 used" in text, "what is counted in is not what is told"


def test_a_limit_of_zero_says_that_no_place_frees() -> None:
    assert "The moderators set your limit to 0 videos" in usage_text(entitlement(rule(0)))


@pytest.mark.parametrize(
    ("budgets", "words"),
    [
        (
            {Period.DAY: (100, 99)},
            "The server's video budget has money left. Each video has to fit into it.",
        ),
        (
            {Period.DAY: (100, 100)},
            "This server's video budget for today is used up. The budget resets",
        ),
        ({Period.DAY: (9, 9), Period.MONTH: (9, 9)}, "for this month is used up."),
    ],
)
def test_the_budget_is_told_without_sums(budgets: dict[Period, tuple[float, float]], words: str) -> None:
    text = usage_text(entitlement(budgets=budgets))
    assert words in text
    assert "$" not in text
    assert ("You can request" in text) == ("has money left" in text)


def test_a_used_up_budget_is_told_besides_another_reason() -> None:
    text = usage_text(entitlement(rule(0), budgets={Period.DAY: (100, 100)}))
    assert "set your limit to 0" in text.split("\n")[1]
    assert text.count("for today is used up") == 1


def test_a_pause_is_told_before_a_block() -> None:
    member_policy = MemberPolicy(block=Block(since=NOON - HOUR, until=NOON + HOUR, reason="spam"))
    text = usage_text(
        entitlement(member_policy=member_policy, policy=Policy(pause=Pause(since=NOON, reason="tea")))
    )
    assert text.split("\n")[1] == ("The moderators have paused /veo on this server. Reason: “tea”.")
    text = usage_text(entitlement(member_policy=member_policy))
    assert text.split("\n")[1] == (
        "You're blocked from /veo on this server. Reason: “spam”. The block lasts until "
        f"<t:{stamp(1)}:f> (<t:{stamp(1)}:R>)."
    )


def test_a_block_that_has_ended_is_not_told() -> None:
    member_policy = MemberPolicy(block=Block(since=NOON - HOUR, until=NOON))
    assert "You can request 5 videos now." in usage_text(entitlement(member_policy=member_policy))


def test_the_longest_text_fits_into_one_message() -> None:
    rules = [rule(10_000, kind) for kind in LimitKind]
    grants = tuple(grant(1000, hours) for hours in range(1, 60))
    member_policy = MemberPolicy(block=Block(since=NOON, reason="*" * 300), grants=grants)
    used = [NOON - timedelta(minutes=1)] * 5000
    full = entitlement(
        *rules,
        member_policy=member_policy,
        used=used,
        at_once=5000,
        budgets=dict.fromkeys(Period, (1.0, 1.0)),
        spent=2e13,
    )
    assert len(usage_text(full)) <= 2000
