"""A limit on the whole bot ends, though the call that met it was given up."""

import asyncio

import pytest

from bot.discord_client import discord_py
from bot.discord_client.client import RestClient
from tests.wire.probe import point_to
from tests.wire_discord import Fault, WireDiscord

GUILD = "GET /guilds/{guild_id}"


async def test_a_call_that_is_given_up_leaves_no_limit_behind(
    wire: WireDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_to(wire, monkeypatch)
    monkeypatch.setattr(discord_py, "RATE_LIMIT_WAIT_SECONDS", 0.5)
    wire.faults.add(GUILD, Fault.rate_limit(20.0, is_global=True))
    async with RestClient() as client:
        await client.login(wire.token)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.fetch_guild(wire.guild.id)
        async with asyncio.timeout(10):
            assert await client.http.get_channel(wire.channel.id), "no call is made any more"
