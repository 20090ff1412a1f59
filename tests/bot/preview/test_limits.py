"""A change of the rules is compared as if the past were played once with it and once without."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.admission.replay import PastRequest, RuleSet, replay
from bot.db.models import NOBODY
from bot.policy.documents import Budget, LimitKind, Period, Policy, Rule, Scope
from bot.preview.history import History, Span
from bot.preview.limits import compare

START = datetime(2026, 3, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPAN = Span(START - 24 * HOUR, START, START + 72 * HOUR)
ROLES = {11: frozenset({77}), 12: frozenset({78}), 13: frozenset[int]()}


def made(wishes: list[tuple[int, int, int, bool]]) -> list[PastRequest]:
    """Return requests for 2 credits each: their member, time, length, and whether they count."""
    requests: list[PastRequest] = []
    for number, (user_id, hours, lasts, counts) in enumerate(sorted(wishes, key=lambda wish: wish[1])):
        at = SPAN.first + hours * HOUR
        cost = 2.0 if counts else 0.0
        requests.append(PastRequest(str(number), user_id, at, 2.0, cost, at + lasts * HOUR, counts))
    return requests


def budgets_of(amount: int) -> dict[Period, Budget]:
    return {Period.DAY: Budget(credits=float(amount), since=START)}


def policy_of(rules: list[Rule], budgets: dict[Period, Budget]) -> Policy:
    policy = Policy(budgets=budgets)
    for rule in rules:
        policy = policy.with_rule(rule)
    return policy


def rule_of(subject: tuple[Scope, int], kind: LimitKind, most: int) -> Rule:
    return Rule(scope=subject[0], subject_id=subject[1], kind=kind, most=most)


subjects = st.sampled_from([(Scope.SERVER, 0), (Scope.ROLE, 77), (Scope.ROLE, 78), (Scope.MEMBER, 13)])
rules = st.builds(rule_of, subjects, st.sampled_from(LimitKind), st.integers(0, 3))
budgets = st.just(dict[Period, Budget]()) | st.integers(0, 20).map(budgets_of)
wishes = st.tuples(st.sampled_from([*ROLES, NOBODY]), st.integers(0, 95), st.integers(0, 3), st.booleans())


@given(
    st.lists(wishes, min_size=10, max_size=40).map(made),
    st.lists(rules, max_size=3),
    st.lists(rules, max_size=2),
    st.tuples(budgets, budgets),
)
def test_what_the_change_refuses_is_what_its_rules_refuse(
    requests: list[PastRequest], old: list[Rule], new: list[Rule], money: tuple[dict[Period, Budget], ...]
) -> None:
    before, after = policy_of(old, money[0]), policy_of([*old, *new], money[1])
    comparison = compare(History(requests, SPAN), RuleSet(before, 2, {}, ROLES), after)
    now, then = (replay(requests, START, RuleSet(policy, 2, {}, ROLES)) for policy in (before, after))
    assert comparison.refused == [request.created_at for request in then]
    assert comparison.refused_now == len(now)
    assert comparison.refused_twice == len({*now} & {*then})
    assert comparison.saved == sum(request.cost for request in then if request not in now)
