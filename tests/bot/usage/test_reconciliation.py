"""What was counted beside what the provider charged."""

from datetime import timedelta

import aiohttp
import pytest

from bot.cli.reconcile import render
from bot.clock import utc_now
from bot.db.database import Database
from bot.db.models import Status
from bot.failures import FailureKind
from bot.provider.catalogue import build_request
from bot.provider.costs import CostSource
from bot.usage.reconciliation import Counted, Reconciliation
from sandbox.odd_answers import Reshaped
from sandbox.provider import Provider
from tests.bot.bound import bound_credits
from tests.bot.clocks import until
from tests.bot.engine import client_of
from tests.bot.rows import PROMPT, insert, reread

PRICE = 4 * 1_040_000
MODEL = "google/veo3"


async def charge(session: aiohttp.ClientSession, provider: Provider) -> str:
    """Have a video made and charged, and return the provider's id of it."""
    veo = client_of(session, provider)
    task = await veo.create(build_request(MODEL, PROMPT, {"duration": 4}), "ours")

    async def is_charged() -> bool:
        return task.id in [charge.task_id for charge in await veo.fetch_charges(utc_now())]

    await until("it is charged", is_charged)
    return task.id


@pytest.mark.parametrize(
    ("row", "source"),
    [
        ({"status": Status.SUCCEEDED, "estimated_credits": 7.0}, None),
        ({"status": Status.SUCCEEDED, "credits_used": 7.0}, CostSource.CREATE),
        ({"status": Status.CANCELLED, "submitted_at": utc_now(), "estimated_credits": 7.0}, None),
    ],
    ids=["estimated", "announced", "cancelled"],
)
async def test_what_was_charged_takes_the_place_of_what_was_thought(
    session: aiohttp.ClientSession,
    provider: Provider,
    database: Database,
    row: dict[str, object],
    source: CostSource | None,
) -> None:
    ended = {"provider_id": await charge(session, provider), "finished_at": utc_now()}
    made = await insert(database, **ended, **row, cost_source=source, delivered_at=utc_now())
    assert bound_credits(made) == 7.0
    reconciliation = Reconciliation(database, client_of(session, provider))
    await reconciliation.reconcile()
    after = await reread(database, made.id)
    assert (after.credits_used, after.cost_source, after.late_until) == (PRICE, CostSource.LEDGER, None)
    calls = provider.count("billing")
    await reconciliation.reconcile()
    assert provider.count("billing") == calls, "there is nothing left to find out"


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_failed_video_that_was_charged_is_asked_for_once_more(
    session: aiohttp.ClientSession, provider: Provider, database: Database, *, is_told: bool
) -> None:
    now = utc_now()
    told = {"failure_kind": FailureKind.UNMADE, "finished_at": now, "delivered_at": now if is_told else None}
    row = await insert(database, status=Status.FAILED, provider_id=await charge(session, provider), **told)
    await Reconciliation(database, client_of(session, provider)).reconcile()
    after = await reread(database, row.id)
    assert (after.credits_used, after.late_until is not None) == (PRICE, True)


async def test_a_failed_video_is_looked_for_though_it_waited_for_days_before_it_was_sent(
    session: aiohttp.ClientSession, provider: Provider, database: Database
) -> None:
    now = utc_now()
    told = {"failure_kind": FailureKind.UNMADE, "finished_at": now, "delivered_at": now}
    task_id, requested = await charge(session, provider), now - timedelta(days=2)
    row = await insert(
        database, status=Status.FAILED, provider_id=task_id, created_at=requested, submitted_at=now, **told
    )
    await Reconciliation(database, client_of(session, provider)).reconcile()
    assert bound_credits(await reread(database, row.id)) == PRICE, "the budget doesn't know of the charge"


async def test_what_is_not_charged_yet_stays_as_it_is(
    session: aiohttp.ClientSession, provider: Provider, database: Database
) -> None:
    task_id = await charge(session, provider)
    provider.reports.charge_delay = timedelta(hours=1)
    made = {"status": Status.SUCCEEDED, "finished_at": utc_now(), "estimated_credits": 7.0}
    row = await insert(database, provider_id=task_id, **made)
    await Reconciliation(database, client_of(session, provider)).reconcile()
    after = await reread(database, row.id)
    assert (after.cost_source, bound_credits(after)) == (None, 7.0)


