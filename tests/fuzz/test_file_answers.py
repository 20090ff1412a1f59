"""Whatever a file server answers, a download is the file or a reason, within its bounds."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
import stamina
from hypothesis import strategies as st

from bot.media.downloads import Bounds, Downloads, MediaError, open_public_session
from bot.provider.addresses import origin_of
from tests.fuzz.answers import Answer, answers
from tests.fuzz.listening import Listener
from tests.fuzz.server import serve
from tests.fuzz.tally import fuzz

MAX_BYTES = 1000  # bytes of a file
BOUNDS = Bounds(total=5, connect=2, silence=2)

contents = st.binary(max_size=300) | st.sampled_from(
    [b"", b"\0" * (MAX_BYTES + 1), b"x" * MAX_BYTES, b"\0" * 300_000]
)


class Shop:
    """The program's downloads, and a server of files that is its own; all others are strangers."""

    def __init__(self, runner: asyncio.Runner, path: Path) -> None:
        self.path = path
        self._runner = runner
        self._life = AsyncExitStack()
        self._answer = Answer(b"")
        self._url, self._downloads = runner.run(self._open())

    def fetch(self, answer: Answer) -> MediaError | None:
        """Fetch what is answered so; return why that failed, if it did."""
        self._answer = answer
        self.path.unlink(missing_ok=True)
        return self._runner.run(self._fetch())

    def close(self) -> None:
        self._runner.run(self._life.aclose())

    async def _fetch(self) -> MediaError | None:
        try:
            await self._downloads.fetch(f"{self._url}/video.mp4", self.path, MAX_BYTES)
        except MediaError as error:
            return error
        return None

    async def _open(self) -> tuple[str, Downloads]:
        enter = self._life.enter_async_context
        url = await enter(serve(lambda _: self._answer.raw))
        own = await enter(aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)))
        public = await enter(open_public_session())
        return url, Downloads(own, public, {origin_of(url)}, BOUNDS)


@pytest.fixture
def shop(log: Listener, tmp_path: Path) -> Iterator[Shop]:
    assert log.faults == []
    with asyncio.Runner() as runner, stamina.set_testing(True, attempts=1):
        shop = Shop(runner, tmp_path / "file")
        yield shop
        shop.close()


def test_every_answer_of_a_file_server_is_a_file_or_a_reason(shop: Shop, log: Listener) -> None:
    def play(answer: Answer) -> None:
        log.forget()
        failure = shop.fetch(answer)
        if failure is None:
            assert shop.path.stat().st_size <= MAX_BYTES, "more than what was allowed was kept"
        else:
            assert 0 < len(str(failure)) < 200
        assert log.faults == []

    fuzz("file server", 32, answers(contents), play)


def test_what_is_a_file_is_fetched(shop: Shop) -> None:
    shop.fetch(Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"))
    assert shop.path.read_bytes() == b"abc"
