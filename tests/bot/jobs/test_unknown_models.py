"""A model that the provider lists and doesn't know: it isn't offered for an hour."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta

import pytest

from bot.admission.prices import SURE_AFTER, PriceList
from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.models import Status
from bot.failures import FailureKind
from bot.jobs.closures import UNKNOWN_FOR, ProviderPause, RefusalScope, Way
from bot.jobs.pause_state import UnknownModels, keep_pause
from bot.jobs.retirement import Retirement
from sandbox.provider import Fault, Provider
from tests.bot.clocks import until
from tests.bot.engine import Engine, MakeEngine
from tests.bot.rows import MODEL, insert

START = datetime(2026, 1, 1, tzinfo=UTC)
UNKNOWN = "google/veo-3.1-t2v"
PAUSE = ProviderPause(START, RefusalScope.MODEL, Way.MISSING, models=(MODEL,), missing={MODEL: START})
NOT_FOUND = Fault.status(404, "No such thing.")


def price_list(engine: Engine, stopping: asyncio.Event, clock: Clock) -> PriceList:
    """One for which minutes pass between two looks."""
    now = itertools.count(0, SURE_AFTER)
    return PriceList(
        engine.veo,
        stopping,
        unknown=UnknownModels(engine.database, clock).fetch,
        retire=Retirement(engine.database, timedelta(seconds=60)).end,
        interval=0.05,
        clock=lambda: float(next(now)),
    )


async def test_what_waits_for_it_ends_and_an_hour_later_it_is_offered_again(
    make_engine: MakeEngine, provider: Provider
) -> None:
    engine = make_engine(max_running=1, account_wait=timedelta(seconds=0.5))
    provider.faults.add("create", NOT_FOUND, times=None, only={"model": UNKNOWN})
    rows = [await insert(engine.database, model=UNKNOWN) for _ in range(3)]
    stopping, ago = asyncio.Event(), timedelta()
    prices = price_list(engine, stopping, lambda: utc_now() + ago)

    async def all_ended() -> bool:
        engine.work.set()
        return all([(await engine.row(row.id)).status is Status.FAILED for row in rows])

    async def is_offered() -> bool:
        return not prices.gone

    async with engine.running(), asyncio.TaskGroup() as tasks:
        tasks.create_task(prices.run())
        await until("all have ended", all_ended)
        assert prices.gone == {UNKNOWN}
        ago = UNKNOWN_FOR
        await until("it is offered again", is_offered)
        stopping.set()
    kinds = [(await engine.row(row.id)).failure_kind for row in rows]
    assert sorted(filter(None, kinds)) == [FailureKind.MODEL_GONE] * 2 + [FailureKind.REFUSED]


async def test_one_refusal_says_nothing_of_the_model(engine: Engine, provider: Provider) -> None:
    provider.faults.add("create", NOT_FOUND)
    row = await insert(engine.database)

    async def is_over() -> bool:
        engine.work.set()
        return (await engine.row(row.id)).delivered_at is not None

    async with engine.running():
        await until("it has ended", is_over)
    assert await UnknownModels(engine.database).fetch() == frozenset()


@pytest.mark.parametrize(("age", "unknown"), [(UNKNOWN_FOR / 2, {MODEL}), (UNKNOWN_FOR, set[str]())])
async def test_what_was_refused_an_hour_ago_says_nothing(
    database: Database, age: timedelta, unknown: set[str]
) -> None:
    await keep_pause(database, PAUSE)
    assert await UnknownModels(database, lambda: START + age).fetch() == unknown


async def test_where_the_database_says_nothing_it_stays_as_it_was(database: Database) -> None:
    await keep_pause(database, PAUSE)
    models = UnknownModels(database, lambda: START)
    assert await models.fetch() == {MODEL}
    await database.close()
    assert await models.fetch() == {MODEL}
