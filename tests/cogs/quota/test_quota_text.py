"""What moderators read when they change limits, as pure text."""

from dataclasses import replace

import pytest

from bot.admission.budgets import states_of
from bot.moderation.rules import SERVER, RuleBook, Subject
from bot.policy.documents import Block, Budget, LimitKind, MemberPolicy, Pause, Period, Policy, Rule, Scope
from cogs.quota.member_now import now_text
from cogs.quota.quota_text import budget_text, grant_text, reset_text, set_text, unset_text
from tests.cogs.entitlements import FANS, HOUR, MEMBER, NOON, VIP, entitlement, grant, rule, stamp

DAY, WEEK, MONTH, AT_ONCE = LimitKind.DAY, LimitKind.WEEK, LimitKind.MONTH, LimitKind.AT_ONCE
OF_FANS, OF_MEMBER = Subject(Scope.ROLE, FANS), Subject(Scope.MEMBER, MEMBER)
DEFAULT = Rule(scope=Scope.DEFAULT, kind=DAY, most=5)
RANKING = (
    "A member's own limit comes first, then the most generous of their roles' limits, then the server's."
)


def book(*rules: Rule, **more: object) -> RuleBook:
    return replace(RuleBook(rules, {}, DEFAULT), **more)


@pytest.mark.parametrize(
    ("subject", "who"),
    [(SERVER, "Every member"), (OF_FANS, "Everyone with the role <@&70>"), (OF_MEMBER, "<@4>")],
    ids=str,
)
def test_it_says_for_whom(subject: Subject, who: str) -> None:
    text = set_text(subject, {DAY: 1, AT_ONCE: None}, book())
    assert text == (
        f"✅ **Set.** {who} can have 1 video in 24 hours and any number of videos at once.\n"
        f"No other limits apply."
    )


def test_a_roles_other_limits_are_its_own_and_else_the_servers() -> None:
    rules = (
        rule(3, DAY, Scope.ROLE, FANS),
        rule(9, WEEK, Scope.ROLE, FANS),
        rule(4, WEEK),
        rule(30, MONTH),
        rule(None, AT_ONCE),
    )
    assert set_text(OF_FANS, {DAY: 3}, book(*rules)).split("\n")[1:] == [
        "These limits also apply:",
        "- 9 videos in 7 days: the limit of the role <@&70>",
        "- 30 videos in 30 days: the server's limit",
    ]


def test_budgets_and_blocks_limit_too() -> None:
    blocked = MemberPolicy(block=Block(since=NOON, until=NOON + HOUR))
    full = book(budgets={Period.DAY: Budget(credits=1, since=NOON)}, member_policy=blocked)
    assert set_text(OF_MEMBER, {DAY: 3}, full).split("\n")[1:] == [
        "These limits also apply:",
        "- the server's budget: see `/quota budget`",
        f"- a block until <t:{stamp(1)}:f> (<t:{stamp(1)}:R>)",
    ]


def test_extra_videos_of_a_member_are_told_with_their_limits() -> None:
    own = rule(3, DAY, Scope.MEMBER, MEMBER)
    granted = MemberPolicy(grants=(grant(1, 5), grant(2, 5)))
    limits = entitlement(own, rule(9, WEEK), member_policy=granted).limits
    now = book(own, rule(9, WEEK), limits=limits, member_policy=granted)
    more = "Grants add 3 videos to every window for now."
    assert set_text(OF_MEMBER, {DAY: 3}, now).split("\n")[1:] == [
        "These limits also apply:",
        "- 9 videos in 7 days: the server's limit",
        more,
    ]
    assert unset_text(OF_MEMBER, [rule(2, AT_ONCE, Scope.MEMBER, MEMBER)], now).endswith(f"\n{more}")
    unlimited = entitlement(rule(None), rule(2, AT_ONCE), member_policy=granted).limits
    assert "Grants" not in set_text(OF_MEMBER, {DAY: None}, book(limits=unlimited, member_policy=granted))


@pytest.mark.parametrize(
    ("subject", "who"),
    [
        (SERVER, "2 roles and 1 member"),
        (OF_FANS, "1 other role and 1 member"),
        (OF_MEMBER, None),
    ],
    ids=str,
)
def test_it_says_whose_rules_count_more(subject: Subject, who: str | None) -> None:
    rules = (
        rule(3, DAY, Scope.ROLE, FANS),
        rule(3, DAY, Scope.ROLE, VIP),
        rule(3, DAY, Scope.MEMBER, 9),
        rule(3, WEEK, Scope.MEMBER, 10),
    )
    last = set_text(subject, {DAY: 3}, book(*rules)).split("\n")[-1]
    if who is None:
        assert RANKING not in last
    else:
        assert last == f"`/quota rules` shows the limits of {who} too. {RANKING}"


def test_what_was_taken_away_and_what_limits_now() -> None:
    removed = [rule(3, DAY, Scope.ROLE, FANS), rule(None, AT_ONCE, Scope.ROLE, FANS)]
    assert unset_text(OF_FANS, removed, book()) == (
        "✅ **Removed:** the limits of 3 videos in 24 hours and any number of "
        "videos at once for the role <@&70>.\nThese limits apply now:\n- 5 videos in 24 hours: the bot's "
        "default"
    )
    unlimited = book(rule(None))
    assert unset_text(SERVER, removed[:1], unlimited).endswith("\nNo limits apply now.")


