"""The log, the ledger and the list of models in forms that the schema does not foresee."""

from datetime import timedelta
from typing import Any

import pytest

from bot.clock import utc_now
from bot.provider.catalogue import build_request
from bot.provider.client import VeoClient
from bot.provider.errors import (
    CreditsGoneError,
    InvalidRequestError,
    KeyRefusedError,
    RateLimitError,
    UnavailableError,
    VeoError,
)
from bot.provider.pricing import ModelList
from sandbox.odd_answers import Refusal, Reshaped
from sandbox.provider import Provider
from tests.bot.clocks import until
from tests.bot.rows import MODEL, PROMPT

LITE = "veo-3.1-lite-generate-001"
WISH = build_request(MODEL, PROMPT, {"duration": 4})


async def test_a_refusal_whose_row_has_an_empty_id_is_found(veo: VeoClient, provider: Provider) -> None:
    row = {"status": "failed", "inference_id": "", "client_request_id": "ours"}
    provider.faults.add("logs", Reshaped(lambda _: {"data": [row]}))
    refused = await veo.find("ours", utc_now())
    assert refused is not None, "what was never begun is looked for in vain, and ends as lost"
    assert (refused.is_refused, refused.inference_id) == (True, None)


async def test_an_id_that_is_a_number_is_the_same_in_the_log_as_in_the_answer(
    veo: VeoClient, provider: Provider
) -> None:
    provider.faults.add("create", Reshaped(lambda task: {**task, "id": 282052359471184}))
    task = await veo.create(WISH, "ours")
    row = {"status": "succeeded", "inference_id": 282052359471184, "client_request_id": "ours"}
    provider.faults.add("logs", Reshaped(lambda _: {"data": [row]}))
    entry = await veo.find("ours", utc_now())
    assert entry is not None, "a paid video is not found"
    assert entry.inference_id == task.id == "282052359471184"


async def test_a_request_of_long_ago_is_looked_for_as_far_back_as_the_log_can_be_asked(
    veo: VeoClient,
) -> None:
    await veo.create(WISH, "ours")
    entry = await veo.find("ours", utc_now() - timedelta(days=200))
    assert entry is not None
    assert [entry.client_request_id for entry in await veo.list_calls(utc_now() - timedelta(days=200))]


async def charged(veo: VeoClient, provider: Provider) -> str:
    """Have a video made, and return the provider's id of it once it is charged."""
    task = await veo.create(WISH, "ours")

    async def is_charged() -> bool:
        return task.id in [charge.task_id for charge in await veo.fetch_charges(utc_now())]

    await until("it is charged", is_charged)
    provider.calls.clear()
    return task.id


@pytest.mark.parametrize(
    "pagination",
    [
        {"next_cursor": "", "has_more": False},
        {"next_cursor": ""},
        {"next_cursor": "the end", "has_more": False},
        {},
        None,
    ],
    ids=str,
)
async def test_the_ledger_ends_with_its_last_page_however_that_is_told(
    veo: VeoClient, provider: Provider, pagination: object
) -> None:
    task_id = await charged(veo, provider)
    provider.faults.add("billing", Reshaped(lambda page: {**page, "pagination": pagination}))
    charges = await veo.fetch_charges(utc_now())
    assert [charge.task_id for charge in charges] == [task_id]
    assert provider.count("billing") == 1


UNTOLD: dict[str, dict[str, Any]] = {
    "none": {"amount": None},
    "nothing": {"amount": {}},
    "zero": {"amount": {"usd": 0, "credits": 0}},
    "words": {"amount": {"usd": "many", "credits": "many"}},
}


@pytest.mark.parametrize("amount", UNTOLD)
async def test_a_charge_whose_amount_is_not_told_is_no_charge_of_nothing(
    veo: VeoClient, provider: Provider, amount: str
) -> None:
    await charged(veo, provider)
    provider.faults.add(
        "billing",
        Reshaped(lambda page: {**page, "data": [{**row, **UNTOLD[amount]} for row in page["data"]]}),
    )
    assert list(await veo.fetch_charges(utc_now())) == [], "the money it takes would be free to be spent"


@pytest.mark.parametrize(
    ("told", "now", "seconds"),
    [
        ("Wed, 21 Oct 2026 07:30:00 GMT", "Wed, 21 Oct 2026 07:28:00 GMT", 120.0),
        ("Wed, 21 Oct 2026 07:30:00 -0000", "Wed, 21 Oct 2026 07:28:00 GMT", 120.0),
        ("Wed, 21 Oct 2026 07:30:00 GMT", "Wed, 21 Oct 2026 07:31:00 GMT", 0.0),
        ("Wed, 21 Oct 2027 07:30:00 GMT", "Wed, 21 Oct 2026 07:31:00 GMT", 3600.0),
        ("Wed, 99 Oct 2026 07:30:00 GMT", "Wed, 21 Oct 2026 07:31:00 GMT", None),
        ("soon", "Wed, 21 Oct 2026 07:31:00 GMT", None),
    ],
)
async def test_a_wait_that_is_told_as_a_date_is_counted_by_the_providers_clock(
    veo: VeoClient, provider: Provider, told: str, now: str, seconds: float | None
) -> None:
    headers = {"Retry-After": told, "Date": now}
    provider.faults.add("create", Refusal(429, {"message": "Slow down."}, headers))
    with pytest.raises(RateLimitError) as failure:
        await veo.create(WISH, "ours")
    assert failure.value.retry_after == seconds


@pytest.mark.parametrize(
    ("asked", "listed"), [(LITE, f"google/{LITE}"), (MODEL, MODEL.rpartition("/")[2]), (MODEL, MODEL)]
)
def test_a_model_is_the_same_with_and_without_its_makers_name(asked: str, listed: str) -> None:
    pricing = {"kind": "fixed", "units": [{"name": "second", "price": 0.1, "per": 1}]}
    listing = ModelList.model_validate({"data": [{"id": listed, "pricing": pricing}]}).listing_of(asked)
    assert listing.is_listed, "it is taken for gone, and what waits for it ends"
    assert listing.pricing is not None, "its price is not known, so no budget takes it"


OUT = "You've run out of credits. Please top up your balance."


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        ("403", OUT, CreditsGoneError),
        (401, "Invalid key.", KeyRefusedError),
        (429, "Slow down.", RateLimitError),
        ("400", "Body validation error! duration", InvalidRequestError),
        (503, "Try again later.", UnavailableError),
        (200, "What now?", UnavailableError),
        ("many", "What now?", UnavailableError),
    ],
)
async def test_a_refusal_that_comes_as_a_success_means_what_it_says(
    veo: VeoClient, provider: Provider, status: object, message: str, kind: type[VeoError]
) -> None:
    provider.faults.add("create", Reshaped(lambda _: {"message": message, "statusCode": status}))
    with pytest.raises(VeoError) as failure:
        await veo.create(WISH, "ours")
    assert type(failure.value) is kind, "each request would be looked for in vain"


async def test_what_has_an_id_was_taken_whatever_status_it_states(veo: VeoClient, provider: Provider) -> None:
    provider.faults.add("create", Reshaped(lambda task: {**task, "statusCode": 403}))
    assert (await veo.create(WISH, "ours")).id


async def test_what_names_a_task_inside_another_object_says_nothing_of_a_refusal(
    veo: VeoClient, provider: Provider
) -> None:
    """It may have been taken, and would be paid for twice."""
    provider.faults.add("create", Reshaped(lambda task: {"statusCode": 429, "data": {"id": task["id"]}}))
    with pytest.raises(UnavailableError):
        await veo.create(WISH, "ours")
