"""What an overview of a server counts, and what it leaves to other servers."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.db.database import Database
from bot.db.guild_models import StrikeKind
from bot.db.models import Status
from bot.home.overview import Home, Overview
from bot.moderation.decisions import Decisions
from bot.moderation.report_decisions import ReportDecision
from bot.moderation.reports import Reports
from bot.moderation.rules import QuotaRules
from bot.moderation.service import Moderation
from bot.moderation.strikes import Strikes
from bot.monitoring.alert_rules import AlertKey, AlertKind, AlertState
from bot.monitoring.alert_store import AlertStore
from bot.policy.documents import Period
from bot.policy.strike_rows import Act, StrikesOf, give_strike
from tests.bot.clocks import StoppedClock
from tests.bot.reporting import MONA, insert_video, report_of
from tests.bot.rows import insert, numbers

OTHER = 7  # a server


@pytest.fixture
def home(database: Database, clock: StoppedClock) -> Home:
    return Home(database, clock=clock)


async def overview_of(home: Home) -> Overview:
    return await home.read(MONA.guild_id)


@pytest.mark.both_engines
async def test_a_new_server_has_nothing(home: Home) -> None:
    found = await overview_of(home)
    assert (found.waiting, found.running, found.open_reports, found.blocked) == (0, 0, 0, 0)
    assert found.spent == {Period.DAY: 0.0, Period.MONTH: 0.0}
    assert (found.report_posts, found.budgets, found.alert) == ([], (), None)


async def test_what_waits_and_what_is_made_is_counted(home: Home, database: Database) -> None:
    for status in (Status.PREPARING, Status.QUEUED, Status.SUBMITTING, Status.RUNNING, Status.FAILED):
        await insert(database, status=status)
        await insert(database, status=status, guild_id=OTHER)
    found = await overview_of(home)
    assert (found.waiting, found.running) == (2, 2)


async def test_what_was_spent_stands_beside_the_budget(
    home: Home, database: Database, clock: StoppedClock
) -> None:
    clock.now = clock.now.replace(day=15, hour=12)
    for days, credits_used in ((0, 10.0), (1, 5.0), (40, 100.0)):
        created_at = clock.now - timedelta(days=days)
        await insert(database, status=Status.SUCCEEDED, credits_used=credits_used, created_at=created_at)
    await QuotaRules(Decisions(database, clock), daily_limit=5).set_budgets(MONA, {Period.DAY: 25.0})
    found = await overview_of(home)
    assert found.spent == {Period.DAY: 10.0, Period.MONTH: 15.0}
    [budget] = found.budgets
    assert (budget.period, budget.budget, budget.spent) == (Period.DAY, 25.0, 10.0)


async def test_reports_that_nobody_decided_are_counted(
    home: Home, database: Database, clock: StoppedClock
) -> None:
    reports = Reports(database, clock)
    first, second = [await report_of(reports, await insert_video(database)) for _ in range(2)]
    await report_of(reports, await insert_video(database, guild_id=OTHER))
    assert (await overview_of(home)).open_reports == 2
    await reports.decide(MONA, first.id, ReportDecision.DISMISS)
    assert (await overview_of(home)).open_reports == 1
    await reports.decide(MONA, second.id, ReportDecision.BLOCK)
    assert (await overview_of(home)).open_reports == 0


async def test_blocks_that_are_over_are_not_counted(
    home: Home, database: Database, clock: StoppedClock
) -> None:
    moderation = Moderation(Decisions(database, clock))
    await moderation.block(MONA, 3, clock() + timedelta(hours=1))
    await moderation.block(MONA, 4, None)
    assert (await overview_of(home)).blocked == 2
    clock.advance(timedelta(hours=2))
    assert (await overview_of(home)).blocked == 1


async def give_strikes(database: Database, now: datetime, *, to: int, guild_id: int = MONA.guild_id) -> None:
    act = Act(guild_id, to, StrikeKind.WORD, f"{next(numbers)}")
    await database.write(lambda session: give_strike(session, act, now), guild_id)


@pytest.mark.both_engines
async def test_strikes_of_the_last_days_are_listed_by_member_where_they_are_on(
    home: Home, database: Database, clock: StoppedClock
) -> None:
    strikes = Strikes(Decisions(database, clock))
    for moderator in (MONA, replace(MONA, guild_id=OTHER)):
        await strikes.change(moderator, is_on=True, days=30)
    old, earlier = clock() - timedelta(days=8), clock() - timedelta(days=2)
    await give_strikes(database, old, to=3)
    await give_strikes(database, clock(), to=3, guild_id=OTHER)
    for user_id, at in ((4, clock()), (3, earlier), (3, clock()), (5, clock())):
        await give_strikes(database, at, to=user_id)
    await strikes.forgive(MONA, 5)
    expected = [StrikesOf(3, 2, clock()), StrikesOf(4, 1, clock())]
    assert (await overview_of(home)).strikes == expected
    assert await home.list_strikes(MONA.guild_id) == expected
    await strikes.change(MONA, is_on=False)
    assert (await overview_of(home)).strikes == ()
    assert await home.list_strikes(MONA.guild_id) == ()


async def test_an_alert_about_this_server_is_there_while_it_holds(
    home: Home, database: Database, clock: StoppedClock
) -> None:
    store = AlertStore(database)
    await store.write(AlertKey(AlertKind.DELIVERIES_FAILING, OTHER), AlertState(since=clock()))
    assert (await overview_of(home)).alert is None
    key = AlertKey(AlertKind.DELIVERIES_FAILING, MONA.guild_id)
    await store.write(key, AlertState(since=clock(), facts={"results": 2}))
    assert (found := (await overview_of(home)).alert)
    assert found.facts == {"results": 2}
    await store.write(key, AlertState(since=None))
    assert (await overview_of(home)).alert is None