DAYS = timedelta(days=2)
AMOUNT = {"usd": 3.5, "credits": 7.0}
UNNAMED = {"direction": "CHARGE", "amount": AMOUNT, "reference_id": 7}
PAYMENT = {"direction": "TOPUP", "amount": AMOUNT, "reference_id": None}
UNREADABLE = {"direction": "CHARGE", "amount": {"usd": "much"}, "reference_id": "7:veo3"}


@pytest.mark.parametrize(
    ("ago", "has_later", "odd", "bound"),
    [
        pytest.param(DAYS, True, None, 0.0, id="a day later"),
        pytest.param(timedelta(hours=2), True, None, 7.0, id="too early"),
        pytest.param(DAYS, False, None, 7.0, id="the ledger shows nothing since"),
        pytest.param(DAYS, True, "odd", 7.0, id="an entry makes no sense"),
        pytest.param(DAYS, True, UNREADABLE, 7.0, id="its charge cannot be read"),
        pytest.param(DAYS, True, UNNAMED, 7.0, id="a charge may be its own"),
        pytest.param(DAYS, True, PAYMENT, 0.0, id="a payment is no charge"),
    ],
)
async def test_what_was_cancelled_and_never_charged_costs_nothing(
    session: aiohttp.ClientSession,
    provider: Provider,
    database: Database,
    ago: timedelta,
    has_later: bool,
    odd: object,
    bound: float,
) -> None:
    at = utc_now() - ago
    if has_later:
        await charge(session, provider)
    if odd:
        provider.faults.add("billing", Reshaped(lambda page: {**page, "data": [odd, *page["data"]]}))
    sent = {"status": Status.CANCELLED, "provider_id": "7:veo3", "created_at": at, "submitted_at": at}
    told = {"finished_at": at, "delivered_at": at, "credits_used": 7.0, "cost_source": CostSource.CREATE}
    row = await insert(database, **sent, **told)
    await Reconciliation(database, client_of(session, provider)).reconcile()
    assert bound_credits(await reread(database, row.id)) == bound


async def test_a_failed_video_whose_charge_was_given_back_costs_nothing_and_is_not_asked_for(
    session: aiohttp.ClientSession, provider: Provider, database: Database
) -> None:
    now, task_id = utc_now(), await charge(session, provider)
    provider.refund(task_id)
    told = {"failure_kind": FailureKind.UNMADE, "finished_at": now, "delivered_at": now}
    row = await insert(database, status=Status.FAILED, provider_id=task_id, estimated_credits=7.0, **told)
    await Reconciliation(database, client_of(session, provider)).reconcile()
    after = await reread(database, row.id)
    assert (bound_credits(after), after.late_until) == (0.0, None)


async def test_what_is_paid_into_the_account_is_no_charge_for_a_video(
    session: aiohttp.ClientSession, provider: Provider, database: Database
) -> None:
    ended = {"provider_id": await charge(session, provider), "finished_at": utc_now()}
    await insert(database, **ended, status=Status.SUCCEEDED, credits_used=PRICE, cost_source=CostSource.LOG)
    provider.top_up(50.0)
    text = render(1, *await Reconciliation(database, client_of(session, provider)).compare(1))
    assert "others" not in text, text
    assert text.endswith("No differences.")


def test_both_sides_and_every_difference_are_printed() -> None:
    rows = [
        Counted("a" * 16, "1:veo3", MODEL, 2_000_000.0, CostSource.LEDGER),
        Counted("b" * 16, "2:veo3", MODEL, 2_000_000.0, CostSource.CREATE),
        Counted("c" * 16, "3:veo3", MODEL, 1_000_000.0, None),
        Counted("d" * 16, "4:veo3", MODEL, 0.0, None),
    ]
    charges = {"1:veo3": 2_000_000.0, "2:veo3": 3_000_000.0, "9:veo3": 500_000.0}
    text = render(30, rows, charges)
    for piece in (
        "$2.50 for 4 sent requests",
        "$1.00 of it confirmed",
        "$2.50 for 2 of them",
        "$0.25 for 1 others",
        f"- {'b' * 16}: counted $1.00, charged $1.50",
        f"- {'c' * 16}: counted $0.50, not charged yet",
    ):
        assert piece in text
    assert render(1, rows[:1], {"1:veo3": 2_000_000.0}).endswith("No differences.")
