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
        spent: what the requests cost without a change, in credits.
        found: the changes; none where none is needed, or none of these kinds is enough.
        has_own_limits: there are limits of roles or members, which a limit for every member doesn't change.
    """

    amount: float
    spent: float
    found: Sequence[Suggestion] = ()
    has_own_limits: bool = False


def widest(amount: float) -> Proposal:
    """Return a change that counts requests for as long as any that is suggested."""
    return Proposal(limits=dict.fromkeys(LIMITS, 0), budgets={Period.MONTH: amount})


def suggest(history: History, rules: RuleSet, amount: float, now: datetime) -> Suggestions:
    """Return changes of the server's rules that keep the history within `amount` credits.

    The limits are the highest that do. A month's budget holds for calendar months, of which 30 days touch
    two: where it isn't enough, it's a day's budget.

    Raises:
        BadInputError: there would be too many rules.
    """
    asked = [request for request in history.requests if request.created_at >= history.start]
    spent = sum(request.cost for request in asked)
    if spent <= amount:
        return Suggestions(amount, spent)

    def keeps(proposal: Proposal) -> bool:
        new = replace(rules, policy=proposal.applied_to(rules.policy, now))
        refused = replay(history.requests, history.start, new)
        is_enough = spent - sum(request.cost for request in refused) <= amount
        return is_enough and len(refused) < len(asked)  # no video at all is no suggestion

    limits = [_highest(kind, _most_of_one(asked), keeps) for kind in LIMITS]
    budgets = [Proposal(budgets={Period.MONTH: amount}), Proposal(budgets={Period.DAY: amount // DAYS})]
    budget = next(filter(keeps, budgets), None)
    found = [
        Suggestion(proposal, compare(history, rules, proposal.applied_to(rules.policy, now), now))
        for proposal in (*limits, budget)
        if proposal is not None
    ]
    return Suggestions(amount, spent, found, _has_own_limits(rules.policy))


def _highest(kind: LimitKind, most: int, keeps: Callable[[Proposal], bool]) -> Proposal | None:
    """Return the highest limit for every member that is enough, or None; `most`: one that stops nobody."""
    found, low, high = None, 1, most
    while low <= high:
        middle = (low + high) // 2
        proposal = Proposal(limits={kind: middle})
        if keeps(proposal):
            found, low = proposal, middle + 1
        else:
            high = middle - 1
    return found


def _most_of_one(asked: Sequence[PastRequest]) -> int:
    counts = Counter(request.user_id for request in asked if request.user_id != NOBODY)
    return max(counts.values(), default=0)


def _has_own_limits(policy: Policy) -> bool:
    return any(rule.scope in {Scope.ROLE, Scope.MEMBER} for rule in policy.rules)
