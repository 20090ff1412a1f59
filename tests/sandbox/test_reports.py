"""The log, the bill, the prices and the durations, and that they agree."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.provider.catalogue import ALL_MODELS
from sandbox.provider import QUICK, Fault, Provider
from sandbox.reports import LOG_CALLS, LOG_SECONDS
from tests.sandbox.driver import BODY, TASKS, Client, Clock
from tests.sandbox.test_schema import assert_error_form

LOGS = "/v2/logs"
BILLING = "/v2/billing"
TRANSACTIONS = "/v2/billing/transactions"
FAST = "google/veo-3.0-fast"


async def rows(client: Client, *params: tuple[str, str]) -> list[dict[str, Any]]:
    answer = await client.call("GET", LOGS, params=[("period", "1h"), *params])
    assert answer.status == 200, answer.body
    return answer.json["data"]


async def test_the_log_names_each_call_newest_first(client: Client) -> None:
    first = await client.create(name="veo-1")
    second = await client.create(model=FAST)

    newest, oldest = await rows(client)
    assert [newest["inference_id"], oldest["inference_id"]] == [second.json["id"], first.json["id"]]
    assert [newest["client_request_id"], oldest["client_request_id"]] == [None, "veo-1"]
    assert set(oldest) == {
        *("created", "status", "origin", "model", "cost", "tokens"),
        *("request_id", "inference_id", "client_request_id"),
    }
    assert (oldest["status"], oldest["origin"], oldest["model"]) == ("succeeded", "api", "google/veo3")
    assert oldest["tokens"] == {"input": 0, "output": 0, "total": 0}


async def test_the_log_shows_the_calls_of_ones_own_key_and_the_bill_those_of_all(
    client: Client, clock: Clock
) -> None:
    other = client.provider.other_key
    theirs = await client.call("POST", TASKS, json=dict(BODY), key=other)
    ours = await client.completed(clock)
    assert [row["inference_id"] for row in await rows(client)] == [ours.json["id"]]
    bill = (await client.call("GET", TRANSACTIONS, params={"type": "MODEL_USAGE"})).json["data"]
    assert {row["reference_id"] for row in bill} >= {ours.json["id"], theirs.json["id"]}


async def test_the_log_may_be_asked_two_hundred_times_a_minute(client: Client, clock: Clock) -> None:
    for _ in range(LOG_CALLS):
        await rows(client)
    answer = await client.call("GET", LOGS, params={"period": "1h"})
    assert answer.status == 429
    clock.now += LOG_SECONDS
    await rows(client)


async def test_the_log_can_be_filtered(client: Client) -> None:
    await client.create()
    await client.create(model=FAST)
    await client.create(duration=5)

    assert len(await rows(client, ("model", FAST))) == 1
    assert len(await rows(client, ("model", FAST), ("model", "google/veo3"))) == 3
    assert len(await rows(client, ("status", "failed"))) == 1
    assert len(await rows(client, ("status", "failed"), ("status", "succeeded"))) == 3


async def test_the_log_is_read_in_pages(client: Client) -> None:
    for number in range(3):
        await client.create(name=f"veo-{number}")

    pages = [
        (await client.call("GET", LOGS, params={"period": "1d", "limit": "2", "offset": offset})).json
        for offset in ("0", "2")
    ]
    names = [[row["client_request_id"] for row in page["data"]] for page in pages]
    assert names == [["veo-2", "veo-1"], ["veo-0"]]
    assert pages[0]["pagination"] == {"limit": 2, "offset": 0, "total": 3, "has_more": True}
    assert pages[1]["pagination"] == {"limit": 2, "offset": 2, "total": 3, "has_more": False}


async def test_the_log_can_be_asked_for_a_window(client: Client) -> None:
    await client.create()
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    windows = {
        "around": ((now - hour).isoformat(), (now + hour).isoformat()),
        "naive, read as UTC": ((now - hour).replace(tzinfo=None).isoformat(), (now + hour).isoformat()),
        "before": ((now - 2 * hour).isoformat(), (now - hour).isoformat()),
    }

    found = {
        name: len((await client.call("GET", LOGS, params={"start": start, "end": end})).json["data"])
        for name, (start, end) in windows.items()
    }
    assert found == {"around": 1, "naive, read as UTC": 1, "before": 0}


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"period": "1w"},
        {"period": "h"},
        {"period": "0h"},
        {"period": "93d"},
        {"start": "2026-01-01T00:00:00Z"},
        {"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"},
        {"start": "2026-01-01T00:00:00Z", "end": "2026-06-01T00:00:00Z"},
        {"start": "yesterday", "end": "today"},
        {"period": "1h", "start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"},
        {"period": "1h", "status": "done"},
        {"period": "1h", "status": "failed,succeeded"},
        {"period": "1h", "limit": "0"},
        {"period": "1h", "limit": "101"},
        {"period": "1h", "limit": "ten"},
        {"period": "1h", "offset": "-1"},
    ],
)
async def test_a_wrong_question_to_the_log_is_refused(client: Client, params: dict[str, str]) -> None:
    assert_error_form(await client.call("GET", LOGS, params=params), 400, LOGS)


@pytest.fixture
async def slow_log(files: Path, clock: Clock, session: aiohttp.ClientSession) -> AsyncIterator[Client]:
    async with Provider(clock=clock, render=QUICK, files=files, log_delay_seconds=30) as provider:
        yield Client(session, provider)


async def test_the_log_can_be_late(slow_log: Client, clock: Clock) -> None:
    await slow_log.create()
    early = await rows(slow_log)
    clock.now += 30

    assert (len(early), len(await rows(slow_log))) == (0, 1)


@pytest.mark.parametrize(
    ("model", "generate_audio", "price"),
    [("google/veo3", True, 2.08), ("google/veo3", False, 1.04), (FAST, True, 0.78), (FAST, False, 0.52)],
)
async def test_all_places_name_the_same_price(
    client: Client, provider: Provider, clock: Clock, model: str, generate_audio: bool, price: float
) -> None:
    task = (await client.completed(clock, model=model, generate_audio=generate_audio)).json

    models = await client.call("GET", "/v1/models", params={"id": model, "include": "pricing"}, key="")
    variants = models.json["data"][0]["pricing"]["variants"]
    quote = next(row for row in variants if row["when"] == {"generate_audio": generate_audio})
    charge = (await client.call("GET", TRANSACTIONS)).json["data"][0]
    assert quote["price"] / quote["per"] * 4 == pytest.approx(price)
    assert (await rows(client))[0]["cost"] == {"usd": price, "credits": round(price * 2_000_000)}
    assert charge["amount"] == {"usd": price, "credits": round(price * 2_000_000)}
    assert (charge["direction"], charge["reference_id"]) == ("CHARGE", task["id"])
    assert provider.balance_usd == pytest.approx(100 - price)


async def test_a_charge_lands_only_when_the_generation_is_completed(client: Client, clock: Clock) -> None:
    await client.create()
    before = (await client.call("GET", BILLING)).json
    clock.now += 4
    await client.provider.rendered()
    after = (await client.call("GET", BILLING)).json

    assert before == {"current_balance": 100.0, "currency": "USD"}
    assert after == {"current_balance": 97.92, "currency": "USD"}


async def test_a_failure_costs_nothing(client: Client, clock: Clock) -> None:
    await client.create(prompt="[fail]")
    clock.now += 4
    await client.provider.rendered()

    directions = [row["direction"] for row in (await client.call("GET", TRANSACTIONS)).json["data"]]
    assert directions == ["TOPUP"]
    assert (await rows(client))[0]["cost"]["credits"] == 0


@pytest.fixture
async def poor(files: Path, clock: Clock, session: aiohttp.ClientSession) -> AsyncIterator[Client]:
    async with Provider(clock=clock, render=QUICK, files=files, balance_usd=0) as provider:
        yield Client(session, provider)


async def test_an_empty_account_is_refused_until_it_is_topped_up(poor: Client) -> None:
    refused = await poor.create(name="veo-1")
    poor.provider.top_up(5)
    accepted = await poor.create()

    assert_error_form(refused, 403)
    assert refused.json["message"].startswith("You've run out of credits")
    assert accepted.status == 200
    assert [row["status"] for row in await rows(poor)] == ["succeeded", "failed"]


async def test_models_are_found_by_id_and_by_alias(client: Client) -> None:
    everything = await client.call("GET", "/v1/models", key="")
    by_alias = await client.call("GET", "/v1/models", params={"id": "veo-3.0-fast-generate-001"}, key="")
    nothing = await client.call("GET", "/v1/models", params={"id": "nobody"}, key="")

    assert everything.json["object"] == "list"
    assert [row["id"] for row in everything.json["data"]] == list(
        dict.fromkeys(model.provider_name for model in ALL_MODELS)
    )
    assert [row["id"] for row in by_alias.json["data"]] == [FAST]
    assert "pricing" not in by_alias.json["data"][0]
    assert nothing.json["data"] == []


async def test_unchanged_models_are_not_sent_twice(client: Client) -> None:
    first = await client.call("GET", "/v1/models", key="")
    again = await client.call("GET", "/v1/models", headers={"If-None-Match": first.headers["ETag"]}, key="")

    assert (again.status, again.body) == (304, b"")


async def test_metrics_name_only_models_with_a_recent_success(client: Client, clock: Clock) -> None:
    empty = await client.call("GET", "/models/metrics", key="")
    await client.completed(clock)
    params = [("aliases", "google/veo3"), ("aliases", FAST)]
    measured = await client.call("GET", "/models/metrics", params=params, key="")
    clock.now += 301
    old = await client.call("GET", "/models/metrics", params=params, key="")

    assert set(empty.json) == {"window_seconds", "generated_at", "models"}
    assert empty.json["models"] == old.json["models"] == []
    duration = {"p50": 4000.0, "p75": 4000.0, "p90": 4000.0, "p99": 4000.0}
    assert measured.json["models"] == [
        {
            "alias": "google/veo3",
            "endpoint": "/v2/video/generations",
            "metrics": {"duration_ms": duration},
        }
    ]


async def test_metrics_refuse_other_parameters(client: Client) -> None:
    answer = await client.call("GET", "/models/metrics", params={"alias": "google/veo3"}, key="")

    assert_error_form(answer, 400, "/models/metrics")


@pytest.mark.parametrize(("kind", "path"), [("logs", LOGS), ("billing", BILLING)])
async def test_reports_can_fail_too(client: Client, kind: Any, path: str) -> None:
    client.provider.faults.add(kind, Fault.status(503))

    assert_error_form(await client.call("GET", path), 503, path)
