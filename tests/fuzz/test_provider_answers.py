"""Whatever the provider answers, the client says it in its own few errors, and without the key."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import aiohttp
import pytest
from pydantic import SecretStr

from bot.provider.catalogue import build_request
from bot.provider.client import VeoClient
from bot.provider.errors import VeoError
from bot.provider.models import Task
from bot.provider.words import REASON_MAX_LENGTH
from tests.fuzz.answers import KEY, Answer, answers
from tests.fuzz.listening import Listener
from tests.fuzz.server import serve
from tests.fuzz.tally import fuzz

MODEL = "google/veo3"
SENT_AT = datetime(2026, 1, 1, tzinfo=UTC)

Act = Callable[[VeoClient], Awaitable[object]]
ACTS: dict[str, Act] = {
    "create": lambda veo: veo.create(build_request(MODEL, "a dragon", {"duration": 4}), "ours"),
    "poll": lambda veo: veo.retrieve("df43b636:veo3"),
    "log": lambda veo: veo.find("ours", SENT_AT),
    "prices": lambda veo: veo.fetch_listing(MODEL),
    "times": lambda veo: veo.fetch_durations(MODEL),
    "balance": lambda veo: veo.fetch_balance(),
}


class Line:
    """The client and the server that it speaks to."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._life = AsyncExitStack()
        self._answer = Answer(b"")
        self._veo = runner.run(self._open())

    def call(self, act: Act, answer: Answer) -> object:
        """Return what comes of a call that is answered so: what was understood, or the error."""
        self._answer = answer
        return self._runner.run(self._call(act))

    def close(self) -> None:
        self._runner.run(self._life.aclose())

    async def _open(self) -> VeoClient:
        url = await self._life.enter_async_context(serve(lambda _: self._answer.raw))
        connector = aiohttp.TCPConnector(force_close=True)
        session = await self._life.enter_async_context(aiohttp.ClientSession(connector=connector))
        return VeoClient(session, url, SecretStr(KEY))

    async def _call(self, act: Act) -> object:
        try:
            return await act(self._veo)
        except VeoError as error:
            return error


@pytest.fixture
def line(log: Listener) -> Iterator[Line]:
    assert log.faults == []
    with asyncio.Runner() as runner:
        line = Line(runner)
        yield line
        line.close()


@pytest.mark.parametrize("what", ACTS)
def test_every_answer_is_understood_or_refused(line: Line, log: Listener, what: str) -> None:
    def play(answer: Answer) -> None:
        log.forget()
        found = line.call(ACTS[what], answer)
        if isinstance(found, VeoError):
            assert KEY not in f"{found!r}{found.__cause__!r}", "the key is in an error"
            assert len(str(found)) <= REASON_MAX_LENGTH
        else:
            assert_fits(found)
        assert log.faults == []
        assert KEY not in "".join(log.text), "the key is in the log"

    fuzz(f"provider: {what}", 14, answers(), play)


def assert_fits(found: object) -> None:
    """Check that what was understood can be kept by every database."""
    if isinstance(found, Task):
        assert 0 < len(found.id) <= 128, "PostgreSQL does not take it, after it was paid for"
        assert "\0" not in found.id
        words = f"{found.status}{found.failure_reason}{found.video_url}"
        assert KEY not in words, "the key would be shown"
        assert len(found.failure_reason) <= REASON_MAX_LENGTH
        words.encode()
    if isinstance(found, float):
        assert found == found, "a balance that is no number"  # noqa: PLR0124 NaN alone differs from itself
    if isinstance(found, Task) and found.credits_used is not None:
        assert 0 <= found.credits_used < 1e15, "a sum of two would not be a number"


def test_the_server_of_these_tests_can_also_be_understood(line: Line) -> None:
    body = b'{"id":"df43b636:veo3","status":"queued"}'
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    found = line.call(ACTS["poll"], Answer(head + body))
    assert found == Task(id="df43b636:veo3", status="queued")
