"""What moderators can do with limits: what is stored, and what the audit trail says about it."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.database import Database, open_database
from bot.db.guild_models import Action, AuditRow
from bot.errors import BadInputError, DatabaseBusyError
from bot.moderation.decisions import REASON_MAX_LENGTH, AuditEvent, Decisions, Moderator
from bot.moderation.rules import DEFAULT_GRANT, MAX_GRANTED, MAX_RULES, SERVER, QuotaRules, Subject
from bot.moderation.service import Moderation
from bot.policy.audit import record, was_recorded
from bot.policy.documents import Budget, Grant, LimitKind, MemberPolicy, Period, Policy, Rule, Scope
from bot.policy.store import fetch_member_policy, fetch_policy
from tests.bot.clocks import StoppedClock
from tests.bot.troubles import locked

GUILD, MEMBER, ROLE = 1, 5, 77
MONA = Moderator(GUILD, 99)
MAX = Moderator(GUILD, 98)
DAY, WEEK, MONTH, AT_ONCE = LimitKind.DAY, LimitKind.WEEK, LimitKind.MONTH, LimitKind.AT_ONCE
OF_MEMBER, OF_ROLE = Subject(Scope.MEMBER, MEMBER), Subject(Scope.ROLE, ROLE)


@pytest.fixture
def rules(database: Database, clock: StoppedClock) -> QuotaRules:
    """The service, with five videos in 24 hours where no rule says otherwise."""
    return QuotaRules(Decisions(database, clock), daily_limit=5)


async def trail(database: Database) -> Sequence[AuditRow]:
    """Return the audit trail, oldest first."""
    return await database.read(
        lambda session: (session.scalars(select(AuditRow).order_by(AuditRow.id))).all()
    )


async def told(database: Database) -> list[tuple[Any, ...]]:
    """Return who did what to whom, and what it was and is."""
    return [(row.actor_id, row.action, row.subject, row.old, row.new) for row in await trail(database)]


async def policy_of(database: Database, guild_id: int = GUILD) -> Policy:
    return await database.read(lambda session: fetch_policy(session, guild_id))


async def standing_of(database: Database, user_id: int = MEMBER) -> MemberPolicy:
    return await database.read(lambda session: fetch_member_policy(session, GUILD, user_id))


@pytest.mark.parametrize(
    ("subject", "name"), [(SERVER, "server"), (OF_ROLE, "role:77"), (OF_MEMBER, "member:5")], ids=str
)
async def test_a_limit_is_kept_and_recorded_with_what_it_was_before(
    rules: QuotaRules, database: Database, clock: StoppedClock, subject: Subject, name: str
) -> None:
    await rules.set_limits(MONA, subject, {DAY: 3, AT_ONCE: None}, "  because\u202e **I** say so ")
    await rules.set_limits(MAX, subject, {DAY: 0})
    assert await told(database) == [
        (99, Action.QUOTA_SET, name, None, {"day": 3, "at_once": None}),
        (98, Action.QUOTA_SET, name, {"day": 3}, {"day": 0}),
    ]
    first, second = await trail(database)
    assert (first.reason, second.reason) == ("because **I** say so", None)
    assert (first.guild_id, first.at) == (GUILD, clock())
    policy = await policy_of(database)
    assert policy.rules == (
        Rule(scope=subject.scope, subject_id=subject.id, kind=AT_ONCE, most=None),
        Rule(scope=subject.scope, subject_id=subject.id, kind=DAY, most=0),
    )


async def test_only_what_is_there_is_taken_away(rules: QuotaRules, database: Database) -> None:
    await rules.set_limits(MONA, OF_ROLE, {DAY: 3, WEEK: 9})
    await rules.set_limits(MONA, OF_MEMBER, {DAY: 1})
    removed = await rules.unset_limits(MONA, OF_ROLE, (DAY, MONTH), "no more")
    assert removed == [Rule(scope=Scope.ROLE, subject_id=ROLE, kind=DAY, most=3)]
    assert [(rule.scope, rule.kind) for rule in (await policy_of(database)).rules] == [
        (Scope.ROLE, WEEK),
        (Scope.MEMBER, DAY),
    ]
    row = (await trail(database))[-1]
    assert (row.action, row.subject, row.old, row.new, row.reason) == (
        Action.QUOTA_UNSET,
        "role:77",
        {"day": 3},
        None,
        "no more",
    )


async def test_where_there_is_no_rule_nothing_is_taken_away(rules: QuotaRules, database: Database) -> None:
    assert await rules.unset_limits(MONA, OF_MEMBER, tuple(LimitKind)) == []
    assert (await policy_of(database)).rules == ()


@pytest.mark.both_engines
@pytest.mark.usefixtures("patient_locks")
async def test_two_moderators_at_once_are_served_one_after_the_other(
    database_url: str, clock: StoppedClock
) -> None:
    async with open_database(database_url) as one, open_database(database_url) as other:
        await asyncio.gather(
            QuotaRules(Decisions(one, clock), daily_limit=5).set_limits(MONA, SERVER, {DAY: 3}),
            QuotaRules(Decisions(other, clock), daily_limit=5).set_limits(MAX, SERVER, {DAY: 8}),
        )
        first, last = await trail(one)
        [rule] = (await policy_of(one)).rules
    assert {first.actor_id, last.actor_id} == {99, 98}, "one of the two is not in the trail"
    assert (first.old, last.old) == (None, first.new), "the later one does not know of the earlier one"
    assert last.new == {"day": rule.most}, "the last one did not win"


@pytest.mark.both_engines
async def test_twenty_changes_at_once_are_all_kept(rules: QuotaRules, database: Database) -> None:
    subjects = [Subject(Scope.MEMBER, number) for number in range(1, 21)]
    await asyncio.gather(*(rules.set_limits(MONA, subject, {DAY: subject.id}) for subject in subjects))
    kept = {rule.subject_id: rule.most for rule in (await policy_of(database)).rules}
    assert kept == {number: number for number in range(1, 21)}, "a change undid another one"
    assert len(await trail(database)) == 20


async def test_other_servers_are_not_touched(rules: QuotaRules, database: Database) -> None:
    await rules.set_limits(MONA, SERVER, {DAY: 3})
    assert await policy_of(database, guild_id=2) == Policy()


async def test_there_is_an_end_to_the_number_of_rules(rules: QuotaRules, database: Database) -> None:
    full = [Rule(scope=Scope.MEMBER, subject_id=n, kind=DAY, most=1) for n in range(1, MAX_RULES + 1)]
    await Decisions(database).change_policy(
        MONA,
        AuditEvent(Action.QUOTA_SET, "many"),
        lambda policy: policy.model_copy(update={"rules": tuple(full)}),
        lambda _: None,
    )
    await rules.set_limits(MONA, Subject(Scope.MEMBER, 1), {DAY: 2})
    with pytest.raises(BadInputError, match="500 rules"):
        await rules.set_limits(MONA, SERVER, {DAY: 2})
    assert len((await policy_of(database)).rules) == MAX_RULES
    assert len(await trail(database)) == 2, "a refused change is in the trail"


@pytest.mark.parametrize("hours", [None, 1, 400])
async def test_a_grant_holds_until_its_end(
    rules: QuotaRules, database: Database, clock: StoppedClock, hours: int | None
) -> None:
    until = None if hours is None else clock() + timedelta(hours=hours)
    grant = await rules.grant(MONA, MEMBER, 3, until, "a contest")
    assert grant == Grant(amount=3, since=clock(), until=until or clock() + DEFAULT_GRANT)
    assert (await standing_of(database)).grants == (grant,)
    [row] = await trail(database)
    assert (row.action, row.subject, row.old, row.reason) == (Action.GRANT, "member:5", None, "a contest")
    since, end = grant.since.isoformat(), grant.until.isoformat()
    assert row.new == {"grants": [{"amount": 3, "since": since, "until": end}]}


async def test_grants_add_up_and_ended_ones_are_forgotten(
    rules: QuotaRules, database: Database, clock: StoppedClock
) -> None:
    await rules.grant(MONA, MEMBER, 1, clock() + timedelta(hours=1))
    await rules.grant(MONA, MEMBER, 2, clock() + timedelta(hours=3))
    assert (await standing_of(database)).granted(clock()) == 3
    clock.advance(timedelta(hours=1))
    await rules.grant(MAX, MEMBER, 4, None)
    member_policy = await standing_of(database)
    assert [grant.amount for grant in member_policy.grants] == [2, 4]
    last = (await trail(database))[-1]
    assert last.old is not None
    assert [grant["amount"] for grant in last.old["grants"]] == [2], (
        "an ended grant is told as one that holds"
    )


@pytest.mark.parametrize("amount", [-1, 0, MAX_GRANTED + 1, 10**12])
async def test_a_senseless_grant_is_refused(rules: QuotaRules, database: Database, amount: int) -> None:
    with pytest.raises(BadInputError, match=r"1 to 1,000 videos\. Nothing changed"):
        await rules.grant(MONA, MEMBER, amount, None)
    assert (await standing_of(database), await trail(database)) == (MemberPolicy(), [])


async def test_a_reset_is_kept_and_recorded(
    rules: QuotaRules, database: Database, clock: StoppedClock
) -> None:
    await rules.grant(MONA, MEMBER, 1, None)
    await rules.reset(MONA, MEMBER, "sorry")
    before = clock()
    clock.advance(timedelta(hours=1))
    await rules.reset(MAX, MEMBER)
    member_policy = await standing_of(database)
    assert member_policy.reset_at == clock()
    assert member_policy.granted(clock()) == 1, "a reset took a grant away"
    _, first, second = await trail(database)
    assert (first.action, first.reason, first.old) == (Action.RESET, "sorry", None)
    assert (second.old, second.new) == (
        {"reset_at": before.isoformat()},
        {"reset_at": clock().isoformat()},
    )


async def test_budgets_are_kept_each_by_itself(
    rules: QuotaRules, database: Database, clock: StoppedClock
) -> None:
    await rules.set_budgets(MONA, {Period.DAY: 100.0})
    await rules.set_budgets(MONA, {Period.MONTH: 500.0}, "new money")
    clock.advance(timedelta(hours=1))
    await rules.set_budgets(MAX, {Period.DAY: 0.0})
    assert (await policy_of(database)).budgets == {
        Period.DAY: Budget(credits=0, since=clock()),
        Period.MONTH: Budget(credits=500, since=clock() - timedelta(hours=1)),
    }
    await rules.set_budgets(MONA, {Period.MONTH: None})
    assert set((await policy_of(database)).budgets) == {Period.DAY}
    assert await told(database) == [
        (99, Action.BUDGET, "budget:day", None, {"credits": 100}),
        (99, Action.BUDGET, "budget:month", None, {"credits": 500}),
        (98, Action.BUDGET, "budget:day", {"credits": 100}, {"credits": 0}),
        (99, Action.BUDGET, "budget:month", {"credits": 500}, None),
    ]


async def test_of_budgets_that_are_set_together_all_are_or_none(
    rules: QuotaRules, database: Database, clock: StoppedClock
) -> None:
    with pytest.raises(ValidationError):
        await rules.set_budgets(MONA, {Period.DAY: 100.0, Period.MONTH: -1.0})
    assert (await policy_of(database), await trail(database)) == (Policy(), []), "half of it was done"
    await rules.set_budgets(MONA, {Period.DAY: 100.0, Period.MONTH: 500.0}, "new money")
    assert (await policy_of(database)).budgets == {
        Period.DAY: Budget(credits=100, since=clock()),
        Period.MONTH: Budget(credits=500, since=clock()),
    }
    assert [(row.subject, row.reason) for row in await trail(database)] == [
        ("budget:day", "new money"),
        ("budget:month", "new money"),
    ]


async def test_a_reason_has_an_end(rules: QuotaRules, database: Database) -> None:
    await rules.set_limits(MONA, SERVER, {DAY: 1}, "x" * REASON_MAX_LENGTH)
    too_long = "x" * 5000
    doings = (
        rules.set_limits(MONA, SERVER, {DAY: 2}, too_long),
        rules.unset_limits(MONA, SERVER, (DAY,), too_long),
        rules.grant(MONA, MEMBER, 1, None, too_long),
        rules.reset(MONA, MEMBER, too_long),
        rules.set_budgets(MONA, {Period.DAY: 1.0}, too_long),
    )
    for doing in doings:
        with pytest.raises(BadInputError, match=r"5,000 characters; the maximum is 300\. Nothing changed"):
            await doing
    assert len(await trail(database)) == 1
    assert [rule.most for rule in (await policy_of(database)).rules] == [1]
    assert await standing_of(database) == MemberPolicy()


@pytest.mark.parametrize("reason", ["", "   ", "\u200b\u202e"])
async def test_a_reason_that_says_nothing_is_none(rules: QuotaRules, database: Database, reason: str) -> None:
    await rules.set_limits(MONA, SERVER, {DAY: 1}, reason)
    assert [row.reason for row in await trail(database)] == [None]


@pytest.mark.sqlite_only
async def test_nothing_is_changed_while_nothing_can_be_recorded(
    rules: QuotaRules, database: Database, database_url: str
) -> None:
    async with locked(database_url):
        with pytest.raises(DatabaseBusyError):
            await rules.set_limits(MONA, SERVER, {DAY: 1})
    assert (await policy_of(database), await trail(database)) == (Policy(), [])


async def test_the_rule_book_has_all_rules_and_the_operators_default(rules: QuotaRules) -> None:
    await rules.set_limits(MONA, OF_ROLE, {DAY: 8})
    await rules.set_budgets(MONA, {Period.DAY: 100.0})
    book = await rules.read(GUILD)
    assert [(rule.scope, rule.most) for rule in book.rules] == [(Scope.ROLE, 8)]
    assert book.default == Rule(scope=Scope.DEFAULT, kind=DAY, most=5)
    assert [budget.credits for budget in book.budgets.values()] == [100]
    assert book.limits == (), "nobody was asked about"


async def test_the_rule_book_says_which_rules_win_for_a_member(rules: QuotaRules) -> None:
    await rules.set_limits(MONA, OF_ROLE, {DAY: 8})
    await rules.set_limits(MONA, OF_MEMBER, {WEEK: 20})
    await rules.grant(MONA, MEMBER, 2, None)
    book = await rules.read(GUILD, MEMBER, {ROLE})
    assert [(limit.kind, limit.rule.scope, limit.most) for limit in book.limits] == [
        (DAY, Scope.ROLE, 10),
        (WEEK, Scope.MEMBER, 22),
        (MONTH, Scope.DEFAULT, None),
        (AT_ONCE, Scope.DEFAULT, None),
    ]
    assert book.member_policy.grants[0].amount == 2
    other = await rules.read(GUILD, 6)
    assert [limit.most for limit in other.limits] == [5, None, None, None], "a role counts for others too"


async def test_the_rule_book_has_no_block_that_has_ended(
    rules: QuotaRules, database: Database, clock: StoppedClock
) -> None:
    moderation = Moderation(Decisions(database, clock))
    await moderation.block(MONA, MEMBER, clock() + timedelta(hours=1))
    assert (await rules.read(GUILD, MEMBER)).member_policy.block is not None
    clock.advance(timedelta(hours=1))
    assert (await rules.read(GUILD, MEMBER)).member_policy.block is None, "moderators read that it limits"


async def test_a_warning_about_a_budget_that_is_just_being_changed_is_none_about_the_new_one(
    rules: QuotaRules, database: Database, clock: StoppedClock
) -> None:
    def warn(session: Session) -> None:
        clock.advance(timedelta(seconds=1))
        record(session, GUILD, None, Action.BUDGET_WARNING, clock(), subject="budget:day")
        clock.advance(timedelta(seconds=1))

    warning = asyncio.create_task(database.write(warn, GUILD, hurried=True))
    # It waits for the server's lock.
    await asyncio.gather(warning, rules.set_budgets(MONA, {Period.DAY: 100.0}))
    since = (await policy_of(database)).budgets[Period.DAY].since
    is_told = await database.read(
        lambda session: was_recorded(session, GUILD, Action.BUDGET_WARNING, "budget:day", since, clock())
    )
    assert not is_told, "nobody would be warned about the new budget"
