"""A create call whose answer was lost and that the provider's log never shows: its charge is looked for."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.clock import utc_now
from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.jobs.steps.lost_call import find_charge
from bot.provider.catalogue import build_request
from bot.provider.client import VeoClient
from bot.provider.costs import Cost, CostSource
from sandbox.offers import OFFERS
from sandbox.provider import Fault, Provider
from tests.bot.clocks import until
from tests.bot.engine import Engine, MakeEngine
from tests.bot.rows import MODEL, PROMPT, insert

LITE = "veo-3.1-lite-generate-001"
PRICE = 4 * 1_040_000
WINDOW = timedelta(hours=6)
HOUR = timedelta(hours=1)


async def order(veo: VeoClient, name: str, model: str = MODEL, seconds: int = 4) -> str:
    """Have a video made under a name, and return the provider's id once it is charged."""
    task = await veo.create(build_request(model, PROMPT, {"duration": seconds}), name)

    async def is_charged() -> bool:
        return task.id in [charge.task_id for charge in await veo.fetch_charges(utc_now())]

    await until("it is charged", is_charged)
    return task.id


async def lost(engine: Engine, **changes: Any) -> Generation:
    """Return a row whose create call is on its way, and was never answered."""
    values: Mapping[str, Any] = {"estimated_credits": PRICE * 1.001, "submission": 1, **changes}
    return await insert(engine.database, status=Status.SUBMITTING, submitted_at=utc_now(), **values)


@pytest.mark.parametrize("is_told", [False, True])
async def test_the_video_of_a_request_that_only_the_ledger_shows_is_delivered(
    make_engine: MakeEngine, provider: Provider, *, is_told: bool
) -> None:
    # It is charged once the video is made, which a busy machine takes seconds for.
    engine = make_engine(late_window=WINDOW, lookup_window=timedelta(seconds=0 if is_told else 5))
    row = await insert(engine.database, estimated_credits=PRICE * 1.001)
    provider.log.unseen.add(row.id)
    provider.hold = is_told
    provider.faults.add("create", Fault.reset(accepted=True))

    async def is_made() -> bool:
        engine.work.set()
        if engine.delivery.failures:
            provider.release()
        return (await engine.row(row.id)).delivered_at is not None and bool(engine.delivery.videos)

    async with engine.running():
        await until("the video is delivered", is_made)
    after = await engine.row(row.id)
    assert (after.status, after.credits_used) == (Status.SUCCEEDED, PRICE)
    assert [shown.failure_kind for shown in engine.delivery.failures] == [FailureKind.LOST] * is_told
    assert provider.count("create") == 1


async def a_second_charge(engine: Engine, _: Provider) -> None:
    await order(engine.veo, "hidden too")


async def another_lost_request(engine: Engine, _: Provider) -> None:
    await lost(engine)


async def another_lost_request_of_unknown_price(engine: Engine, _: Provider) -> None:
    await lost(engine, estimated_credits=None)


async def the_request_that_has_it(engine: Engine, _: Provider) -> None:
    (charge,) = await engine.veo.fetch_charges(utc_now())
    await insert(engine.database, provider_id=charge.task_id)


async def its_name_in_the_log(_: Engine, provider: Provider) -> None:
    provider.log.unseen.clear()


async def another_program_that_has_the_account(_: Engine, provider: Provider) -> None:
    async with aiohttp.ClientSession() as session:
        other = VeoClient(session, provider.url, SecretStr(provider.other_key))
        await order(other, "theirs", "google/veo-3.0-fast")


Add = Callable[[Engine, Provider], Awaitable[None]]
DOUBTS: Mapping[str, Add] = {
    add.__name__.replace("_", " "): add
    for add in (
        a_second_charge,
        another_lost_request,
        another_lost_request_of_unknown_price,
        the_request_that_has_it,
        its_name_in_the_log,
        another_program_that_has_the_account,
    )
}


@pytest.mark.parametrize("doubt", DOUBTS)
async def test_a_charge_that_may_be_anothers_is_left_alone(
    engine: Engine, provider: Provider, doubt: str
) -> None:
    row = await lost(engine)
    provider.log.unseen |= {"hidden", "hidden too"}
    task_id = await order(engine.veo, "hidden")
    found = await find_charge(engine.veo, engine.database, row)
    assert found is not None
    assert (found.task_id, found.cost) == (task_id, Cost(PRICE, CostSource.LEDGER))
    await DOUBTS[doubt](engine, provider)
    assert await find_charge(engine.veo, engine.database, row) is None


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"estimated_credits": None}, id="no estimate"),
        pytest.param({"estimated_credits": PRICE * 1.05}, id="another price"),
        pytest.param({"model": "google/veo3-fast"}, id="another model"),
    ],
)
async def test_a_charge_that_does_not_fit_is_not_taken(
    engine: Engine, provider: Provider, changes: Mapping[str, Any]
) -> None:
    provider.log.unseen.add("hidden")
    row = await lost(engine, **changes)
    await order(engine.veo, "hidden")
    assert await find_charge(engine.veo, engine.database, row) is None


async def test_what_the_provider_calls_by_one_name_shares_its_charges(
    engine: Engine, provider: Provider
) -> None:
    price = 4 * OFFERS[LITE].credits_with_audio
    provider.log.unseen.add("hidden")
    row = await lost(engine, model=f"{LITE}#image", estimated_credits=price)
    task_id = await order(engine.veo, "hidden", LITE)
    found = await find_charge(engine.veo, engine.database, row)
    assert found is not None
    assert found.task_id == task_id
    await lost(engine, model=f"{LITE}#frames", estimated_credits=price)
    assert await find_charge(engine.veo, engine.database, row) is None, "it may be the other one's"


async def test_a_charge_from_before_the_request_is_not_its_own(engine: Engine, provider: Provider) -> None:
    provider.log.unseen.add("hidden")
    await order(engine.veo, "hidden")
    row = await lost(engine)
    row.submitted_at = utc_now() + HOUR
    assert await find_charge(engine.veo, engine.database, row) is None
