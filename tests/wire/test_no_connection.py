"""Nothing was sent, since Discord can't be reached or the file can't be opened: that is known each time."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import discord
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from discord.http import Route

from bot.db.models import Status
from bot.jobs.ports import DeliveryPostponedError, UploadBrokenError
from bot.media.files import Clip
from cogs.cards.result_message import ResultMessage
from cogs.delivery.failed_destinations import FailedDestinations
from cogs.delivery.posting import Posts
from cogs.delivery.threads import Threads
from cogs.ui.discord_errors import CALL_ERRORS, Remedy, classify_error, is_broken_connection, is_unclear
from cogs.videos.result_buttons import result_view
from tests.cogs.generation import generation
from tests.wire.conftest import Clock
from tests.wire.probe import Probe
from tests.wire.test_lost_direct_messages import ALICE, row_of
from tests.wire_discord import Fault, WireDiscord

POST = "POST /channels/{channel_id}/messages"
# What a server says to who wants to begin TLS; None: nothing, for as long as it's there.
GREETINGS = {"no TLS": b"HTTP/1.1 400 Bad Request\r\n\r\n", "the end": b"", "nothing": None}


class NoNames(AbstractResolver):
    """Answers as the system does where it knows no such name."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Find nothing."""
        raise socket.gaierror(socket.EAI_NONAME, f"unknown: {host}:{port} ({family.name})")

    async def close(self) -> None:
        """Do nothing, since there's nothing to close."""


@asynccontextmanager
async def greeting_with(greeting: bytes | None) -> AsyncGenerator[str]:
    """Listen where TLS is expected; yields the address."""
    is_over = asyncio.Event()

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if greeting is None:
            await is_over.wait()
        writer.write(greeting or b"")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        is_over.set()


async def error_at(
    address: str, monkeypatch: pytest.MonkeyPatch, connector: aiohttp.TCPConnector | None = None
) -> Exception:
    """Return what discord.py lets through where Discord is to be found at an address."""
    monkeypatch.setattr(Route, "BASE", address)
    async with discord.Client(intents=discord.Intents.none(), connector=connector) as client:
        with pytest.raises(CALL_ERRORS) as caught:
            await client.login("a token")
    return caught.value


def assert_nothing_was_sent(error: Exception) -> None:
    assert not is_unclear(error), f"{error!r} comes before anything is sent"
    assert not is_broken_connection(error)
    assert classify_error(error) is Remedy.LATER


async def test_a_refused_connection_carried_nothing(
    unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_nothing_was_sent(await error_at(f"http://127.0.0.1:{unused_tcp_port}", monkeypatch))


async def test_a_name_that_is_not_known_carried_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    connector = aiohttp.TCPConnector(resolver=NoNames())
    assert_nothing_was_sent(await error_at("https://discord.invalid", monkeypatch, connector))


@pytest.mark.parametrize("greeting", GREETINGS.values(), ids=GREETINGS)
async def test_tls_that_does_not_come_about_carried_nothing(
    greeting: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiohttp.client.DEFAULT_TIMEOUT", aiohttp.ClientTimeout(sock_connect=0.1))
    async with greeting_with(greeting) as address:
        assert_nothing_was_sent(await error_at(address, monkeypatch))


async def test_a_connection_that_breaks_may_have_carried_it(client: Probe, wire: WireDiscord) -> None:
    wire.faults.add(POST, Fault.reset(accepted=True))
    with pytest.raises(CALL_ERRORS) as caught:
        await client.get_partial_messageable(wire.channel.id).send("x")
    assert is_unclear(caught.value)
    assert len(wire.messages()) == 1


async def test_a_result_that_was_never_sent_goes_elsewhere_at_once(
    client: Probe, wire: WireDiscord, clock: Clock, unused_tcp_port: int
) -> None:
    """The channel is deleted while Discord can't be reached; the first try can't arrive there later."""
    failed = FailedDestinations(clock)
    posts = Posts(client, failed, Threads(client, failed, clock=clock), clock)
    row = row_of(wire, "1" * 16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Route, "BASE", f"http://127.0.0.1:{unused_tcp_port}")
        with pytest.raises(DeliveryPostponedError):
            await posts.post(ResultMessage(row, None), result_view(row))
    wire.delete_channel(wire.channel.id)
    posted = await posts.post(ResultMessage(row, None), result_view(row))
    assert posted.channel_id is None, "it isn't a direct message"


async def test_a_video_whose_file_vanished_before_it_was_sent_goes_elsewhere_at_once(
    client: Probe, wire: WireDiscord, clock: Clock, tmp_path: Path
) -> None:
    """The channel is deleted before the file is back; the try without it can't arrive there later."""
    failed = FailedDestinations(clock)
    posts = Posts(client, failed, Threads(client, failed, clock=clock), clock)
    row = generation(
        guild_id=wire.guild.id, channel_id=wire.channel.id, user_id=ALICE, status=Status.SUCCEEDED
    )
    clip = Clip(tmp_path / "veo.mp4", 9)
    with pytest.raises(DeliveryPostponedError) as caught:
        await posts.post(ResultMessage(row, clip), result_view(row))
    assert not isinstance(caught.value, UploadBrokenError), "nothing was sent that could have broken"
    wire.delete_channel(wire.channel.id)
    clip.path.write_bytes(b"the video")
    posted = await posts.post(ResultMessage(row, clip), result_view(row))
    assert posted.channel_id is None, "it isn't a direct message"


def link_to_itself(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize("make_useless", [Path.mkdir, link_to_itself])
async def test_a_file_that_cannot_be_opened_is_tried_again_later(
    tmp_path: Path, make_useless: Callable[[Path], object]
) -> None:
    make_useless(path := tmp_path / "veo.mp4")
    with pytest.raises(DeliveryPostponedError):
        ResultMessage(generation(status=Status.SUCCEEDED), Clip(path, 9)).files()
