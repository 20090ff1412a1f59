"""What fuzzing found in the client: answers that told the key on, were endless, or could not be kept."""

import aiohttp
import pytest
from pydantic import SecretStr

from bot.clock import utc_now
from bot.provider import transport
from bot.provider.catalogue import build_request
from bot.provider.client import VeoClient
from bot.provider.errors import UnavailableError
from bot.provider.models import Task
from tests.fuzz.server import serve

KEY = "sk-hostile-0123456789"


def http(body: bytes, *, length: int | None = None) -> bytes:
    """Return a good answer; `length`: what it says of itself."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body


async def polled(session: aiohttp.ClientSession, raw: bytes) -> Task:
    """Return how a task stands, as the client understands the answer."""
    async with serve(lambda _: raw) as url:
        return await VeoClient(session, url, SecretStr(KEY)).retrieve("some:veo3")


async def created(session: aiohttp.ClientSession, raw: bytes) -> Task:
    """Return what the client understands of the answer to a create call."""
    request = build_request("google/veo3", "a dragon", {"duration": 4})
    async with serve(lambda _: raw) as url:
        return await VeoClient(session, url, SecretStr(KEY)).create(request, "ours")


@pytest.mark.parametrize("raw", [b"\0", b"nonsense\r\n\r\n", http(KEY.encode()), http(b'{"id": 5}')])
async def test_what_is_no_answer_does_not_bring_the_key_into_an_error(
    session: aiohttp.ClientSession, raw: bytes
) -> None:
    with pytest.raises(UnavailableError) as failure:
        await polled(session, raw)
    assert failure.value.__cause__ is None, "a traceback would tell what it says"
    assert failure.value.__suppress_context__
    assert KEY not in repr(failure.value)


async def test_an_answer_that_is_too_long_is_not_read_to_its_end(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LONGEST_ANSWER", 1000)
    with pytest.raises(UnavailableError, match="too long"):
        await polled(session, http(b"[" * 1001, length=10**12))


@pytest.mark.parametrize("task_id", ["", "x" * 129, "a\\u0000b", "a b", "ä", "\\ud800", KEY])
async def test_a_task_whose_id_cannot_be_kept_is_no_answer(
    session: aiohttp.ClientSession, task_id: str
) -> None:
    with pytest.raises(UnavailableError, match="no sense"):
        await created(session, http(b'{"id": "%b", "status": "queued"}' % task_id.encode()))


async def test_a_cost_beyond_all_sense_is_taken_for_none(session: aiohttp.ClientSession) -> None:
    body = b'{"id": "some:veo3", "status": "queued", "meta": {"usage": {"credits_used": 1e300}}}'
    task = await polled(session, http(body))
    assert task.credits_used is None


async def test_the_log_is_searched_past_a_row_whose_id_cannot_be_kept(session: aiohttp.ClientSession) -> None:
    odd, good = "x" * 129, "task:veo3"
    rows = b",".join(
        b'{"created": "2026-01-01T00:00:00Z", "status": "ok", "client_request_id": "ours",'
        b' "inference_id": "%b"}' % name.encode()
        for name in (odd, good)
    )
    async with serve(lambda _: http(b'{"data": [%b]}' % rows)) as url:
        found = await VeoClient(session, url, SecretStr(KEY)).find("ours", utc_now())
    assert found is not None
    assert found.inference_id == good
