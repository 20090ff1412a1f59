"""A generation from its order to its file."""

import re
from typing import Any

import pytest

from sandbox.provider import Provider
from tests.sandbox.driver import TASKS, Client, Clock
from tests.sandbox.test_schema import assert_error_form

PATHS = [TASKS, "/v2/generate/video/google/generation"]
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"


@pytest.mark.parametrize("path", PATHS)
async def test_it_is_queued_then_generating_then_completed(
    client: Client, provider: Provider, clock: Clock, path: str
) -> None:
    created = await client.create(path=path)
    task_id = created.json["id"]
    statuses = [created.json["status"]]
    await provider.rendered()
    for _ in range(3):
        statuses.append((await client.retrieve(task_id, path=path)).json["status"])
        clock.now += 2

    assert statuses == ["queued", "queued", "generating", "completed"]


async def test_a_task_of_one_address_is_known_at_the_other(client: Client) -> None:
    created = await client.create(path=PATHS[0])

    assert (await client.retrieve(created.json["id"], path=PATHS[1])).status == 200


async def test_a_completed_task_says_where_its_file_is(client: Client, clock: Clock) -> None:
    task = (await client.completed(clock)).json

    video = await client.call("GET", task["video"]["url"], key="")
    assert video.status == 200
    assert video.headers["Content-Type"] == "video/mp4"
    assert int(video.headers["Content-Length"]) == len(video.body) == task["video"]["file_size"]
    assert video.body.index(b"moov") < video.body.index(b"mdat"), "the file cannot be streamed"
    assert task["error"] is None


async def test_part_of_a_file_can_be_fetched(client: Client, clock: Clock) -> None:
    task = (await client.completed(clock)).json

    part = await client.call("GET", task["video"]["url"], headers={"Range": "bytes=4-7"}, key="")
    assert (part.status, part.body) == (206, b"ftyp")


@pytest.mark.parametrize(
    ("model", "suffix"),
    [("google/veo3", "veo3"), ("google/veo-3.0-fast", "veo-3.0-fast-generate-001")],
)
async def test_its_id_ends_with_the_models_inner_name(client: Client, model: str, suffix: str) -> None:
    created = await client.create(model=model)

    assert re.fullmatch(f"{UUID}:{suffix}", created.json["id"])
    assert created.headers["x-inference-id"] == created.json["id"]


@pytest.mark.parametrize("name", ["veo-1", "a" * 128, "A.b_c:d-9"])
async def test_the_callers_own_name_is_echoed(client: Client, name: str) -> None:
    assert (await client.create(name=name)).headers["x-client-request-id"] == name


@pytest.mark.parametrize("name", ["", "a" * 129, "with space", "ümlaut", "a/b"])
async def test_a_malformed_name_is_dropped_without_a_word(client: Client, name: str) -> None:
    created = await client.create(name=name)

    assert created.status == 200
    assert "x-client-request-id" not in created.headers


async def test_nothing_finishes_while_it_is_held(client: Client, provider: Provider, clock: Clock) -> None:
    provider.hold = True
    task_id = (await client.create()).json["id"]
    await provider.rendered()
    clock.now += 1000
    held = await client.retrieve(task_id)
    provider.release()

    assert held.json["status"] == "generating"
    assert (await client.retrieve(task_id)).json["status"] == "completed"


async def test_a_prompt_can_ask_to_fail(client: Client, provider: Provider, clock: Clock) -> None:
    task_id = (await client.create(prompt="A dragon [fail]")).json["id"]
    early = await client.retrieve(task_id)
    clock.now += 4
    await provider.rendered()
    late = await client.retrieve(task_id)

    assert early.json["error"] is None, "the reason was told before the end"
    assert late.json["status"] == "error"
    assert "Responsible AI" in late.json["error"]["message"]
    assert late.json["video"] is None


@pytest.mark.parametrize("key", ["", "wrong", "schlüssel"])
@pytest.mark.parametrize("path", [*PATHS, "/v2/logs", "/v2/billing", "/v2/billing/transactions"])
async def test_a_call_without_the_right_key_is_refused(client: Client, path: str, key: str) -> None:
    assert_error_form(await client.call("GET", path, key=key), 401, path)


async def test_an_unknown_task_is_not_found(client: Client) -> None:
    assert_error_form(await client.retrieve("nobody:veo3"), 404)


async def test_a_question_without_a_task_is_refused(client: Client) -> None:
    assert_error_form(await client.call("GET", TASKS), 400)


async def test_an_address_that_does_not_exist_is_not_found(client: Client) -> None:
    assert_error_form(await client.call("GET", "/v3/videos"), 404, "/v3/videos")


async def test_a_file_that_does_not_exist_is_not_found(client: Client) -> None:
    assert_error_form(await client.call("GET", "/cdn/x.mp4"), 404, "/cdn/x.mp4")


async def test_calls_are_recorded(client: Client, provider: Provider) -> None:
    created = await client.create(name="veo-7", prompt="A fox")
    await client.retrieve(created.json["id"])

    assert provider.count("create") == provider.count("retrieve") == 1
    call = provider.calls[0]
    assert call.headers["x-client-request-id"] == "veo-7"
    body: Any = call.json
    assert body["prompt"] == "A fox"
    assert provider.calls[1].query == {"generation_id": created.json["id"]}
