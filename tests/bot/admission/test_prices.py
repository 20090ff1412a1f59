"""The price list lives through the provider's troubles."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.admission.prices import REFRESH_INTERVAL, SURE_AFTER, PriceList
from bot.provider.catalogue import CATALOGUE, Model, VideoRequest, build_request
from bot.provider.client import VeoClient
from bot.provider.input_kinds import InputKind
from sandbox.offers import OFFERS, Offer
from sandbox.provider import Fault, Provider
from tests.bot.clocks import until
from tests.bot.engine import client_of
from tests.bot.rows import MODEL, PROMPT
from tests.bot.troubles import Logs, count_events

SOON = 0.01  # seconds
STOP_SECONDS = 20.0
FAST = "google/veo-3.0-fast"
LAST = CATALOGUE[-1].id  # of those that are asked for
LAST_PRICE = 8 * OFFERS[CATALOGUE[-1].provider_name].credits_with_audio
LOST, FOUND = "could not fetch the prices", "fetched the prices again"
UNREADABLE = "the provider's list has no readable price"


def wish(model: str = MODEL, **options: Any) -> VideoRequest:
    return build_request(model, PROMPT, options)


@asynccontextmanager
async def running(
    veo: VeoClient, *, interval: float = SOON, retry: float = SOON
) -> AsyncGenerator[PriceList]:
    """A price list that fetches; at the end it must stop at once."""
    stopping = asyncio.Event()
    prices = PriceList(veo, stopping, interval=interval, retry=lambda _: retry)
    async with running_list(prices, stopping):
        yield prices


@asynccontextmanager
async def running_list(prices: PriceList, stopping: asyncio.Event) -> AsyncGenerator[None]:
    task = asyncio.create_task(prices.run(), name="price list")
    try:
        yield
    finally:
        stopping.set()
        await asyncio.wait_for(task, STOP_SECONDS)


async def known(prices: PriceList, price: float | None, request: VideoRequest | None = None) -> None:
    """Wait until a video is quoted at `price`, in credits."""
    video = request or wish()

    async def is_known() -> bool:
        return prices.quote(video) == price

    await until(f"a video is quoted at {price}", is_known)


async def logged(logs: Logs, event: str) -> None:
    async def is_logged() -> bool:
        return count_events(logs, event) > 0

    await until(f"it is logged that {event}", is_logged)


async def test_nothing_is_quoted_before_the_list_is_there(veo: VeoClient, provider: Provider) -> None:
    provider.faults.add("models", Fault.hang(), times=None)
    async with running(veo) as prices:
        await provider.called("models")
        assert prices.quote(wish()) is None
        provider.faults.clear()
        await known(prices, 8 * 1_040_000)


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.id)
async def test_every_model_is_quoted(veo: VeoClient, model: Model) -> None:
    offer = OFFERS[model.provider_name]
    async with running(veo, interval=3600) as prices:
        await known(prices, 8 * offer.credits_with_audio, wish(model.id))
        assert prices.quote(wish(model.id, generate_audio=False)) == 8 * offer.credits_without_audio


async def test_a_model_outside_the_list_is_not_quoted(veo: VeoClient) -> None:
    other = Model("google/other", "Other", InputKind.TEXT, "Not in the catalogue", CATALOGUE[0].options)
    async with running(veo) as prices:
        await known(prices, 8 * 1_040_000)
        assert prices.quote(VideoRequest(other, PROMPT, {})) is None


async def test_a_changed_price_is_quoted_after_the_next_fetch(
    veo: VeoClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(veo) as prices:
        await known(prices, 8 * 1_040_000)
        monkeypatch.setitem(OFFERS, MODEL, Offer("veo3", 2_000_000, 1_000_000))  # pyright: ignore[reportArgumentType]: it is a dict
        await known(prices, 8 * 2_000_000)


async def test_the_list_is_not_fetched_again_before_its_time(veo: VeoClient, provider: Provider) -> None:
    async with running(veo, interval=3600) as prices:
        await known(prices, LAST_PRICE, wish(LAST))
        for _ in range(5):
            await veo.fetch_balance()  # as long as a hasty second fetch would take
    assert provider.count("models") == 1


def test_a_model_that_leaves_the_list_is_gone_within_ten_minutes_though_one_look_alone_says_nothing() -> None:
    assert SURE_AFTER < REFRESH_INTERVAL
    assert 2 * REFRESH_INTERVAL < 600


async def test_a_model_that_is_taken_out_of_the_list_is_gone_and_comes_back(
    veo: VeoClient, provider: Provider
) -> None:
    now, told = itertools.count(0, SURE_AFTER), list[frozenset[str]]()
    stopping = asyncio.Event()

    async def retire(gone: frozenset[str]) -> None:
        told.append(gone)

    prices = PriceList(veo, stopping, interval=SOON, clock=lambda: float(next(now)), retire=retire)
    provider.terms.sold_out.add(MODEL)
    async with running_list(prices, stopping):

        async def is_gone() -> bool:
            return prices.gone == frozenset({MODEL})

        async def is_back() -> bool:
            return not prices.gone

        async def is_told() -> bool:
            return bool(told)

        await until("the model is gone", is_gone)
        await until("what waits for it is ended", is_told)
        provider.terms.sold_out.clear()
        await until("the model is back", is_back)
    assert set(told) == {frozenset({MODEL})}


FAULTS = {
    "500": Fault.status(500),
    "refused": Fault.status(401),
    "too many": Fault.status(429, retry_after=1),
    "a proxy's page": Fault.status(200, body="html"),
    "nothing": Fault.status(200, body="empty"),
    "half": Fault.truncated_json(),
    "reset": Fault.reset(),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_lost_list_stays_in_use_and_is_told_of_once(
    veo: VeoClient, provider: Provider, logs: Logs, fault: Fault
) -> None:
    async with running(veo) as prices:
        await known(prices, 8 * 390_000, wish(FAST))
        assert count_events(logs, LOST) == 0
        provider.faults.add("models", fault, times=None)
        await logged(logs, LOST)
        await provider.called("models", provider.count("models") + 5)
        assert prices.quote(wish()) == 8 * 1_040_000
        assert count_events(logs, LOST) == 1, "an outage is told of once, not every time"
        provider.faults.clear()
        await logged(logs, FOUND)
        provider.faults.add("models", fault, times=None)
        await provider.called("models", provider.count("models") + 5)
    assert count_events(logs, LOST) == 2, "the second outage is another one"
    assert count_events(logs, FOUND) == 1


async def test_a_list_that_was_never_there_is_fetched_as_soon_as_it_can_be(
    veo: VeoClient, provider: Provider
) -> None:
    provider.faults.add("models", Fault.status(503), times=3)
    async with running(veo, interval=3600) as prices:
        await known(prices, 8 * 1_040_000)


async def test_the_wait_grows_with_the_failures_and_starts_anew(veo: VeoClient, provider: Provider) -> None:
    asked: list[int] = []

    def retry(failures: int) -> float:
        asked.append(failures)
        return SOON

    provider.faults.add("models", Fault.status(503), times=3)
    stopping = asyncio.Event()
    prices = PriceList(veo, stopping, interval=SOON, retry=retry)
    task = asyncio.create_task(prices.run())
    await known(prices, LAST_PRICE, wish(LAST))
    provider.faults.add("models", Fault.status(503))
    await provider.called("models", provider.count("models") + 4)
    stopping.set()
    await asyncio.wait_for(task, STOP_SECONDS)
    assert asked == [0, 1, 2, 0]


async def test_what_nobody_foresaw_does_not_end_it(
    veo: VeoClient, session: aiohttp.ClientSession, logs: Logs
) -> None:
    async with running(veo) as prices:
        await known(prices, LAST_PRICE, wish(LAST))
        await session.close()
        await logged(logs, LOST)
        assert prices.quote(wish()) == 8 * 1_040_000
    (line,) = [line for line in logs if line["event"] == LOST]
    assert isinstance(line["exc_info"], RuntimeError), "its traceback is in the log"


async def test_it_stops_while_the_provider_does_not_answer(veo: VeoClient, provider: Provider) -> None:
    provider.faults.add("models", Fault.hang(), times=None)
    async with running(veo):
        await provider.called("models")
    provider.faults.clear()


async def test_it_does_not_begin_when_the_program_stops(veo: VeoClient, provider: Provider) -> None:
    stopping = asyncio.Event()
    stopping.set()
    await asyncio.wait_for(PriceList(veo, stopping).run(), STOP_SECONDS)
    assert provider.count("models") == 0


@pytest.fixture
async def lister() -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """The address of a provider that has nothing but a list of models, and each model's pricing."""
    pricings: dict[str, Any] = {}

    async def models(request: web.Request) -> web.Response:
        names = request.query["id"].split(",")
        return web.json_response({"data": [{"id": name, "pricing": pricings.get(name)} for name in names]})

    app = web.Application()
    app.router.add_get("/v1/models", models)
    async with TestServer(app) as server:
        yield str(server.make_url("/")), pricings


async def test_a_price_that_cannot_be_read_any_more_is_not_quoted_and_told_of_once(
    session: aiohttp.ClientSession, provider: Provider, lister: tuple[str, dict[str, Any]], logs: Logs
) -> None:
    url, pricings = lister
    flat = {"kind": "fixed", "units": [{"name": "second", "price": 1, "per": 2}]}
    pricings.update({model.id: flat for model in CATALOGUE})
    async with running(client_of(session, provider, url=url)) as prices:
        await known(prices, 8_000_000)
        assert count_events(logs, UNREADABLE) == 0
        pricings[MODEL] = {"kind": "fixed", "units": "see our page"}
        await known(prices, None)
        pricings[FAST] = {**flat, "kind": "variable"}
        await known(prices, None, wish(FAST))
    assert [line["model"] for line in logs if line["event"] == UNREADABLE] == [MODEL]
