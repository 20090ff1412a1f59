"""The REST client against the strict fake provider on a real socket."""

import socket
from collections.abc import Awaitable, Callable, Generator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from math import inf, nan
from typing import Any

import aiohttp
import pytest

from bot.clock import utc_now
from bot.provider.catalogue import VideoRequest, build_request
from bot.provider.client import LEGACY_PATH, UNIVERSAL_PATH, VeoClient
from bot.provider.errors import (
    AccountError,
    CreditsGoneError,
    ForbiddenError,
    InvalidRequestError,
    KeyRefusedError,
    RateLimitError,
    UnavailableError,
    UnknownTaskError,
    UnreachableError,
    VeoError,
)
from bot.provider.models import TaskState
from bot.provider.refusals import LONGEST_RETRY_AFTER
from sandbox.odd_answers import Reshaped
from sandbox.provider import Fault, Kind, Provider
from tests.bot.clocks import until
from tests.bot.engine import StartProvider, client_of
from tests.bot.rows import MODEL, PROMPT

Act = Callable[[VeoClient], Awaitable[object]]
ACTS: dict[Kind, Act] = {
    "create": lambda veo: veo.create(wish(), "ours"),
    "retrieve": lambda veo: veo.retrieve("some:veo3"),
    "logs": lambda veo: veo.find("ours", utc_now()),
}
every_call = pytest.mark.parametrize("kind", ACTS)


def wish(**options: Any) -> VideoRequest:
    return build_request(MODEL, PROMPT, {"duration": 4, **options})


@pytest.mark.parametrize(("legacy", "path"), [(False, UNIVERSAL_PATH), (True, LEGACY_PATH)])
async def test_a_video_is_made_at_either_address(
    session: aiohttp.ClientSession, provider: Provider, *, legacy: bool, path: str
) -> None:
    veo = client_of(session, provider, legacy_urls=legacy)
    created = await veo.create(wish(), "ours")
    assert created.state is TaskState.WORKING

    async def is_completed() -> bool:
        return (await veo.retrieve(created.id)).state is TaskState.COMPLETED

    await until("the task is completed", is_completed)
    task = await veo.retrieve(created.id)
    assert task.id == created.id
    assert task.video_url is not None
    assert (created.credits_used, task.credits_used) == (4 * 1_040_000, None)
    assert {call.path for call in provider.calls} == {path}


async def test_what_is_sent_is_the_request_and_nothing_else(veo: VeoClient, provider: Provider) -> None:
    await veo.create(wish(seed=7, generate_audio=False), "ours")
    (call,) = provider.calls
    expected = {"model": MODEL, "prompt": PROMPT, "duration": 4, "seed": 7, "generate_audio": False}
    assert (call.method, call.json, dict(call.query)) == ("POST", expected, {})
    assert call.headers["x-client-request-id"] == "ours"
    assert call.headers["content-type"] == "application/json"


@pytest.mark.parametrize("slashes", ["", "/", "//"])
async def test_a_slash_at_the_end_of_the_address_is_harmless(
    session: aiohttp.ClientSession, provider: Provider, slashes: str
) -> None:
    veo = client_of(session, provider, url=provider.url + slashes)
    await veo.create(wish(), "ours")
    assert provider.calls[0].path == UNIVERSAL_PATH


@every_call
async def test_the_key_is_in_one_header_and_nowhere_else(
    veo: VeoClient, provider: Provider, kind: Kind
) -> None:
    provider.faults.add(kind, Fault.status(400, "No."))
    with pytest.raises(VeoError) as failure:
        await ACTS[kind](veo)
    (call,) = provider.calls
    assert call.headers["authorization"] == f"Bearer {provider.key}"
    others = {name: value for name, value in call.headers.items() if name != "authorization"}
    assert provider.key not in f"{call.path}{call.query}{call.json}{others}"
    assert provider.key not in f"{failure.value!r}{failure.value.__cause__!r}"


