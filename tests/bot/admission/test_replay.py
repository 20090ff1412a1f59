"""What other rules would have done to the requests of the past."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.admission.replay import PastRequest, RuleSet, replay
from bot.db.models import NOBODY
from bot.policy.documents import Budget, Grant, LimitKind, MemberPolicy, Period, Policy, Rule, Scope

START = datetime(2026, 3, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALICE = 3


def made(hours: float, **changes: Any) -> PastRequest:
    """Return a video that alice had some hours after `START`, for 2 credits, at once."""
    at = START + hours * HOUR
    values: dict[str, Any] = {
        "id": str(hours),
        "user_id": ALICE,
        "created_at": at,
        "price": 2.0,
        "cost": 2.0,
        "ended_at": at,
        "counts": True,
    }
    return PastRequest(**{**values, **changes})


def refused(requests: list[PastRequest], policy: Policy, **about_alice: Any) -> list[str]:
    """Return which would have been refused."""
    rules = RuleSet(policy, None, {ALICE: MemberPolicy(**about_alice)})
    return [request.id for request in replay(requests, START, rules)]


def limit(most: int, kind: LimitKind = LimitKind.DAY) -> Policy:
    return Policy(rules=(Rule(scope=Scope.SERVER, kind=kind, most=most),))


def budget(amount: float, period: Period = Period.DAY) -> Policy:
    return Policy(budgets={period: Budget(credits=amount, since=START)})


def test_what_is_refused_takes_no_slot() -> None:
    assert refused([made(0), made(1), made(24), made(25)], limit(1)) == ["1", "25"]


def test_what_was_made_before_counts_and_is_not_asked_again() -> None:
    assert refused([made(-2), made(-1), made(1)], limit(1)) == ["1"]


def test_a_failed_video_gives_its_slot_back_once_it_has_failed() -> None:
    failed = made(0, ended_at=START + 2 * HOUR, counts=False, cost=0.0)
    assert refused([failed, made(1), made(2), made(3)], limit(1)) == ["1", "3"]


def test_as_many_at_once_as_are_waited_for() -> None:
    long = made(0, ended_at=START + 2 * HOUR)
    assert refused([long, made(1), made(2), made(3)], limit(1, LimitKind.AT_ONCE)) == ["1"]
    assert refused([made(0, ended_at=None), made(99)], limit(1, LimitKind.AT_ONCE)) == ["99"]


def test_a_grant_and_a_reset_hold_from_when_they_were_given() -> None:
    four = [made(0), made(1), made(2), made(3)]
    grant = Grant(amount=1, since=START + 1.5 * HOUR, until=START + 2.5 * HOUR)
    assert refused(four, limit(1), grants=(grant,)) == ["1", "3"]
    assert refused(four, limit(1), reset_at=START + 1.5 * HOUR) == ["1", "3"]


def test_a_budget_holds_for_all_and_its_period_begins_again() -> None:
    others = [made(0), made(1, user_id=4), made(2, user_id=NOBODY), made(24)]
    assert refused(others, budget(4.0)) == ["2"]
    assert refused(others, budget(4.0, Period.MONTH)) == ["2", "24"]


def test_the_real_cost_takes_the_place_of_the_price_at_the_end() -> None:
    cheap = made(0, cost=0.5, ended_at=START + 1.5 * HOUR)
    assert refused([cheap, made(1), made(2)], budget(3.0)) == ["1"]


def test_where_there_is_a_budget_a_request_without_a_price_is_refused() -> None:
    assert refused([made(0, price=None)], budget(9.0)) == ["0"]
    assert refused([made(0, price=None)], limit(1)) == []


def test_nobody_can_tell_whose_limit_forgotten_members_would_have_reached() -> None:
    assert refused([made(0, user_id=NOBODY), made(1, user_id=NOBODY)], limit(0)) == []