@pytest.mark.parametrize(
    ("subject", "who"),
    [(SERVER, "The server"), (OF_FANS, "The role <@&70>"), (OF_MEMBER, "<@4>")],
    ids=str,
)
def test_where_there_was_nothing_nothing_is_said_to_be_changed(subject: Subject, who: str) -> None:
    assert unset_text(subject, [], book()) == f"{who} has no such limit. Nothing changed."


def test_a_grant_tells_its_end_and_what_can_be_asked_for() -> None:
    given = grant(2, 5)
    stands = entitlement(rule(1), member_policy=MemberPolicy(grants=(given,)), used=[NOON])
    assert grant_text(MEMBER, given, stands) == (
        f"✅ **Granted.** <@4> has 2 extra videos until <t:{stamp(5)}:f> (<t:{stamp(5)}:R>).\n"
        f"They can request 2 videos now."
    )


def test_a_grant_that_outlasts_a_window_is_no_total() -> None:
    given, rules = grant(2, 8 * 24), (rule(1), rule(9, WEEK))
    stands = entitlement(*rules, member_policy=MemberPolicy(grants=(given,)))
    assert grant_text(MEMBER, given, stands).split("\n")[1:] == [
        "That isn't a total: until then, it's added to every window. Their limits are now 3 videos in 24 "
        "hours and 11 videos in 7 days.",
        "They can request 3 videos now.",
    ]
    for limits, hours in ((rules[:1], 23), (rules, 3 * 24), ((rule(None),), 8 * 24)):
        given = grant(2, hours)
        stands = entitlement(*limits, member_policy=MemberPolicy(grants=(given,)))
        assert "total" not in grant_text(MEMBER, given, stands), "a window gives no more than that"


def test_a_reset_says_that_the_money_stays_spent() -> None:
    assert reset_text(MEMBER, entitlement(rule(1))) == (
        "✅ **Reset.** Earlier videos of <@4> no longer count toward their limits. Their cost "
        "still counts toward the budget.\nThey can request 1 video now."
    )


def test_what_keeps_a_member_from_asking() -> None:
    blocked = MemberPolicy(block=Block(since=NOON - HOUR, until=NOON + HOUR))
    paused = Policy(pause=Pause(since=NOON))
    spent = {Period.MONTH: (5.0, 5.0)}
    at = f"<t:{stamp(1)}:f> (<t:{stamp(1)}:R>)"
    cases = {
        "They can't request videos now: /veo is paused on this server.": entitlement(
            policy=paused, member_policy=blocked
        ),
        f"They can't request videos now: they're blocked until {at}.": entitlement(member_policy=blocked),
        "They can't request videos: their limit is 0.": entitlement(rule(0)),
        f"They can't request a video now. They can request another one <t:{stamp(23)}:R>.": entitlement(
            rule(1), used=[NOON - HOUR]
        ),
        "They can't request a video now: one in progress must finish first.": entitlement(
            rule(1, AT_ONCE), at_once=1
        ),
        f"They can't request videos now: the server's budget for this month is used up. It resets "
        f"<t:{stamp(30.5 * 24)}:R>.": entitlement(budgets=spent),
        "They can request 5 videos now.": entitlement(),
        "They can request any number of videos now.": entitlement(rule(None)),
        "They can request 3 videos now.": entitlement(rule(None), max_waiting=3),
        "They can request 1 video now.": entitlement(at_once=3, in_queue=2, max_waiting=3),
        "They can request 5 videos now. Each has to fit into what's left of the server's budget.": (
            entitlement(budgets={Period.DAY: (100, 99)})
        ),
    }
    assert {now_text(stands): words for words, stands in cases.items()} == {words: words for words in cases}


def test_what_waits_for_the_moderators_themselves_is_told_to_them() -> None:
    full_queue = entitlement(at_once=3, in_queue=3, in_review=2, max_waiting=3)
    assert now_text(full_queue) == (
        "They can't request a video now: they already have 3 videos waiting, which is the maximum. 2 of "
        "theirs are waiting for a moderator's approval."
    )
    assert now_text(replace(full_queue, use=full_queue.use._replace(in_review=0))) == (
        "They can't request a video now: they already have 3 videos in the queue, which is the maximum."
    )
    at_once = entitlement(rule(1, AT_ONCE), at_once=1, in_queue=1, in_review=1)
    assert now_text(at_once) == (
        "They can't request a video now: one in progress must finish first. 1 of theirs is waiting for a "
        "moderator's approval."
    )


def test_budgets_tell_what_is_spent_what_is_left_and_when_they_begin_anew() -> None:
    budgets = {Period.DAY: Budget(credits=10_000_000, since=NOON)}
    states = states_of(budgets, {Period.DAY: 12_000_000.0}, NOON)
    assert budget_text({Period.MONTH: None, Period.DAY: 10_000_000.0}, states) == (
        f"✅ **Set.** The server has no monthly budget: it can spend any amount.\n"
        f"✅ **Set.** The server can spend $5.00 (10,000,000 credits) per day.\n"
        f"**Budgets of this server** (days and months start at midnight UTC)\n"
        f"- Today: $6.00 (12,000,000 credits) of $5.00 (10,000,000 credits) spent or reserved, $0.00 (0 "
        f"credits) left. Resets <t:{stamp(12)}:R>.\n- This month: no budget"
    )