# What the provider's documents list, what a proxy may put in between, and what each means.
MEANINGS: list[tuple[Fault, type[VeoError], str]] = [
    (Fault.status(400, "Body validation error!"), InvalidRequestError, "Body validation error!"),
    (Fault.status(422, "No."), InvalidRequestError, "No."),
    (Fault.status(401, "A valid API key, please."), KeyRefusedError, "A valid API key, please."),
    (Fault.status(402, "Pay first."), CreditsGoneError, "Pay first."),
    (Fault.status(403, "You've run out of credits."), CreditsGoneError, "You've run out of credits."),
    (Fault.status(404, "Not Found"), UnknownTaskError, "Not Found"),
    (Fault.status(408, "Slow."), UnavailableError, "Slow."),
    (Fault.status(425, "Early."), UnavailableError, "Early."),
    (Fault.status(429, "Too Many Requests"), RateLimitError, "Too Many Requests"),
    (Fault.status(500, "Oh no."), UnavailableError, "Oh no."),
    (Fault.status(502, body="html"), UnavailableError, "The video service answered 502."),
    (Fault.status(503, body="empty"), UnavailableError, "The video service answered 503."),
    (Fault.status(504, body="html"), UnavailableError, "The video service answered 504."),
    (
        Fault.status(403, "Your key's spending limit is reached."),
        CreditsGoneError,
        "Your key's spending limit is reached.",
    ),
    (Fault.status(403, "Not for this model."), ForbiddenError, "Not for this model."),
    (
        Fault.status(403, "The prompt names a payment card."),
        ForbiddenError,
        "The prompt names a payment card.",
    ),
    (Fault.status(403, body="html"), ForbiddenError, "The video service answered 403."),
    (Fault.status(302, body="empty"), UnavailableError, "The video service answered 302."),
    (
        Fault.status(200, body="html"),
        UnavailableError,
        "The video service gave an answer that makes no sense.",
    ),
    (
        Fault.status(200, body="empty"),
        UnavailableError,
        "The video service gave an answer that makes no sense.",
    ),
]


@every_call
@pytest.mark.parametrize(("fault", "error", "reason"), MEANINGS, ids=str)
async def test_every_bad_answer_has_its_meaning(
    veo: VeoClient, provider: Provider, kind: Kind, fault: Fault, error: type[VeoError], reason: str
) -> None:
    provider.faults.add(kind, fault)
    with pytest.raises(VeoError) as failure:
        await ACTS[kind](veo)
    assert type(failure.value) is error
    assert str(failure.value) == reason
    assert provider.count(kind) == 1, "the client asks once; asking again is decided elsewhere"


@pytest.mark.parametrize(
    ("sent", "understood"),
    [
        (None, None),
        (0.0, 0.0),
        (1.5, 1.5),
        (-3.0, 0.0),
        (1e300, LONGEST_RETRY_AFTER),
        (inf, None),
        (-inf, None),
        (nan, None),
    ],
)
async def test_the_wait_that_the_provider_asks_for_is_told(
    veo: VeoClient, provider: Provider, sent: float | None, understood: float | None
) -> None:
    provider.faults.add("create", Fault.status(429, retry_after=sent))
    with pytest.raises(RateLimitError) as failure:
        await veo.create(wish(), "ours")
    assert failure.value.retry_after == understood


async def test_a_long_reason_is_cut(veo: VeoClient, provider: Provider) -> None:
    provider.faults.add("create", Fault.status(400, "x" * 10_000))
    with pytest.raises(InvalidRequestError) as failure:
        await veo.create(wish(), "ours")
    assert str(failure.value) == "x" * 500


@every_call
@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
async def test_a_key_that_the_provider_repeats_is_not_told_on(
    veo: VeoClient, provider: Provider, kind: Kind, status: int
) -> None:
    provider.faults.add(kind, Fault.status(status, f"bad key {provider.key}!"))
    with pytest.raises(VeoError) as failure:
        await ACTS[kind](veo)
    assert str(failure.value) == "bad key the key!"


@every_call
async def test_an_answer_that_does_not_come_is_not_waited_for(
    session: aiohttp.ClientSession, provider: Provider, kind: Kind
) -> None:
    provider.faults.add(kind, Fault.hang())
    impatient = client_of(session, provider, timeout=0.2)
    with pytest.raises(UnavailableError, match="did not answer in time"):
        await ACTS[kind](impatient)
    assert provider.count(kind) == 1
    provider.faults.clear()


