"""The rules about how much a server may spend. Pure: no I/O, and `now` is passed in."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.clock import CLOCK_SKEW
from bot.policy.documents import Budget, Period

WARNING_SHARE = 0.8  # of a budget, from which on the moderators are told


@dataclass(frozen=True, slots=True)
class BudgetState:
    """One budget as it stands, in the provider's credits.

    Attributes:
        spent: what was charged, and what is reserved for videos whose cost is not known yet.
        warned_since: a warning after this moment was about this budget in this period.
    """

    period: Period
    budget: float
    spent: float
    resets_at: datetime
    warned_since: datetime

    @property
    def left(self) -> float:
        """Return what can still be spent."""
        return max(0.0, self.budget - self.spent)

    def takes(self, estimate: float) -> bool:
        """Whether one more video of this price stays inside."""
        return fits(self.budget, self.spent, estimate)

    @property
    def needs_warning(self) -> bool:
        """Whether so much is spent that the moderators should know."""
        return self.spent >= WARNING_SHARE * self.budget

    def after(self, estimate: float) -> "BudgetState":
        """Return the state once one more video of this price is accepted."""
        return replace(self, spent=self.spent + estimate)


def fits(budget: float, spent: float, estimate: float) -> bool:
    """Whether one more video of this price stays inside a budget, all in credits; one of 0 takes none."""
    return spent < budget and spent + estimate <= budget


def period_start(period: Period, now: datetime) -> datetime:
    """Return when the present day or month began, in UTC."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if period is Period.DAY else midnight.replace(day=1)


def period_end(period: Period, now: datetime) -> datetime:
    """Return when the next day or month begins, in UTC."""
    start = period_start(period, now)
    if period is Period.DAY:
        return start + timedelta(days=1)
    return (start + timedelta(days=32)).replace(day=1)


def states_of(
    budgets: Mapping[Period, Budget], spent: Mapping[Period, float], now: datetime
) -> tuple[BudgetState, ...]:
    """Return each budget beside what was spent of it in its present period."""
    return tuple(
        BudgetState(
            period,
            budget.credits,
            spent.get(period, 0.0),
            period_end(period, now),
            _warned_since(period, budget, now),
        )
        for period, budget in sorted(budgets.items())
    )


def _warned_since(period: Period, budget: Budget, now: datetime) -> datetime:
    """Return since when moderators heard of a budget, if they did; one may be of a clock that was ahead."""
    begun = period_start(period, now)
    return begun if budget.since > now + CLOCK_SKEW else max(begun, budget.since)


def exhausted(states: tuple[BudgetState, ...], estimate: float) -> BudgetState | None:
    """Return the budget that does not take one more video, the one that does so longest; None: all do.

    One of 0 never takes any, however often it begins anew.
    """
    full = [state for state in states if not state.takes(estimate)]
    return max(full, key=lambda state: (state.budget <= 0, state.resets_at), default=None)
