"""Replay of past requests under other rules. Pure: no I/O.

The requests are asked again one after the other, by the rules that decide about new ones. One that is refused
takes no slot and no money, so a later one may be accepted in its stead. What the past doesn't hold is left
as it was: nobody asks again after a refusal, and every video takes as long as it took.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from heapq import heappop, heappush
from itertools import count, groupby
from operator import attrgetter
from typing import NamedTuple

from bot.admission.budgets import fits, period_end, period_start
from bot.admission.limits import NEVER, Limit, Use, counted_since, full_until, resolve_limits
from bot.db.models import NOBODY
from bot.policy.documents import LimitKind, MemberPolicy, Policy, Rule, Scope

NO_ROLES: frozenset[int] = frozenset()
NEW_MEMBER = MemberPolicy()


class PastRequest(NamedTuple):
    """A request that was accepted.

    Attributes:
        user_id: 0: a member whose data was deleted.
        price: what was reserved for it, in credits; None: no price was known.
        cost: what it costs, or may cost, as far as is known today, in credits.
        ended_at: since when it is not waited for; None: it still is.
        counts: whether it takes a slot in the windows after its end; until then it does.
        film_id: the film that it is a shot of.
    """

    id: str
    user_id: int
    created_at: datetime
    price: float | None
    cost: float
    ended_at: datetime | None
    counts: bool
    film_id: str | None = None


_created_at = attrgetter("created_at")


@dataclass(frozen=True)
class RuleSet:
    """The rules that past requests are asked again by.

    Attributes:
        daily_limit: videos in 24 hours where no rule says otherwise.
        member_policies: of members with rules, grants or resets of their own.
        role_ids: of the members whose roles are known.
    """

    policy: Policy
    daily_limit: int | None
    member_policies: Mapping[int, MemberPolicy] = field(default_factory=dict[int, MemberPolicy])
    role_ids: Mapping[int, frozenset[int]] = field(default_factory=dict[int, frozenset[int]])

    @cached_property
    def limits_open(self) -> bool:
        """Whether it may matter how many requests are waited for."""
        return any(rule.kind is LimitKind.AT_ONCE for rule in self.policy.rules)

    def concern(self, user_id: int, rules: Iterable[Rule]) -> bool:
        """Whether one of these rules may hold for a member."""
        role_ids = self.role_ids.get(user_id, NO_ROLES)
        return any(_may_hold(rule, user_id, role_ids) for rule in rules)

    @cached_property
    def _members_with_rules(self) -> frozenset[int]:
        """The members with rules, grants or a reset of their own."""
        return frozenset(
            {*self.member_policies, *(r.subject_id for r in self.policy.rules if r.scope is Scope.MEMBER)}
        )

    @cached_property
    def _by_roles(self) -> dict[frozenset[int], tuple[Limit, ...]]:
        """The limits of all other members, by their roles: nothing else decides about them, at any time."""
        return {}

    def limits_of(self, user_id: int, now: datetime) -> tuple[Limit, ...]:
        """Return the limits that held for a member at that time."""
        role_ids = self.role_ids.get(user_id, NO_ROLES)
        if user_id in self._members_with_rules:
            return self._resolve(user_id, role_ids, now)
        limits = self._by_roles.get(role_ids)
        if limits is None:
            limits = self._by_roles[role_ids] = self._resolve(user_id, role_ids, now)
        return limits

    def _resolve(self, user_id: int, role_ids: frozenset[int], now: datetime) -> tuple[Limit, ...]:
        member_policy = self.member_policies.get(user_id, NEW_MEMBER).as_of(now)
        # Those of other members would only take time: a server may have hundreds.
        rules = [rule for rule in self.policy.rules if _may_hold(rule, user_id, role_ids)]
        return resolve_limits(rules, member_policy, user_id, role_ids, self.daily_limit, now)


def replay(requests: Iterable[PastRequest], start: datetime, rules: RuleSet) -> list[PastRequest]:
    """Return which requests since `start` the rules would have refused, in their order.

    `requests`: in the order in which they were made; those before `start` were accepted, and count.
    """
    past = Replay(start, rules)
    return [request for whole in wholes(requests) if past.refuses(whole) for request in whole]


def wholes(requests: Iterable[PastRequest]) -> Iterator[Sequence[PastRequest]]:
    """Yield what is accepted whole or not at all: a request, or those shots of a film that came together."""
    for _, group in groupby(requests, _created_at):
        together = [*group]
        if len(together) == 1:
            yield together
            continue
        films: dict[str, list[PastRequest]] = defaultdict(list)
        for request in together:
            films[request.film_id or request.id].append(request)
        yield from films.values()


class Replay:
    """Asks the requests of the past again, one after the other."""

    def __init__(self, start: datetime, rules: RuleSet) -> None:
        self._start = start
        self._rules = rules
        self._members: dict[int, _Member] = {}
        self._purse = _Purse(rules.policy) if rules.policy.budgets else None

    def refuses(self, whole: Sequence[PastRequest]) -> bool:
        """Whether the rules would have refused the next requests; those they accept count from then on.

        Requests from before the start were accepted. `whole`: as `wholes` yields it.
        """
        first, purse = whole[0], self._purse
        now = first.created_at
        if purse is not None:
            purse.move_to(now)
        member = self._members.get(first.user_id) or _Member(first.user_id, self._rules)
        self._members[first.user_id] = member
        if now >= self._start and not (
            member.takes(len(whole), now)
            and (purse is None or purse.takes([request.price for request in whole]))
        ):
            return True
        for request in whole:
            member.add(request)
            if purse is not None:
                purse.add(request)
        return False


class _Member:
    """A member's use at a time."""

    def __init__(self, user_id: int, rules: RuleSet) -> None:
        self._user_id = user_id
        self._rules = rules
        self._policy = rules.member_policies.get(user_id, NEW_MEMBER)
        self._has_favours = bool(self._policy.grants) or self._policy.reset_at is not None
        self._limits: Sequence[Limit] | None = None
        self._counted: list[datetime] = []
        self._open = 0
        self._ends: list[tuple[datetime, datetime, bool]] = []  # a heap: when, made when, whether it counts
        self._full_until = NEVER  # no request is accepted before

    def takes(self, count: int, now: datetime) -> bool:
        """Whether all limits take so many more."""
        if now < self._full_until:
            return False
        self._move_to(now)
        until = full_until(self._limits_at(now), Use(self._counted, self._open), before=count - 1)
        if count == 1 and not self._has_favours:
            self._full_until = min(until, self._ends[0][0]) if self._ends else until
        return until <= now

    def add(self, request: PastRequest) -> None:
        """Count a request that is accepted."""
        self._counted.append(request.created_at)
        if request.counts and not self._rules.limits_open:
            return  # its end changes nothing
        self._open += 1
        if request.ended_at is not None:
            heappush(self._ends, (request.ended_at, request.created_at, request.counts))

    def _move_to(self, now: datetime) -> None:
        """Let pass what happens until `now`."""
        while self._ends and self._ends[0][0] <= now:
            _, created_at, counts = heappop(self._ends)
            self._open -= 1
            if not counts:
                self._free(created_at)
        if self._policy.reset_at is not None:
            del self._counted[: bisect_right(self._counted, counted_since(self._policy, now))]

    def _limits_at(self, now: datetime) -> Sequence[Limit]:
        """Return what is limited; only grants make it change over time.

        Nobody can tell whose the requests of forgotten members were.
        """
        if self._user_id == NOBODY:
            return ()
        if self._policy.grants:
            return self._rules.limits_of(self._user_id, now)
        if self._limits is None:
            limits = self._rules.limits_of(self._user_id, now)
            self._limits = [limit for limit in limits if limit.most is not None]
        return self._limits

    def _free(self, created_at: datetime) -> None:
        """Give back a slot; a reset may have done so before."""
        index = bisect_left(self._counted, created_at)
        if self._counted[index : index + 1] == [created_at]:
            del self._counted[index]


