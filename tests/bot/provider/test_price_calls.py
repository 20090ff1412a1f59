"""Prices and the account's money, asked of the strict fake provider on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from itertools import product
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import ValidationError

from bot.money import usd
from bot.provider.catalogue import CATALOGUE, Model, VideoRequest, build_request
from bot.provider.client import VeoClient
from bot.provider.errors import UnavailableError, VeoError
from bot.provider.models import Task, TaskState
from bot.provider.pricing import Balance, Listing, quote
from sandbox.provider import Fault, Kind, Provider
from tests.bot.clocks import until
from tests.bot.drawn import illustrated
from tests.bot.engine import StartProvider, client_of
from tests.bot.provider.test_client import MEANINGS
from tests.bot.rows import MODEL, PROMPT

every_model = pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.id)
every_call = pytest.mark.parametrize("kind", ["models", "billing"])
CHOICES: dict[str, tuple[int | str, ...]] = {
    "duration": (4, 6, 8),
    "resolution": ("720P", "1080P"),
    "generate_audio": (True, False),
}
BY_RESOLUTION = {
    "kind": "variants",
    "dimensions": ["resolution"],
    "variants": [{"when": {"resolution": "720p"}, "price": 0.39, "unit": "second", "per": 1}],
}


@pytest.fixture
async def lister() -> AsyncIterator[tuple[str, list[Any]]]:
    """The address of a provider that has nothing but a list of models, and that list."""
    rows: list[Any] = []

    async def models(_: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": rows})

    app = web.Application()
    app.router.add_get("/v1/models", models)
    async with TestServer(app) as server:
        yield str(server.make_url("/")), rows


async def completed(veo: VeoClient, request: VideoRequest) -> Task:
    """Have a video made, and return the answer to the create call, which tells the cost."""
    task = await veo.create(request, "ours")

    async def is_completed() -> bool:
        return (await veo.retrieve(task.id)).state is TaskState.COMPLETED

    await until("the video is made", is_completed, seconds=45)
    return task


@pytest.mark.nightly(daily=["google/veo3"])
@every_model
async def test_every_video_costs_what_was_quoted(
    session: aiohttp.ClientSession, start_provider: StartProvider, model: Model
) -> None:
    combinations = [dict(zip(CHOICES, values, strict=True)) for values in product(*CHOICES.values())]
    spec = [build_request(model.id, PROMPT, options) for options in ({}, *combinations)]
    requests = [illustrated(wish) for wish in spec]
    async with start_provider(balance_usd=1000) as provider:
        veo = client_of(session, provider)
        pricing = (await veo.fetch_listing(model.id)).pricing
        assert pricing is not None
        made = await asyncio.gather(*(completed(veo, request) for request in requests))
        balance = await veo.fetch_balance()
    quotes = [quote(pricing, request) for request in requests]
    assert quotes == [task.credits_used for task in made]
    assert balance == pytest.approx(1000 - sum(usd(amount or 0) for amount in quotes))


@every_model
async def test_what_the_price_does_not_go_by_does_not_change_it(veo: VeoClient, model: Model) -> None:
    pricing = (await veo.fetch_listing(model.id)).pricing
    assert pricing is not None
    plain = quote(pricing, build_request(model.id, PROMPT, {}))
    unpriced = {"aspect_ratio": "9:16", "negative_prompt": "rain", "seed": 7, "enhance_prompt": False}
    options = {name: value for name, value in unpriced.items() if model.option(name)}
    assert plain is not None
    assert quote(pricing, build_request(model.id, "Another", options)) == plain


async def test_only_the_model_is_asked_for(veo: VeoClient, provider: Provider) -> None:
    assert (await veo.fetch_listing("google/veo-3.0-fast")).pricing is not None
    (call,) = provider.calls
    assert (call.method, call.path) == ("GET", "/v1/models")
    assert call.query == {"id": "google/veo-3.0-fast", "include": "pricing"}


async def test_all_models_are_asked_about_at_once_and_an_unchanged_list_is_not_sent_again(
    veo: VeoClient, provider: Provider
) -> None:
    models = [model.id for model in CATALOGUE]
    first = await veo.fetch_listings(models)
    assert all(listing.is_listed and listing.pricing for listing in first.values())
    again = await veo.fetch_listings(models)
    assert all(again[model].pricing is first[model].pricing for model in models), "it was sent again"
    provider.terms.sold_out.add(MODEL)
    without = await veo.fetch_listings(models)
    assert not without[MODEL].is_listed, "an old list is taken for the present one"
    assert ["if-none-match" in call.headers for call in provider.calls] == [False, True, True]


async def test_a_model_that_the_provider_does_not_know_has_no_pricing(veo: VeoClient) -> None:
    assert await veo.fetch_listing("google/veo9") == Listing(is_listed=False, pricing=None)


async def test_an_alias_and_odd_rows_come_through_the_wire(
    session: aiohttp.ClientSession, provider: Provider, lister: tuple[str, list[Any]]
) -> None:
    url, rows = lister
    veo = client_of(session, provider, url=url)
    assert (await veo.fetch_listing(MODEL)).pricing is None
    rows.extend([None, {"id": "veo-3", "aliases": [MODEL], "pricing": BY_RESOLUTION}])
    pricing = (await veo.fetch_listing(MODEL)).pricing
    assert pricing is not None
    assert quote(pricing, build_request(MODEL, PROMPT, {"duration": 4})) == 4 * 780_000


async def test_the_balance_is_what_the_account_holds(veo: VeoClient, provider: Provider) -> None:
    assert await veo.fetch_balance() == 100.0
    provider.top_up(12.34)
    assert await veo.fetch_balance() == 112.34


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"current_balance": null}',
        '{"current_balance": "1"}',
        '{"current_balance": NaN}',
        '{"current_balance": true}',
        '{"current_balance": 5, "currency": "EUR"}',
    ],
)
def test_an_odd_balance_is_none_at_all(body: str) -> None:
    with pytest.raises(ValidationError):
        Balance.model_validate_json(body)


def test_a_balance_may_be_a_debt() -> None:
    assert Balance.model_validate_json('{"current_balance": -3, "currency": "USD"}').current_balance == -3.0


async def ask(veo: VeoClient, kind: Kind) -> object:
    return await (veo.fetch_listing(MODEL) if kind == "models" else veo.fetch_balance())


@every_call
@pytest.mark.parametrize(("fault", "error", "reason"), MEANINGS, ids=str)
async def test_every_bad_answer_has_its_meaning(
    veo: VeoClient, provider: Provider, kind: Kind, fault: Fault, error: type[VeoError], reason: str
) -> None:
    provider.faults.add(kind, fault)
    with pytest.raises(VeoError) as failure:
        await ask(veo, kind)
    assert (type(failure.value), str(failure.value)) == (error, reason)
    assert provider.count(kind) == 1


@every_call
@pytest.mark.parametrize("fault", [Fault.truncated_json(), Fault.reset()], ids=["half", "reset"])
async def test_half_an_answer_is_none(veo: VeoClient, provider: Provider, kind: Kind, fault: Fault) -> None:
    provider.faults.add(kind, fault, times=None)
    with pytest.raises(UnavailableError):
        await ask(veo, kind)
