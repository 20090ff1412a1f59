"""How a member stands, as `bot.admission.entitlement` reads it, for tests of pure text."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from bot.admission.budgets import states_of
from bot.admission.entitlement import Entitlement
from bot.admission.limits import Use, resolve_limits
from bot.policy.documents import Budget, Grant, LimitKind, MemberPolicy, Period, Policy, Rule, Scope

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MEMBER, FANS, VIP = 4, 70, 71


def rule(
    most: int | None, kind: LimitKind = LimitKind.DAY, scope: Scope = Scope.SERVER, subject_id: int = 0
) -> Rule:
    """Return a rule, by default the server's for 24 hours."""
    return Rule(scope=scope, subject_id=subject_id, kind=kind, most=most)


def entitlement(
    *rules: Rule,
    member_policy: MemberPolicy | None = None,
    used: Sequence[datetime] = (),
    at_once: int = 0,
    in_queue: int = 0,
    in_review: int = 0,
    max_waiting: int | None = None,
    roles: Collection[int] = (),
    budgets: dict[Period, tuple[float, float]] | None = None,
    spent: float = 0.0,
    policy: Policy | None = None,
) -> Entitlement:
    """Return what holds for a member at noon; `budgets`: the amount and what is spent of it, in credits."""
    stands = member_policy or MemberPolicy()
    kept = (policy or Policy()).model_copy(update={"rules": rules})
    amounts = {p: Budget(credits=both[0], since=NOON) for p, both in (budgets or {}).items()}
    states = states_of(amounts, {p: both[1] for p, both in (budgets or {}).items()}, NOON)
    limits = resolve_limits(rules, stands, MEMBER, roles, 5, NOON)
    use = Use(sorted(used), at_once, in_queue, in_review)
    return Entitlement(NOON, kept, stands, limits, use, states, spent, max_waiting)


def grant(amount: int, hours: float) -> Grant:
    """Return a grant that ends so many hours after noon."""
    return Grant(amount=amount, since=NOON - HOUR, until=NOON + hours * HOUR)


def stamp(hours: float) -> int:
    """Return the moment so many hours after noon as Discord's markup writes it."""
    return int((NOON + hours * HOUR).timestamp())
