"""A signature covers an address as it is written: what is asked for must not be written in another way."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.media.downloads import Downloads, open_public_session
from tests.bot.provider.hostile import HOST

MAX_BYTES = 2**20  # bytes
SIGNED = [
    "/video.mp4?Signature=qZ0AR%2BPP2%2Fg%3D&Expires=1",
    "/video.mp4?list=1%2C2&time=12%3A30&tilde=%7E",
    "/a/./b/../video.mp4?x=1",
    "/a%2fb%2Fc.mp4?lower=%2f",
    "/video.mp4?plus=a+b&brackets=[1]&bar=|",
    "//video.mp4?empty&=&&",
]


class SigningServer:
    """Answers with a file, or with where it is; `asked` are the addresses as they came over the wire."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.url = ""
        self.leads_to = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one question."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.split(b" ")[1].decode())
        if self.asked[-1] == "/moved":
            lines = ["HTTP/1.1 302 Found", f"Location: {self.leads_to}", "Content-Length: 0"]
        else:
            lines = ["HTTP/1.1 200 OK", "Content-Length: 4"]
        writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        writer.write(b"" if self.asked[-1] == "/moved" else b"file")
        await writer.drain()
        writer.close()


@pytest.fixture
async def signing() -> AsyncIterator[SigningServer]:
    """A server whose addresses are signed."""
    signing = SigningServer()
    server = await asyncio.start_server(signing.answer, HOST, 0)
    signing.url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield signing


# As it is written, and as it must be asked for: only what no request can hold is escaped.
ESCAPED = [
    ("/vidéo%2C.mp4?Signature=%2B", "/vid%C3%A9o%2C.mp4?Signature=%2B"),
    ("/a%3A.mp4?title=日%7E", "/a%3A.mp4?title=%E6%97%A5%7E"),
]
WAYS = ["directly", "behind a redirect"]
# Without a host an address is resolved first, which takes dots away.
CASES = [
    *((way, signed) for way in WAYS for signed in SIGNED),
    ("behind a redirect without a host", SIGNED[0]),
]


@pytest.mark.parametrize(("way", "signed"), CASES)
async def test_a_signed_address_is_asked_for_as_it_is_written(
    session: aiohttp.ClientSession, signing: SigningServer, tmp_path: Path, way: str, signed: str
) -> None:
    signing.leads_to = signed if "without" in way else signing.url + signed
    address = signing.url + (signed if way == "directly" else "/moved")
    async with open_public_session() as public:
        downloads = Downloads(session, public, {signing.url})
        await downloads.fetch(address, tmp_path / "file", MAX_BYTES)
    assert signing.asked[-1] == signed


@pytest.mark.parametrize(("written", "asked"), ESCAPED)
async def test_letters_beyond_ascii_change_nothing_else(
    session: aiohttp.ClientSession, signing: SigningServer, tmp_path: Path, written: str, asked: str
) -> None:
    async with open_public_session() as public:
        downloads = Downloads(session, public, {signing.url})
        await downloads.fetch(signing.url + written, tmp_path / "file", MAX_BYTES)
    assert signing.asked[-1] == asked


async def test_a_host_in_capitals_changes_nothing_else(
    session: aiohttp.ClientSession, signing: SigningServer, tmp_path: Path
) -> None:
    port = signing.url.rpartition(":")[2]
    async with open_public_session() as public:
        downloads = Downloads(session, public, {f"http://localhost:{port}"})
        await downloads.fetch(f"HTTP://LocalHost:{port}{SIGNED[0]}", tmp_path / "file", MAX_BYTES)
    assert signing.asked[-1] == SIGNED[0]
