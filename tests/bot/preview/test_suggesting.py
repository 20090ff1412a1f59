"""What is suggested keeps the past within the sum, and no higher limit would have."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.admission.replay import PastRequest, RuleSet, replay
from bot.moderation.rules import MAX_RULES
from bot.policy.documents import LimitKind, Period, Policy, Rule, Scope
from bot.preview.history import SPAN, History, Span
from bot.preview.proposal import Proposal
from bot.preview.suggesting import suggest, widest

NOW = datetime(2026, 4, 15, 12, 30, tzinfo=UTC)
START = NOW - SPAN
HOURS = int(SPAN.total_seconds()) // 3600
EARLIER = 7 * 24  # hours before the beginning, of which limits count what was made then


def history_of(*wishes: tuple[int, int]) -> History:
    """Return videos of 2 credits, by members at so many hours after the beginning, or before it."""
    ordered = sorted(wishes, key=lambda wish: wish[1])
    requests = [
        PastRequest(f"{number:016x}", member, at, 2.0, 2.0, at, True)  # noqa: FBT003 it counts
        for number, (member, hours) in enumerate(ordered)
        if (at := START + timedelta(hours=hours))
    ]
    return History(requests, Span(START - timedelta(hours=EARLIER), START, NOW))


def cost_under(history: History, policy: Policy) -> float:
    """Return what the requests since the beginning would have cost under other rules."""
    refused = replay(history.requests, START, RuleSet(policy, None))
    asked = [request for request in history.requests if request.created_at >= START]
    return sum(request.cost for request in asked) - sum(request.cost for request in refused)


@given(
    wishes=st.lists(st.tuples(st.integers(1, 3), st.integers(-EARLIER, HOURS)), max_size=40),
    amount=st.integers(0, 80).map(float),
)
def test_each_suggestion_is_enough_and_no_higher_limit_is(
    wishes: list[tuple[int, int]], amount: float
) -> None:
    history, rules = history_of(*wishes), RuleSet(Policy(), None)
    suggestions = suggest(history, rules, amount)
    assert suggestions.spent == 2.0 * sum(hours >= 0 for _, hours in wishes)
    assert suggestions.spent > amount or not suggestions.found
    for suggestion in suggestions.found:
        proposal = suggestion.proposal
        assert cost_under(history, proposal.applied_to(Policy(), NOW)) <= amount
        assert suggestion.comparison.saved >= suggestions.spent - amount
        for kind, most in proposal.limits.items():
            higher = Rule(scope=Scope.SERVER, kind=kind, most=(most or 0) + 1)
            assert cost_under(history, Policy(rules=(higher,))) > amount, f"{kind} could be higher"


def test_no_suggestion_is_laxer_than_what_holds() -> None:
    history = history_of(*((1, 24 * day + hour) for day in range(28) for hour in range(5)))

    def suggested(policy: Policy, amount: float) -> list[Proposal]:
        return [each.proposal for each in suggest(history, RuleSet(policy, None), amount).found]

    two_a_day = Proposal(limits={LimitKind.DAY: 2}).applied_to(Policy(), NOW)
    assert suggested(two_a_day, 112.0) == [], "two a day for 28 days cost that already"
    stricter = suggested(two_a_day, 111.0)
    assert stricter[0] == Proposal(limits={LimitKind.DAY: 1})
    assert all(limit < 14 for each in stricter for limit in each.limits.values() if limit), stricter
    small = Proposal(budgets={Period.MONTH: 60.0}).applied_to(Policy(), NOW)
    assert [each.budgets for each in suggested(small, 100.0) if each.budgets] == [{Period.DAY: 100 // 31}]


def test_a_budget_for_a_calendar_month_gives_way_to_a_daily_one_where_the_days_lie_in_two_months() -> None:
    history = history_of(*((1, hours) for hours in (*range(60), *range(HOURS - 60, HOURS))))
    found = suggest(history, RuleSet(Policy(), None), 200.0).found
    assert [each.proposal.budgets for each in found if each.proposal.budgets] == [{Period.DAY: 200 // 31}]
    assert suggest(history, RuleSet(Policy(), None), 1.0).found == [], "no video at all is suggested"


def test_limits_are_for_every_member_and_leave_out_those_with_their_own() -> None:
    history = history_of(*((member, hours) for member in (1, 2) for hours in range(6)))
    own = Policy(rules=(Rule(scope=Scope.MEMBER, subject_id=1, kind=LimitKind.DAY, most=None),))
    suggestions = suggest(history, RuleSet(own, None), 16.0)
    assert suggestions.has_own_limits
    assert suggestions.found[0].proposal.limits == {LimitKind.DAY: 2}


def test_what_was_made_before_fills_the_week_whose_limit_is_suggested() -> None:
    history = history_of(*((1, -24 * day) for day in range(1, 6)), (1, 1), (1, 2))
    found = suggest(history, RuleSet(Policy(), None), 2.0).found
    assert [each.proposal.limits for each in found if LimitKind.WEEK in each.proposal.limits] == [
        {LimitKind.WEEK: 6}
    ]


def test_a_server_with_as_many_rules_as_there_can_be_is_told_what_needs_no_more() -> None:
    history = history_of(*((1, hours) for hours in range(6)))
    full = Policy(
        rules=tuple(
            Rule(scope=Scope.ROLE, subject_id=role + 1, kind=LimitKind.DAY, most=5)
            for role in range(MAX_RULES)
        )
    )

    def suggested(policy: Policy) -> list[Proposal]:
        return [each.proposal for each in suggest(history, RuleSet(policy, None), 8.0).found]

    assert suggested(full) == [Proposal(budgets={Period.MONTH: 8.0})]
    limited = full.model_copy(
        update={"rules": (*full.rules[1:], Rule(scope=Scope.SERVER, kind=LimitKind.DAY, most=9))}
    )
    assert Proposal(limits={LimitKind.DAY: 4}) in suggested(limited)
    assert len(widest(full, 8.0, NOW).rules) == MAX_RULES + 2
