"""What was spent, as the figures tell it: each charge once, from whichever source it comes."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.clock import utc_now
from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.jobs.endings import NOT_CHARGED
from bot.jobs.queue import GenerationQueue
from bot.jobs.steps.late import UNTOLD
from bot.metrics.metrics import REGISTRY
from bot.provider.costs import CostSource
from bot.provider.models import Task
from bot.usage.reconciliation import Reconciliation
from sandbox.provider import Provider
from tests.bot.engine import client_of
from tests.bot.rows import MODEL, insert, reread
from tests.bot.usage.test_reconciliation import PRICE, charge

LATE = timedelta(hours=6)
SENT: dict[str, Any] = {"status": Status.RUNNING, "provider_id": "1:veo3", "lease_owner": "one"}
ANNOUNCED: dict[str, Any] = {"credits_used": 7.0, "cost_source": CostSource.CREATE}


@pytest.fixture
def queue(database: Database) -> GenerationQueue:
    return GenerationQueue(database, "one", max_running=9, lease=timedelta(minutes=5))


@pytest.fixture
def spent() -> Callable[[], float]:
    """Return what was spent since the test began, in credits."""

    def total() -> float:
        return REGISTRY.get_sample_value("veobot_spent_credits_total", {"model": MODEL}) or 0.0

    before = total()
    return lambda: total() - before


def finished(cost: float) -> Task:
    return Task.model_validate({"id": "1:veo3", "status": "completed", "usage": {"credits_used": cost}})


async def deliver(queue: GenerationQueue, row: Generation) -> Generation:
    return await queue.update(row, delivered_at=utc_now())


async def test_what_the_ledger_says_before_the_video_is_posted_is_spent_once(
    session: aiohttp.ClientSession,
    provider: Provider,
    database: Database,
    queue: GenerationQueue,
    spent: Callable[[], float],
) -> None:
    sent = await insert(database, **SENT | {"provider_id": await charge(session, provider)})
    made = await queue.succeed(sent, Task.model_validate({"id": sent.provider_id, "status": "completed"}))
    await Reconciliation(database, client_of(session, provider)).reconcile()
    await deliver(queue, await reread(database, made.id))
    assert spent() == PRICE


async def test_a_late_video_whose_price_was_announced_is_spent_once(
    database: Database, queue: GenerationQueue, spent: Callable[[], float]
) -> None:
    sent = await insert(database, **SENT, **ANNOUNCED)
    late = await deliver(queue, await queue.fail(sent, FailureKind.LATE, None, late_until=utc_now() + LATE))
    made = await queue.succeed(late, finished(7.0), **UNTOLD)
    await deliver(queue, made)
    assert spent() == 7.0


@pytest.mark.parametrize("source", [CostSource.CREATE, CostSource.LOG])
async def test_a_video_that_never_came_has_cost_nothing(
    database: Database, queue: GenerationQueue, spent: Callable[[], float], source: CostSource
) -> None:
    sent = await insert(database, **SENT, credits_used=7.0, cost_source=source)
    await deliver(queue, await queue.fail(sent, FailureKind.LATE, None, late_until=utc_now() + LATE))
    assert spent() == 0.0


async def test_a_file_that_arrives_after_it_was_reported_lost_is_paid_for_once(
    database: Database, queue: GenerationQueue, spent: Callable[[], float]
) -> None:
    made = await queue.succeed(await insert(database, **SENT), finished(7.0))
    lost = await deliver(
        queue, await queue.fail(made, FailureKind.FILE_LOST, None, late_until=utc_now() + LATE)
    )
    await deliver(queue, await queue.succeed(lost, finished(7.0), **UNTOLD))
    assert spent() == 7.0


@pytest.mark.parametrize("is_told", [True, False])
async def test_what_a_cancelled_request_was_charged_is_spent_once(
    session: aiohttp.ClientSession,
    provider: Provider,
    database: Database,
    queue: GenerationQueue,
    spent: Callable[[], float],
    *,
    is_told: bool,
) -> None:
    ended = {"status": Status.CANCELLED, "provider_id": await charge(session, provider)}
    row = await insert(database, **SENT | ANNOUNCED | ended, submitted_at=utc_now(), finished_at=utc_now())
    if is_told:
        await deliver(queue, row)
    await Reconciliation(database, client_of(session, provider)).reconcile()
    if not is_told:
        await deliver(queue, await reread(database, row.id))
    assert spent() == PRICE


async def test_two_processes_that_read_the_same_charge_count_it_once(
    session: aiohttp.ClientSession, provider: Provider, database: Database, spent: Callable[[], float]
) -> None:
    ended = {"provider_id": await charge(session, provider), "finished_at": utc_now()}
    await insert(database, status=Status.SUCCEEDED, **ended, delivered_at=utc_now())
    veo = client_of(session, provider)
    await asyncio.gather(*(Reconciliation(database, veo).reconcile() for _ in range(2)))
    assert spent() == PRICE


@pytest.mark.parametrize("is_late", [True, False])
async def test_what_the_ledger_says_while_the_provider_is_asked_is_spent_once(
    session: aiohttp.ClientSession,
    provider: Provider,
    database: Database,
    queue: GenerationQueue,
    spent: Callable[[], float],
    *,
    is_late: bool,
) -> None:
    """The step has the row as it was before, and ends the wait for a late video, or has found it."""
    sent = await insert(database, **SENT | {"provider_id": await charge(session, provider)})
    late = await deliver(queue, await queue.fail(sent, FailureKind.LATE, None, late_until=utc_now() + LATE))
    await Reconciliation(database, client_of(session, provider)).reconcile()
    if is_late:
        await queue.succeed(late, finished(PRICE), **UNTOLD)
    else:
        await queue.update(late, late_until=None, **NOT_CHARGED)
    assert spent() == PRICE
