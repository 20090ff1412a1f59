"""How a member stands, read in one go."""

from datetime import timedelta

import pytest

from bot.admission.entitlement import SPENDING_WINDOW, Entitlements
from bot.db.database import Database
from bot.db.models import Status
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.rules import QuotaRules, Subject
from bot.moderation.service import Moderation
from bot.policy.documents import LimitKind, MemberPolicy, Period, Policy, Scope
from tests.bot.clocks import StoppedClock
from tests.bot.rows import insert

GUILD, MEMBER, ROLE = 1, 3, 77
MONA = Moderator(GUILD, 99)
TICK = timedelta(microseconds=1)


@pytest.fixture
def decisions(database: Database, clock: StoppedClock) -> Decisions:
    """What writes the moderators' decisions."""
    return Decisions(database, clock)


@pytest.fixture
def rules(decisions: Decisions) -> QuotaRules:
    """The service that sets limits."""
    return QuotaRules(decisions, daily_limit=5)


@pytest.fixture
def entitlements(database: Database, clock: StoppedClock) -> Entitlements:
    """The service, with five videos in 24 hours where no rule says otherwise."""
    return Entitlements(database, daily_limit=5, max_waiting=7, clock=clock)


async def test_a_new_member_has_the_operators_limit_and_used_nothing(
    entitlements: Entitlements, clock: StoppedClock
) -> None:
    entitlement = await entitlements.read(GUILD, MEMBER, ())
    assert (entitlement.policy, entitlement.member_policy, entitlement.now) == (
        Policy(),
        MemberPolicy(),
        clock(),
    )
    assert [(limit.kind, limit.most) for limit in entitlement.limits] == [
        (LimitKind.DAY, 5),
        (LimitKind.WEEK, None),
        (LimitKind.MONTH, None),
        (LimitKind.AT_ONCE, None),
    ]
    assert (list(entitlement.use.counted), entitlement.use.at_once) == ([], 0)
    assert (entitlement.budgets, entitlement.spent, entitlement.max_waiting) == ((), 0, 7)


async def test_a_members_own_rule_is_in_their_limits_alone(
    entitlements: Entitlements, rules: QuotaRules
) -> None:
    await rules.set_limits(MONA, Subject(Scope.MEMBER, MEMBER), {LimitKind.DAY: 1})
    of_both = [(await entitlements.read(GUILD, member, ())).limits[0].most for member in (MEMBER, 4)]
    assert of_both == [1, 5]


async def test_rules_of_the_members_roles_and_grants_are_in_the_limits(
    entitlements: Entitlements, rules: QuotaRules
) -> None:
    await rules.set_limits(MONA, Subject(Scope.ROLE, ROLE), {LimitKind.DAY: 10})
    await rules.grant(MONA, MEMBER, 2, None)
    [day, *_] = (await entitlements.read(GUILD, MEMBER, {ROLE})).limits
    assert (day.most, day.granted, day.rule.scope) == (12, 2, Scope.ROLE)
    [day, *_] = (await entitlements.read(GUILD, MEMBER, ())).limits
    assert (day.most, day.rule.scope) == (7, Scope.DEFAULT)
    [day, *_] = (await entitlements.read(2, MEMBER, {ROLE})).limits
    assert (day.most, day.granted) == (5, 0), "another server's rules and grants count"


@pytest.mark.both_engines
async def test_use_begins_anew_after_a_reset_and_spending_does_not(
    entitlements: Entitlements, rules: QuotaRules, database: Database, clock: StoppedClock
) -> None:
    await insert(database, status=Status.SUCCEEDED, created_at=clock(), credits_used=100.0)
    assert len((await entitlements.read(GUILD, MEMBER, ())).use.counted) == 1
    await rules.reset(MONA, MEMBER)
    clock.advance(TICK)
    entitlement = await entitlements.read(GUILD, MEMBER, ())
    assert (list(entitlement.use.counted), entitlement.spent) == ([], 100)


async def test_own_spending_is_that_of_the_last_30_days(
    entitlements: Entitlements, database: Database, clock: StoppedClock
) -> None:
    of_edge = clock() - SPENDING_WINDOW
    await insert(database, status=Status.SUCCEEDED, created_at=of_edge, credits_used=20.0)
    await insert(database, status=Status.SUCCEEDED, created_at=of_edge - TICK, credits_used=100.0)
    await insert(database, status=Status.RUNNING, created_at=clock(), estimated_credits=3.0)
    await insert(database, status=Status.SUCCEEDED, created_at=clock(), credits_used=500.0, user_id=4)
    assert (await entitlements.read(GUILD, MEMBER, ())).spent == 23


async def test_budgets_show_what_the_whole_server_spent_in_the_present_period(
    entitlements: Entitlements, rules: QuotaRules, database: Database, clock: StoppedClock
) -> None:
    clock.now = clock.now.replace(year=2027, month=3, day=2, hour=1)
    await rules.set_budgets(MONA, {Period.DAY: 1000.0})
    await rules.set_budgets(MONA, {Period.MONTH: 5000.0})
    await insert(database, status=Status.SUCCEEDED, created_at=clock(), credits_used=10.0, user_id=4)
    await insert(database, status=Status.SUBMITTING, created_at=clock(), estimated_credits=5.0)
    yesterday, long_ago = clock() - timedelta(hours=2), clock() - timedelta(days=2)
    await insert(database, status=Status.SUCCEEDED, created_at=yesterday, credits_used=200.0)
    await insert(database, status=Status.SUCCEEDED, created_at=long_ago, credits_used=400.0)
    day, month = (await entitlements.read(GUILD, MEMBER, ())).budgets
    assert (day.period, day.budget, day.spent) == (Period.DAY, 1000, 15)
    assert (month.period, month.budget, month.spent) == (Period.MONTH, 5000, 215)


async def test_a_block_and_a_pause_are_told(
    entitlements: Entitlements, decisions: Decisions, clock: StoppedClock
) -> None:
    await Moderation(decisions).block(MONA, MEMBER, clock() + timedelta(hours=1), "spam")
    await Moderation(decisions).pause(MONA, "maintenance")
    entitlement = await entitlements.read(GUILD, MEMBER, ())
    assert entitlement.member_policy.block is not None
    assert entitlement.member_policy.block.reason == "spam"
    assert entitlement.policy.pause is not None
    assert entitlement.policy.pause.reason == "maintenance"
