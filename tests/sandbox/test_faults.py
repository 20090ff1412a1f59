"""Each fault goes wrong in its own way, as often as it was told to, and then things work again."""

import asyncio
import json
import time
from pathlib import Path

import aiohttp
import pytest

from sandbox.provider import QUICK, Fault, Kind, Provider
from tests.sandbox.driver import TASKS, Client, Clock
from tests.sandbox.test_schema import assert_error_form


@pytest.fixture
async def video_url(client: Client, clock: Clock) -> str:
    return (await client.completed(clock)).json["video"]["url"]


async def log_names(client: Client) -> list[str]:
    logs = await client.call("GET", "/v2/logs", params={"period": "1h"})
    return [row["client_request_id"] for row in logs.json["data"]]


async def test_a_status_is_answered_as_often_as_told(client: Client, provider: Provider) -> None:
    provider.faults.add("create", Fault.status(503), times=2)

    statuses = [(await client.create()).status for _ in range(3)]
    assert statuses == [503, 503, 200]
    assert provider.count("create") == 3


async def test_faults_take_their_turns(client: Client, provider: Provider) -> None:
    provider.faults.add("create", Fault.status(500))
    provider.faults.add("create", Fault.status(502), times=None)
    statuses = [(await client.create()).status for _ in range(3)]
    provider.faults.clear()

    assert statuses == [500, 502, 502]
    assert (await client.create()).status == 200


async def test_a_status_can_come_in_the_providers_form(client: Client, provider: Provider) -> None:
    provider.faults.add("create", Fault.status(429, "Too Many Requests", retry_after=1.5))

    answer = await client.create()
    assert_error_form(answer, 429)
    assert answer.json["message"] == "Too Many Requests"
    assert answer.headers["Retry-After"] == "1.5"


async def test_a_status_can_come_as_a_page_or_empty(client: Client, provider: Provider) -> None:
    provider.faults.add("retrieve", Fault.status(502, body="html"))
    provider.faults.add("retrieve", Fault.status(504, body="empty"))

    page, empty = await client.retrieve("x"), await client.retrieve("x")
    assert (page.status, page.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert b"<h1>502</h1>" in page.body
    assert (empty.status, empty.body) == (504, b"")


@pytest.mark.parametrize("accepted", [False, True])
async def test_a_failed_create_may_have_been_accepted(
    client: Client, provider: Provider, accepted: bool
) -> None:
    provider.faults.add("create", Fault.status(502, accepted=accepted))

    assert (await client.create(name="veo-1")).status == 502
    assert await log_names(client) == (["veo-1"] if accepted else [])


@pytest.mark.parametrize("accepted", [False, True])
async def test_a_connection_can_break_before_the_answer(
    client: Client, provider: Provider, accepted: bool
) -> None:
    provider.faults.add("create", Fault.reset(accepted=accepted))

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.create(name="veo-1")
    assert await log_names(client) == (["veo-1"] if accepted else [])


@pytest.mark.parametrize("accepted", [False, True])
async def test_an_answer_can_hang_until_it_is_released(
    client: Client, provider: Provider, accepted: bool
) -> None:
    provider.faults.add("create", Fault.hang(accepted=accepted))
    waiting = asyncio.create_task(client.create(name="veo-1"))
    await provider.called("create")
    during = await log_names(client)
    provider.faults.release()

    assert (await waiting).status == 200
    assert during == (["veo-1"] if accepted else [])
    assert await log_names(client) == ["veo-1"]


async def test_json_can_be_cut(client: Client, provider: Provider) -> None:
    provider.faults.add("create", Fault.truncated_json())

    with pytest.raises(json.JSONDecodeError):
        await client.create(name="veo-1")
    assert await log_names(client) == ["veo-1"]


async def test_a_status_can_be_unknown(client: Client, provider: Provider) -> None:
    task_id = (await client.create()).json["id"]
    provider.faults.add("retrieve", Fault.unknown_status())

    statuses = [(await client.retrieve(task_id)).json["status"] for _ in range(2)]
    assert statuses == ["dreaming", "queued"]


async def test_a_task_can_be_completed_without_a_video(client: Client, provider: Provider) -> None:
    task_id = (await client.create()).json["id"]
    provider.faults.add("retrieve", Fault.without_video())

    for _ in range(2):
        task = (await client.retrieve(task_id)).json
        assert (task["status"], task["video"]) == ("completed", None)
    assert provider.balance_usd == 100


@pytest.mark.parametrize(
    ("message", "error"),
    [("It broke.", {"name": "Broken", "message": "It broke."}), (None, {"name": "Broken"})],
)
async def test_a_task_can_end_with_an_error(
    client: Client, provider: Provider, message: str | None, error: dict[str, str]
) -> None:
    task_id = (await client.create()).json["id"]
    provider.faults.add("retrieve", Fault.failed(message, name="Broken"))

    for _ in range(2):
        task = (await client.retrieve(task_id)).json
        assert (task["status"], task["error"]) == ("error", error)
    assert provider.balance_usd == 100


@pytest.mark.parametrize("status", [403, 404])
async def test_a_download_can_be_refused(
    client: Client, provider: Provider, video_url: str, status: int
) -> None:
    provider.faults.add("cdn", Fault.status(status, body="html"))

    assert (await client.call("GET", video_url)).status == status


async def test_a_download_can_end_too_early(client: Client, provider: Provider, video_url: str) -> None:
    provider.faults.add("cdn", Fault.truncated_download())

    with pytest.raises(aiohttp.ClientPayloadError):
        await client.call("GET", video_url)
    assert (await client.call("GET", video_url)).status == 200


async def test_a_download_can_be_slow(client: Client, provider: Provider, video_url: str) -> None:
    provider.faults.add("cdn", Fault.slow_download(0.3))
    start = time.monotonic()
    slow = await client.call("GET", video_url)
    elapsed = time.monotonic() - start
    quick = await client.call("GET", video_url)

    assert elapsed >= 0.3
    assert slow.body == quick.body


async def test_a_fault_of_one_kind_leaves_the_others_alone(client: Client, provider: Provider) -> None:
    provider.faults.add("create", Fault.status(503), times=None)

    assert (await client.call("GET", "/v2/billing")).status == 200


@pytest.mark.parametrize("kind", ["create", "logs"])
async def test_it_stops_while_an_answer_hangs(
    session: aiohttp.ClientSession, files: Path, kind: Kind
) -> None:
    before = asyncio.all_tasks()
    async with Provider(render=QUICK, files=files) as provider:
        client = Client(session, provider)
        provider.faults.add("create", Fault.hang(accepted=True))
        provider.faults.add("logs", Fault.hang())
        path, method = (TASKS, "POST") if kind == "create" else ("/v2/logs", "GET")
        waiting = asyncio.create_task(client.call(method, path, json={"model": "google/veo3", "prompt": "x"}))
        await provider.called(kind)

    with pytest.raises(aiohttp.ClientError):
        await waiting
    assert asyncio.all_tasks() <= before, "tasks were left over"
