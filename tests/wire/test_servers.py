"""What is known of servers without a connection to the gateway."""

from collections.abc import AsyncIterator

import discord
import pytest

from bot.discord_client.client import RestClient
from cogs.ui import servers
from cogs.ui.servers import Servers
from tests.wire.conftest import Clock
from tests.wire.probe import point_to
from tests.wire_discord import Fault, WireDiscord

GUILD = "GET /guilds/{guild_id}"


@pytest.fixture
async def client(wire: WireDiscord, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[discord.Client]:
    point_to(wire, monkeypatch)
    async with RestClient() as client:
        await client.login(wire.token)
        yield client


async def test_a_server_is_asked_about_once_in_a_while(
    wire: WireDiscord, client: discord.Client, clock: Clock
) -> None:
    wire.guild.premium_tier = 2
    known = Servers(client, clock)
    for _ in range(3):
        guild = await known.find(wire.guild.id)
        assert guild is not None
        assert guild.premium_tier == 2
    assert wire.count(GUILD) == 1
    wire.guild.premium_tier = 3
    clock.now += servers.ANSWER_TTL_SECONDS
    guild = await known.find(wire.guild.id)
    assert guild is not None
    assert guild.premium_tier == 3


async def test_a_server_that_discord_does_not_tell_of_is_asked_about_again_soon(
    wire: WireDiscord, client: discord.Client, clock: Clock
) -> None:
    known = Servers(client, clock)
    wire.faults.add(GUILD, Fault.status(404, 10004))
    assert await known.find(wire.guild.id) is None
    assert await known.find(wire.guild.id) is None
    assert wire.count(GUILD) == 1
    clock.now += servers.RETRY
    assert await known.find(wire.guild.id) is not None


async def test_what_was_known_holds_while_discord_does_not_answer(
    wire: WireDiscord, client: discord.Client, clock: Clock
) -> None:
    known = Servers(client, clock)
    first = await known.find(wire.guild.id)
    clock.now += servers.ANSWER_TTL_SECONDS
    wire.faults.add(GUILD, Fault.status(403, 50001))
    assert await known.find(wire.guild.id) is first


async def test_servers_that_are_too_many_are_forgotten_oldest_first(
    wire: WireDiscord, client: discord.Client, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "MAX_SERVERS", 1)
    known, second = Servers(client, clock), await wire.add_guild("Second")
    for guild_id in (wire.guild.id, second.id, second.id, wire.guild.id):
        assert await known.find(guild_id) is not None
    assert wire.count(GUILD) == 3


@pytest.mark.parametrize(
    ("fault", "is_gone"),
    [
        (Fault.status(404, 10004), True),
        (Fault.status(403, 50001), True),
        (Fault.status(503), False),
        (Fault.status(401), False),
        (Fault.rate_limit(240.0), False),
        (Fault.rate_limit(240.0, via=False), False),
        (Fault.reset(), False),
        (Fault.status(200, html=True), False),
        (Fault.status(404, html=True), False),
        (Fault.status(200, message="Welcome"), False),
    ],
    ids=[
        *("unknown", "no access", "an outage", "a reset token", "limited", "limited by a proxy", "broken"),
        *("a page in its place", "a page that is not there", "another object"),
    ],
)
async def test_only_discords_own_word_says_that_the_bot_is_gone(
    wire: WireDiscord, client: discord.Client, clock: Clock, fault: Fault, is_gone: bool
) -> None:
    wire.faults.add(GUILD, fault)
    assert await Servers(client, clock).is_gone(wire.guild.id) is is_gone


@pytest.mark.parametrize("html", [True, False], ids=["a page", "another object"])
async def test_what_is_not_discords_tells_of_no_server(
    wire: WireDiscord, client: discord.Client, clock: Clock, html: bool
) -> None:
    wire.faults.add(GUILD, Fault.status(200, html=html))
    assert await Servers(client, clock).find(wire.guild.id) is None


async def test_a_server_that_is_there_is_not_asked_about_for_each_request(
    wire: WireDiscord, client: discord.Client, clock: Clock
) -> None:
    known = Servers(client, clock)
    for _ in range(3):
        assert not await known.is_gone(wire.guild.id)
    assert wire.count(GUILD) == 1
    clock.now += servers.RETRY
    wire.leave_guild(wire.guild)
    assert await known.is_gone(wire.guild.id)