@contextmanager
def deaf_server() -> Generator[str]:
    """Listen like a host behind a firewall that drops everything: attempts to connect stay unanswered."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):  # they fill the line of those who wait to be accepted
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@every_call
async def test_a_broken_connection_leaves_the_fate_open(
    veo: VeoClient, provider: Provider, kind: Kind
) -> None:
    provider.faults.add(kind, Fault.reset(), times=None)
    with pytest.raises(UnavailableError, match="connection broke"):
        await ACTS[kind](veo)


@pytest.mark.parametrize("kind", ["create", "logs"])
async def test_half_an_answer_leaves_the_fate_open(veo: VeoClient, provider: Provider, kind: Kind) -> None:
    provider.faults.add(kind, Fault.truncated_json())
    with pytest.raises(UnavailableError, match="makes no sense"):
        await ACTS[kind](veo)


@every_call
async def test_a_refused_connection_means_that_nothing_was_received(
    session: aiohttp.ClientSession, provider: Provider, unused_tcp_port: int, kind: Kind
) -> None:
    nowhere = client_of(session, provider, url=f"http://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(UnreachableError, match="can't reach"):
        await ACTS[kind](nowhere)


@every_call
async def test_a_server_that_takes_no_connection_in_time_has_received_nothing(
    session: aiohttp.ClientSession, provider: Provider, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.provider.transport.CONNECT_TIMEOUT", 0.1)
    with deaf_server() as url:
        deaf = client_of(session, provider, url=url)
        with pytest.raises(UnreachableError, match="can't reach"):
            await ACTS[kind](deaf)


async def test_a_wrong_key_is_an_account_error(session: aiohttp.ClientSession, provider: Provider) -> None:
    veo = client_of(session, provider)
    provider.key = "another"
    with pytest.raises(AccountError, match="valid API key"):
        await veo.create(wish(), "ours")


async def test_an_empty_account_is_an_account_error(
    session: aiohttp.ClientSession, start_provider: StartProvider
) -> None:
    async with start_provider(balance_usd=0) as provider:
        with pytest.raises(AccountError, match="run out of credits"):
            await client_of(session, provider).create(wish(), "ours")


async def test_an_unknown_task_is_told_apart(veo: VeoClient) -> None:
    with pytest.raises(UnknownTaskError, match="not found"):
        await veo.retrieve("nobody:veo3")


async def test_a_request_is_found_in_the_log_by_our_name(veo: VeoClient) -> None:
    sent_at = utc_now()
    tasks = {name: await veo.create(wish(), name) for name in ("one", "two", "three")}
    entry = await veo.find("two", sent_at)
    assert entry is not None
    assert (entry.inference_id, entry.status) == (tasks["two"].id, "succeeded")
    assert await veo.find("four", sent_at) is None


@pytest.mark.parametrize("status", ["pending", "succeeded", ""])
async def test_a_row_that_tells_neither_of_a_task_nor_of_a_refusal_is_no_news(
    veo: VeoClient, provider: Provider, status: str
) -> None:
    sent_at = utc_now()
    await veo.create(wish(), "ours")
    row = {"status": status, "client_request_id": "ours"}
    provider.faults.add("logs", Reshaped(lambda _: {"data": [row]}))
    assert await veo.find("ours", sent_at) is None, "it would be requested again, and paid for twice"
    provider.faults.add("logs", Reshaped(lambda _: {"data": [row, {**row, "status": "error"}]}))
    refused = await veo.find("ours", sent_at)
    assert refused is not None
    assert refused.is_refused


async def test_a_request_is_found_behind_more_rows_than_one_page_holds(
    veo: VeoClient, provider: Provider, session: aiohttp.ClientSession
) -> None:
    sent_at = utc_now()
    task = await veo.create(wish(), "ours")
    headers = {"Authorization": f"Bearer {provider.key}"}
    for _ in range(205):
        async with session.post(provider.url + UNIVERSAL_PATH, json={}, headers=headers) as response:
            assert response.status == 400
    entry = await veo.find("ours", sent_at)
    assert entry is not None, "it was not looked for on the third page"
    assert entry.inference_id == task.id
    assert provider.count("logs") == 3


async def test_a_clock_that_differs_by_minutes_finds_the_request_all_the_same(veo: VeoClient) -> None:
    await veo.create(wish(), "ours")
    assert await veo.find("ours", utc_now() + timedelta(minutes=4)) is not None
    assert await veo.find("ours", utc_now() + timedelta(minutes=4, seconds=59)) is not None


async def test_an_old_request_is_looked_for_from_the_time_it_was_sent(
    veo: VeoClient, provider: Provider
) -> None:
    sent_at = utc_now() - timedelta(hours=30)
    assert await veo.find("ours", sent_at) is None
    (call,) = provider.calls
    assert call.query["start"] <= sent_at.isoformat()
    assert call.query["end"] >= utc_now().isoformat()