class _Purse:
    """A server's spending at a time, for each of its budgets."""

    def __init__(self, policy: Policy) -> None:
        self._budgets = policy.budgets
        self._credits = [budget.credits for budget in policy.budgets.values()]
        self._spent = [0.0] * len(self._budgets)
        self._starts = [NEVER] * len(self._budgets)
        self._resets_at = NEVER
        self._ends: list[tuple[datetime, int, PastRequest]] = []  # a heap: when the cost is told
        self._numbers = count()

    def takes(self, prices: Sequence[float | None]) -> bool:
        """Whether videos of these prices stay inside all budgets, as `check_request` decides it."""
        known = [price for price in prices if price is not None]
        if len(known) < len(prices):
            return False
        # Where the last one fits after the others, each of them does.
        *before, last = known
        spent = sum(before)
        pairs = zip(self._credits, self._spent, strict=True)
        return all(fits(budget, so_far + spent, last) for budget, so_far in pairs)

    def add(self, request: PastRequest) -> None:
        """Reserve the price of a request that is accepted."""
        price = request.price or 0.0
        self._spend(request, price)
        if request.ended_at is not None and request.cost != price:
            heappush(self._ends, (request.ended_at, next(self._numbers), request))

    def move_to(self, now: datetime) -> None:
        """Let pass what happens until `now`: periods begin, and costs take the place of prices."""
        if now >= self._resets_at:
            self._begin_period(now)
        while self._ends and self._ends[0][0] <= now:
            _, _, request = heappop(self._ends)
            self._spend(request, request.cost - (request.price or 0.0))

    def _begin_period(self, now: datetime) -> None:
        for number, period in enumerate(self._budgets):
            start = period_start(period, now)
            if start != self._starts[number]:
                self._starts[number], self._spent[number] = start, 0.0
        self._resets_at = min(period_end(period, now) for period in self._budgets)

    def _spend(self, request: PastRequest, amount: float) -> None:
        for number, start in enumerate(self._starts):
            if request.created_at >= start:
                self._spent[number] += amount


def _may_hold(rule: Rule, user_id: int, role_ids: Collection[int]) -> bool:
    match rule.scope:
        case Scope.MEMBER:
            return rule.subject_id == user_id
        case Scope.ROLE:
            return rule.subject_id in role_ids
        case _:
            return True
