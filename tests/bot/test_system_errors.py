"""Errors of the system reach an operator in words, met as they are with real sockets."""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from bot.system_errors import CLOSED, NO_ANSWER, UNKNOWN_HOST, words_of

REFUSED = "connection refused, so nothing listens there"
PLAIN = "no encrypted connection; perhaps the address must begin with http or ws"


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """A host and a port where something speaks plain HTTP, and ends or holds a connection when asked to."""

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/hold":
            await asyncio.sleep(60)
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    app = web.Application()
    app.router.add_get("/{any}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def failure(work: Awaitable[object]) -> str:
    """Return the words of the error in which `work` ends."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 each is another one
        await work
    return words_of(caught.value)


async def get(url: str) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session, session.get(url):
        pass


async def greet(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(url):
        pass


async def connect(host: str, port: int) -> None:
    await asyncio.open_connection(host, port)


CASES: dict[str, tuple[Callable[[str], Awaitable[object]], str]] = {
    "nobody listens": (lambda _: get("http://127.0.0.1:1/"), REFUSED),
    "nobody listens, said by asyncio": (lambda _: connect("127.0.0.1", 1), REFUSED),
    "no such host": (lambda _: get("http://nowhere.invalid/"), UNKNOWN_HOST),
    "no such host, said by the system": (lambda _: connect("nowhere.invalid", 1), UNKNOWN_HOST),
    "no name of a host": (lambda _: connect("a" * 70 + ".invalid", 1), UNKNOWN_HOST),
    "an encrypted address of a plain server": (lambda address: get(f"https://{address}/"), PLAIN),
    "a connection that ends": (lambda address: get(f"http://{address}/end"), CLOSED),
    "no answer": (lambda address: get(f"http://{address}/hold"), NO_ANSWER),
    "another answer than a gateway's": (
        lambda address: greet(f"ws://{address}/a/b"),
        "it answered 404",
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_what_a_connection_failed_of_is_said_in_words(address: str, case: str) -> None:
    work, words = CASES[case]
    assert await failure(work(address)) == words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1), [Errno 111] the same"),
            REFUSED,
        ),
        (OSError(13, os.strerror(13)), "Permission denied"),
        (ConnectionResetError(), CLOSED),
        (socket.gaierror(-2, "Name or service not known"), UNKNOWN_HOST),
        (ValueError("what it says"), "what it says"),
        (KeyError(), "KeyError"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), None),  # in what a gateway sent
    ],
)
def test_others_keep_their_words_without_a_number(error: Exception, words: str | None) -> None:
    assert words_of(error) == (str(error) if words is None else words)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", PLAIN),
        (b"\x15\x03\x03\x00\x02\x02\x28", "no encrypted connection (SSLV3_ALERT_HANDSHAKE_FAILURE)"),
        (b"", CLOSED),
    ],
)
def test_only_a_plain_answer_says_that_the_address_may_be_wrong(answer: bytes, words: str) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    greeting = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        greeting.do_handshake()
    incoming.write(answer)
    incoming.write_eof()
    with pytest.raises(ssl.SSLError) as caught:
        greeting.do_handshake()
    assert words_of(caught.value).replace("SSL/TLS", "SSLV3") == words


def test_a_certificate_is_named_with_what_is_wrong_with_it() -> None:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    error.verify_message = "certificate has expired"
    assert words_of(error) == "its certificate isn't valid (certificate has expired)"
