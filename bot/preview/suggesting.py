"""Rules that would have kept a server's last 30 days within a sum. Pure."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.admission.replay import PastRequest, RuleSet, replay
from bot.db.models import NOBODY
from bot.policy.documents import LimitKind, Period, Policy, Scope
from bot.preview.comparison import Comparison, compare
from bot.preview.history import History
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
    """What would have kept the requests within a sum.

    Attributes:
        amount: the sum, in credits.
        spent: what the requests cost, in credits.
        now: what the rules as they are now would have done.
        found: the changes; none where none is needed, or none of these kinds is enough.
        has_own_limits: there are limits of roles or members, which a limit for every member doesn't change.
    """

    amount: float
    spent: float
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
        return self.spent - self.now.saved <= self.amount


def widest(amount: float) -> Proposal:
    """Return a change that counts requests for as long as any that is suggested."""
    return Proposal(limits=dict.fromkeys(LIMITS, 0), budgets={Period.MONTH: amount})


def suggest(history: History, rules: RuleSet, amount: float, now: datetime) -> Suggestions:
    """Return changes of the server's rules that keep the history within `amount` credits.

    The limits are the highest that do. A month's budget holds for calendar months, of which 30 days touch
    two: where it isn't enough, it's a day's budget. None is laxer than what holds now.

    Raises:
        BadInputError: there would be too many rules.
    """
    asked = [request for request in history.requests if request.created_at >= history.start]
    spent = sum(request.cost for request in asked)
    as_now = compare(history, rules, rules.policy, now)
    none = Suggestions(amount, spent, as_now)
    if none.is_kept or none.is_kept_now:
        return none

    def keeps(proposal: Proposal) -> bool:
        new = replace(rules, policy=proposal.applied_to(rules.policy, now))
        refused = replay(history.requests, history.start, new)
        is_enough = spent - sum(request.cost for request in refused) <= amount
        return is_enough and len(refused) < len(asked)  # no video at all is no suggestion

    limits = [_highest(kind, _most(kind, rules, asked), keeps) for kind in LIMITS]
    budgets = {Period.MONTH: amount, Period.DAY: amount // DAYS}
    stricter = [
        Proposal(budgets={period: most})
        for period, most in budgets.items()
        if _is_stricter(rules, period, most)
    ]
    found = [
        Suggestion(proposal, compare(history, rules, proposal.applied_to(rules.policy, now), now))
        for proposal in (*limits, next(filter(keeps, stricter), None))
        if proposal is not None
    ]
    return replace(none, found=found, has_own_limits=_has_own_limits(rules.policy))


def _highest(kind: LimitKind, most: int, keeps: Callable[[Proposal], bool]) -> Proposal | None:
    """Return the highest limit for every member that is enough, or None; `most`: the highest to look at."""
    found, low, high = None, 1, most
    while low <= high:
        middle = (low + high) // 2
        proposal = Proposal(limits={kind: middle})
        if keeps(proposal):
            found, low = proposal, middle + 1
        else:
            high = middle - 1
    return found


def _most(kind: LimitKind, rules: RuleSet, asked: Sequence[PastRequest]) -> int:
    """Return the highest limit that stops anybody, and more than what holds now does."""
    counts = Counter(request.user_id for request in asked if request.user_id != NOBODY)
    rule = rules.policy.find_rule(Scope.SERVER, 0, kind)
    holding = rules.daily_limit if rule is None and kind is LimitKind.DAY else rule and rule.most
    most = max(counts.values(), default=0)
    return (most if holding is None else min(most, holding)) - 1


def _is_stricter(rules: RuleSet, period: Period, most: float) -> bool:
    budget = rules.policy.budgets.get(period)
    return budget is None or most < budget.credits


def _has_own_limits(policy: Policy) -> bool:
    return any(rule.scope in {Scope.ROLE, Scope.MEMBER} for rule in policy.rules)
