"""Rules that would have kept a server's last 30 days within a sum. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.admission.replay import RuleSet, replay
from bot.db.models import NOBODY
from bot.moderation.rules import MAX_RULES, with_budget
from bot.policy.documents import Budget, LimitKind, Period, Policy, Rule, Scope
from bot.preview.comparison import Comparison
from bot.preview.history import History
from bot.preview.limits import compare
from bot.preview.proposal import Proposal

DAYS = 31  # calendar days that 30 days can touch, each of which may take a day's budget
LIMITS = (LimitKind.DAY, LimitKind.WEEK)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One change of the rules, and what it would have done."""

    proposal: Proposal
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The limits that would have kept the requests within a sum.

    Attributes:
        amount: the sum, in credits.
        spent: what the requests cost, in credits.
        now: what the rules as they are now would have done.
        found: the changes; none where none is needed, or none of these kinds is enough.
        has_own_limits: there are limits of roles or members, which a limit for every member doesn't change.
        kept_now: what they'd cost under the rules as they are now, in credits.
    """

    amount: float
    spent: float
    kept_now: float
    now: Comparison
    found: Sequence[Suggestion] = ()
    has_own_limits: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether the requests cost no more than that."""
        return self.spent <= self.amount

    @property
    def is_kept_now(self) -> bool:
        """Whether they'd cost no more under the rules as they are now."""
        return self.kept_now <= self.amount


def widest(policy: Policy, amount: float, now: datetime) -> Policy:
    """Return a document that counts requests for as long as any that is suggested.

    It's only there to say how long that is, so it may have more rules than one can have.
    """
    for kind in LIMITS:
        policy = policy.with_rule(Rule(scope=Scope.SERVER, kind=kind, most=0))
    return with_budget(policy, Period.MONTH, Budget(credits=amount, since=now))


def suggest(history: History, rules: RuleSet, amount: float) -> Suggestions:
    """Return changes of the server's rules that keep the history within `amount` credits.

    The limits are the highest that do. A month's budget holds for calendar months, of which 30 days touch
    two: where it isn't enough, it's a day's budget. None is laxer than what holds now, and none is a limit
    for which there are too many rules.
    """
    asked, now = history.asked, history.span.end
    spent = sum(request.cost for request in asked)

    def cost_under(policy: Policy) -> float:
        refused = replay(history.requests, history.span.start, replace(rules, policy=policy))
        return spent - sum(request.cost for request in refused)

    def is_enough(proposal: Proposal) -> bool:
        return cost_under(proposal.applied_to(rules.policy, now)) <= amount

    none = Suggestions(amount, spent, cost_under(rules.policy), compare(history, rules, rules.policy))
    if none.is_kept or none.is_kept_now:
        return none

    def compared(proposals: Iterable[Proposal | None]) -> list[Suggestion]:
        each = [
            Suggestion(proposal, compare(history, rules, proposal.applied_to(rules.policy, now)))
            for proposal in proposals
            if proposal is not None
        ]
        return [one for one in each if len(one.comparison.refused) < len(asked)]  # no video at all is none

    possible = [kind for kind in LIMITS if _has_room(rules.policy, kind)]
    limits = [_highest(kind, _max_limit(kind, rules, history), is_enough) for kind in possible]
    budgets = filter(is_enough, _stricter_budgets(rules, amount))
    found = [*compared(limits), *compared(budgets)[:1]]
    has_own_limits = any(rule.scope in {Scope.ROLE, Scope.MEMBER} for rule in rules.policy.rules)
    return replace(none, found=found, has_own_limits=has_own_limits)


def _stricter_budgets(rules: RuleSet, amount: float) -> list[Proposal]:
    budgets = {Period.MONTH: amount, Period.DAY: amount // DAYS}
    return [
        Proposal(budgets={period: proposed})
        for period, proposed in budgets.items()
        if (budget := rules.policy.budgets.get(period)) is None or proposed < budget.credits
    ]


def _highest(kind: LimitKind, max_limit: int, is_enough: Callable[[Proposal], bool]) -> Proposal | None:
    """Return the highest limit for every member that is enough, or None; `max_limit`: where to begin."""
    found, low, high = None, 1, max_limit
    while low <= high:
        middle = (low + high) // 2
        proposal = Proposal(limits={kind: middle})
        if is_enough(proposal):
            found, low = proposal, middle + 1
        else:
            high = middle - 1
    return found


def _has_room(policy: Policy, kind: LimitKind) -> bool:
    """Whether the server can have a limit of this kind."""
    return policy.find_rule(Scope.SERVER, 0, kind) is not None or len(policy.rules) < MAX_RULES


def _max_limit(kind: LimitKind, rules: RuleSet, history: History) -> int:
    """Return the highest limit that can stop anybody, and more than what holds now does.

    What was made before the requests that are asked again fills a limit, too.
    """
    counts = Counter(request.user_id for request in history.requests if request.user_id != NOBODY)
    rule = rules.policy.find_rule(Scope.SERVER, 0, kind)
    holding = rules.daily_limit if rule is None and kind is LimitKind.DAY else rule and rule.most
    used = max(counts.values(), default=0)
    return (used if holding is None else min(used, holding)) - 1
