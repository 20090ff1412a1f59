"""What videos cost: the real cost, or the estimate as long as something can still be charged."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.admission.usage_counts import BOUND, fetch_member_spent, fetch_spent
from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.policy.documents import Period
from tests.bot.bound import bound_credits
from tests.bot.random_rows import GUILD, NOW, TICK, ask, generations
from tests.bot.rows import insert, new_row
from tests.examples import SCALE

pytestmark = pytest.mark.both_engines

SINCE = {Period.DAY: NOW - timedelta(hours=12), Period.MONTH: NOW - timedelta(days=20)}
EXAMPLES = 17 * SCALE  # each opens a database


async def spent_today(database: Database) -> float:
    return await database.read(lambda session: (fetch_spent(session, GUILD, {Period.DAY: NOW}))[Period.DAY])


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"status": Status.QUEUED}, 70),
        ({"status": Status.SUBMITTING}, 70),
        ({"status": Status.RUNNING, "submitted_at": NOW}, 70),
        ({"status": Status.SUCCEEDED, "submitted_at": NOW}, 70),
        ({"status": Status.SUCCEEDED, "credits_used": 50.0}, 50),
        ({"status": Status.SUCCEEDED, "credits_used": 0.0}, 0),
        ({"status": Status.RUNNING, "estimated_credits": None}, 0),
        ({"status": Status.FAILED, "submitted_at": NOW}, 0),
        ({"status": Status.FAILED, "credits_used": 50.0}, 50),
        ({"status": Status.FAILED, "late_until": NOW}, 70),
        ({"status": Status.FAILED, "failure_kind": FailureKind.UNMADE, "submitted_at": NOW}, 0),
        ({"status": Status.FAILED, "failure_kind": FailureKind.FILE_LOST, "submitted_at": NOW}, 70),
        ({"status": Status.FAILED, "failure_kind": FailureKind.BROKEN, "submitted_at": NOW}, 70),
        ({"status": Status.FAILED, "failure_kind": FailureKind.BROKEN}, 0),
        ({"status": Status.CANCELLED}, 0),
        ({"status": Status.CANCELLED, "submitted_at": NOW}, 70),
        ({"status": Status.CANCELLED, "submitted_at": NOW, "credits_used": 50.0}, 50),
    ],
)
async def test_an_estimate_counts_until_the_cost_is_known_or_nothing_can_be_charged(
    database: Database, row: dict[str, Any], expected: float
) -> None:
    values = {"estimated_credits": 70.0, "created_at": NOW, **row}
    assert bound_credits(new_row(**values)) == expected
    await insert(database, **values)
    assert await spent_today(database) == expected


async def test_a_server_without_requests_has_spent_nothing(database: Database) -> None:
    assert await spent_today(database) == 0.0

    def work(session: Session):
        assert fetch_spent(session, GUILD, {}) == {}
        assert fetch_member_spent(session, GUILD, 3, NOW) == 0.0

    await database.read(work)


@settings(max_examples=EXAMPLES)
@given(st.lists(generations, max_size=30))
def test_each_row_costs_the_same_in_python_and_in_sql(rows: list[Generation]) -> None:
    query = select(Generation, BOUND)
    costs = ask(rows, lambda session: session.execute(query).all())
    assert len(costs) == len(rows)
    for row, cost in costs:
        assert cost == bound_credits(row), f"{row.status} {row.submitted_at=} {row.late_until=}"


@settings(max_examples=EXAMPLES)
@given(st.lists(generations, max_size=30))
def test_a_period_holds_the_server_s_rows_from_its_first_moment_on(rows: list[Generation]) -> None:
    spent = ask(rows, lambda session: fetch_spent(session, GUILD, SINCE))
    assert spent == {
        period: sum(bound_credits(r) for r in rows if r.guild_id == GUILD and r.created_at >= start)
        for period, start in SINCE.items()
    }


async def test_a_period_begins_with_its_first_moment(database: Database) -> None:
    for created_at, cost in ((NOW - TICK, 1.0), (NOW, 20.0), (NOW + TICK, 300.0)):
        await insert(database, created_at=created_at, estimated_credits=cost)
    assert await spent_today(database) == 320.0


async def test_a_member_s_spending_is_theirs_in_this_server_only(database: Database) -> None:
    for user_id, guild_id, age, cost in (
        (3, 1, 0, 1.0),
        (3, 1, 9, 20.0),
        (4, 1, 0, 300.0),
        (3, 2, 0, 4000.0),
    ):
        created_at = NOW - timedelta(days=age)
        await insert(
            database, user_id=user_id, guild_id=guild_id, created_at=created_at, estimated_credits=cost
        )

    def work(session: Session):
        assert fetch_member_spent(session, 1, 3, NOW - timedelta(days=30)) == 21.0
        assert fetch_member_spent(session, 1, 3, NOW - timedelta(days=8)) == 1.0

    await database.read(work)


def test_what_a_clock_dated_in_the_future_takes_no_money_of_today() -> None:
    rows = [
        new_row(guild_id=GUILD, credits_used=1.0, created_at=NOW),
        new_row(guild_id=GUILD, credits_used=10.0, created_at=NOW + timedelta(days=400)),
    ]
    since = {Period.DAY: NOW - timedelta(hours=1)}
    server, member = ask(
        rows,
        lambda session: (
            fetch_spent(session, GUILD, since, NOW),
            fetch_member_spent(session, GUILD, 3, since[Period.DAY], NOW),
        ),
    )
    assert (server, member) == ({Period.DAY: 1.0}, 1.0)
