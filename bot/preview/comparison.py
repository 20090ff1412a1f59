"""What a change would have done, in numbers. Pure."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.admission.limits import Limit
from bot.admission.replay import PastRequest, RuleSet, replay
from bot.db.models import NOBODY
from bot.policy.documents import Policy, Scope
from bot.preview.daily import BOTH, ONLY_NOW, ONLY_THEN, Day, days_of, total
from bot.preview.history import History


@dataclass(frozen=True, slots=True)
class Comparison:
    """What rules with a change would have done since `start`.

    Attributes:
        requests: how many were made.
        refused: which of them would have been refused.
        refused_now: how many the rules without the change would have refused.
        refused_twice: how many are refused with the change and without it.
        gaining: how many members have a higher limit by the change, and no lower one.
        by_roles: the members' roles decide; who had which in the past isn't known.
        strangers: how many members' roles aren't known at all, where they decide.
        forgotten: requests of members whose data was deleted; their limits can't be checked.
        is_cut: there were more requests than are compared.
        unsaved: the ids of refused requests whose cost the change doesn't save, as far as is known.
        unknown: requests that nothing can be said about, beside `requests`.
        unsure: how many of `requests` may be refused without the change or not.
        days: what became of the requests, day by day, but for those of `unsure`.
    """

    start: datetime
    requests: int
    refused: Sequence[PastRequest]
    refused_now: int
    refused_twice: int = 0
    gaining: int = 0
    by_roles: bool = False
    strangers: int = 0
    forgotten: int = 0
    is_cut: bool = False
    unsaved: Collection[str] = frozenset()
    unknown: int = 0
    unsure: int = 0
    days: Sequence[Day] = ()

    @property
    def saved(self) -> float:
        """Return what the refused ones cost that are not refused without the change, in credits."""
        return sum(request.cost for request in self.refused if request.id not in self.unsaved)

    @property
    def saves_nothing(self) -> bool:
        """Whether none of the refused ones is known to be refused by the change only."""
        return len(self.unsaved) == len(self.refused)

    @property
    def has_chart(self) -> bool:
        """Whether there is something to see of the change day by day."""
        shown = total(self.days)
        return bool(shown[ONLY_THEN] or shown[ONLY_NOW] or (self.refused and shown[BOTH]))

    @property
    def by_member(self) -> Sequence[tuple[int, int]]:
        """Return the members and how many requests each would have been refused, most first."""
        counts = Counter(request.user_id for request in self.refused if request.user_id != NOBODY)
        return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def has_role_rules(*policies: Policy) -> bool:
    """Whether members' roles decide about anything."""
    return any(rule.scope is Scope.ROLE for policy in policies for rule in policy.rules)


def compare(history: History, rules: RuleSet, changed: Policy, now: datetime) -> Comparison:
    """Return what `changed` would have done in place of the policy of `rules`."""
    asked = [request for request in history.requests if request.created_at >= history.start]
    members = {request.user_id for request in asked} - {NOBODY}
    new = replace(rules, policy=changed)
    by_roles = has_role_rules(rules.policy, changed)
    refused = replay(history.requests, history.start, new)
    refused_now = {request.id for request in replay(history.requests, history.start, rules)}
    return Comparison(
        start=history.start,
        requests=len(asked),
        refused=refused,
        refused_now=len(refused_now),
        refused_twice=sum(request.id in refused_now for request in refused),
        gaining=sum(_gains(rules.limits_of(member, now), new.limits_of(member, now)) for member in members),
        by_roles=by_roles,
        strangers=len(members - rules.role_ids.keys()) if by_roles else 0,
        forgotten=sum(request.user_id == NOBODY for request in asked),
        is_cut=history.is_cut,
        days=days_of(asked, refused_now, {request.id for request in refused}, history.start, now),
    )


def _gains(old: Sequence[Limit], new: Sequence[Limit]) -> bool:
    pairs = [(_number(before), _number(after)) for before, after in zip(old, new, strict=True)]
    return any(after > before for before, after in pairs) and all(after >= before for before, after in pairs)


def _number(limit: Limit) -> float:
    return float("inf") if limit.most is None else limit.most
