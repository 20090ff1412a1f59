"""What moderators read about the rules there are, as pure text."""

from collections.abc import Collection

import pytest

from bot.moderation.rules import RuleBook
from bot.policy.documents import Budget, LimitKind, MemberPolicy, Period, Rule, Scope
from cogs.quota.rules_text import member_text, rule_lines, why_lines
from tests.cogs.entitlements import FANS, HOUR, MEMBER, NOON, VIP, entitlement, grant, rule, stamp

DAY, WEEK, MONTH, AT_ONCE = LimitKind.DAY, LimitKind.WEEK, LimitKind.MONTH, LimitKind.AT_ONCE
DEFAULT = Rule(scope=Scope.DEFAULT, kind=DAY, most=5)


def test_rules_stand_together_by_whom_they_are_for() -> None:
    rules = (
        rule(1, AT_ONCE, Scope.MEMBER, 5),
        rule(2, DAY, Scope.ROLE, VIP),
        rule(None, WEEK, Scope.MEMBER, 5),
        rule(3, AT_ONCE),
        rule(4, DAY, Scope.ROLE, FANS),
        rule(5),
    )
    budgets = {Period.MONTH: Budget(credits=2_000_000, since=NOON)}
    assert rule_lines(RuleBook(rules, budgets, DEFAULT), {FANS}) == [
        "- The whole server: 5 videos in 24 hours; 3 videos at once",
        "- Role <@&70>: 4 videos in 24 hours",
        "- Deleted role 71 (has no effect): 2 videos in 24 hours",
        "- Member <@5>: any number of videos in 7 days; 1 video at once",
        "- Budget for this month: $1.00 (2,000,000 credits)",
    ]


def test_where_the_roles_are_not_known_none_is_called_deleted() -> None:
    [_, line] = rule_lines(RuleBook((rule(2, DAY, Scope.ROLE, VIP),), {}, DEFAULT), None)
    assert line == "- Role <@&71>: 2 videos in 24 hours"


@pytest.mark.parametrize("rules", [(), (rule(3, WEEK),), (rule(3, DAY, Scope.MEMBER, 5),)])
def test_the_operators_limit_is_told_as_long_as_the_server_has_none(rules: tuple[Rule, ...]) -> None:
    lines = rule_lines(RuleBook(rules, {}, DEFAULT), None)
    assert lines[0] == "- By default: 5 videos in 24 hours (the bot's default)"
    assert "the bot's default" not in "".join(rule_lines(RuleBook((*rules, rule(2)), {}, DEFAULT), None))


WHY: list[tuple[Rule, tuple[Rule, ...], Collection[int], list[str]]] = [
    (DEFAULT, (), (), ["5 (the bot's default)"]),
    (rule(None, WEEK, Scope.DEFAULT), (), (), []),
    (rule(3), (rule(3),), (), ["3 (the server's limit)"]),
    (
        rule(9, DAY, Scope.ROLE, FANS),
        (rule(9, DAY, Scope.ROLE, FANS), rule(2, DAY, Scope.ROLE, VIP), rule(5), rule(7, WEEK)),
        (FANS, VIP),
        ["9 (limit of the role <@&70>, the most generous of 2 roles); overrides 5 for the server"],
    ),
    (
        rule(9, DAY, Scope.ROLE, FANS),
        (rule(9, DAY, Scope.ROLE, FANS), rule(2, DAY, Scope.ROLE, VIP)),
        (FANS,),
        ["9 (limit of the role <@&70>)"],
    ),
    (
        rule(1, DAY, Scope.MEMBER, MEMBER),
        (rule(1, DAY, Scope.MEMBER, MEMBER), rule(None, DAY, Scope.ROLE, FANS), rule(5)),
        (FANS,),
        ["1 (their own limit); overrides unlimited for the role <@&70> and 5 for the server"],
    ),
]


@pytest.mark.parametrize(("winner", "rules", "roles", "words"), WHY)
def test_why_a_rule_wins(
    winner: Rule, rules: tuple[Rule, ...], roles: Collection[int], words: list[str]
) -> None:
    assert list(why_lines(winner, rules, roles)) == words


def test_a_members_limits_are_told_with_their_use_and_the_reasons() -> None:
    rules = (rule(4), rule(2, AT_ONCE, Scope.ROLE, FANS), rule(None, WEEK, Scope.MEMBER, MEMBER))
    stands = entitlement(
        *rules,
        member_policy=MemberPolicy(grants=(grant(1, 3),)),
        used=[NOON - HOUR],
        at_once=1,
        roles=(FANS,),
        spent=3_120_000.0,
    )
    assert member_text(MEMBER, stands, (FANS,)) == (
        f"**Limits of <@4>**\nThey can request 1 video now.\n- Last 24 hours: 1 of 5 used, 4 left.\n"
        f"  - 4 (the server's limit); 1 extra granted\n- Last 7 days: 1 used, no limit.\n"
        f"  - Unlimited (their own limit)\n- Last 30 days: 1 used, no limit.\n"
        f"- At once: 1 of 2 in progress.\n  - 2 (limit of the role <@&70>)\n"
        f"Granted, included above: 1 video until <t:{stamp(3)}:f> (<t:{stamp(3)}:R>).\n"
        f"Their videos from the last 30 days cost $1.56 (3,120,000 credits)."
    )


def test_what_leaves_fewer_than_the_limits_is_told_beside_them() -> None:
    """Else nothing explains why somebody with 12 left can request 3."""
    lines = member_text(MEMBER, entitlement(rule(12), max_waiting=4, in_queue=1), ()).split("\n")
    assert lines[1] == "They can request 3 videos now."
    assert "- Last 24 hours: 0 of 12 used, 12 left." in lines
    assert "- In the queue: 1 of 4." in lines
    assert "In the queue" not in member_text(MEMBER, entitlement(rule(2), max_waiting=4), ())


def test_the_longest_text_fits_into_one_message() -> None:
    big = 2**63 - 1
    rules = [
        made
        for kind in LimitKind
        for made in (
            rule(10_000, kind),
            rule(10_000, kind, Scope.ROLE, big),
            rule(9999, kind, Scope.MEMBER, MEMBER),
        )
    ]
    member_policy = MemberPolicy(grants=tuple(grant(1000, hours) for hours in range(1, 60)))
    stands = entitlement(*rules, member_policy=member_policy, used=[NOON] * 5000, roles=(big,), spent=2e13)
    assert len(member_text(big, stands, (big,))) <= 2000
