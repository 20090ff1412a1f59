"""Sessions, shards, resuming."""

import asyncio

import discord
import pytest

from tests.wire.probe import COMMANDS, Probe, point_to
from tests.wire_discord import WireDiscord

ALICE = 11


async def test_a_client_becomes_ready_and_sees_the_server(client: Probe, wire: WireDiscord) -> None:
    await client.wait_until_ready()

    assert client.user
    assert client.user.id == wire.bot_id
    guild = client.get_guild(wire.guild.id)
    assert guild
    assert [channel.name for channel in guild.text_channels] == ["videos"]
    assert wire.gateway.connected[0].intents == discord.Intents(guilds=True, guild_messages=True).value


async def test_heartbeats_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    async with WireDiscord(heartbeat_ms=50) as wire:
        point_to(wire, monkeypatch)
        async with Probe() as client:
            await client.login(wire.token)
            task = asyncio.create_task(client.connect())
            await wire.wait_for_sessions()
            async with asyncio.timeout(20):
                while client.latency == float("inf"):  # noqa: ASYNC110 discord.py tells nobody
                    await asyncio.sleep(0.01)
            await client.close()
            await task
    assert wire.gateway.closings == [4000]  # discord.py's own code for leaving (see discord/gateway.py)


async def test_rest_refuses_a_wrong_token(wire: WireDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    point_to(wire, monkeypatch)
    async with Probe() as client:
        with pytest.raises(discord.LoginFailure):
            await client.login("wrong")


async def test_the_gateway_refuses_a_wrong_token(wire: WireDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    point_to(wire, monkeypatch)
    async with Probe() as client:
        await client.login(wire.token)
        client.http.token = "wrong"
        with pytest.raises(discord.ConnectionClosed) as caught:
            await client.connect()
    assert caught.value.code == 4004


@pytest.mark.parametrize("code", [None, 1001, 4000])
async def test_a_dropped_connection_is_resumed_and_nothing_is_missed(
    client: Probe, wire: WireDiscord, code: int | None
) -> None:
    session = wire.gateway.connected[0]

    await wire.gateway.drop(code)
    interaction = await wire.interact(ALICE, "paint", {"text": "while away"})

    assert (await client.next(20)).id == interaction.id
    assert wire.gateway.connected == [session]
    assert session.resumes == 1


async def test_opcode_7_makes_the_client_resume(client: Probe, wire: WireDiscord) -> None:  # noqa: ARG001 it is connected
    session = wire.gateway.connected[0]

    await wire.gateway.ask_to_reconnect()

    await wire.wait_for(lambda: session.resumes or None)


async def test_a_session_that_is_gone_is_replaced_by_a_new_one(client: Probe, wire: WireDiscord) -> None:
    session = wire.gateway.connected[0]

    await wire.gateway.drop(resumable=False)
    await wire.wait_for_sessions()

    assert wire.gateway.connected != [session]
    sent = await wire.interact(ALICE, "paint", {"text": "anew"})
    assert (await client.next()).id == sent.id


async def test_interactions_go_to_the_shard_of_their_server(
    wire: WireDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_to(wire, monkeypatch)
    guilds = [await wire.add_guild("even", 2 << 22), await wire.add_guild("odd", 3 << 22)]
    channels = [wire.add_channel("here", guild=guild) for guild in guilds]
    clients = [Probe(), Probe()]
    async with clients[0], clients[1], asyncio.TaskGroup() as group:
        for number, client in enumerate(clients):
            # AutoShardedClient would do the same, but waits 5 seconds between its shards.
            client.shard_id, client.shard_count = number, 2
            client._connection.shard_count = 2  # pyright: ignore[reportPrivateUsage]
            await client.login(wire.token)
            group.create_task(client.connect())
        await clients[0].http.bulk_upsert_global_commands(wire.bot_id, COMMANDS)  # pyright: ignore[reportArgumentType]: plain dicts
        await wire.wait_for_sessions(2)

        for client, channel in zip(clients, channels, strict=True):
            await wire.interact(ALICE, "paint", {"text": "x"}, channel_id=channel.id)
            assert (await client.next()).guild_id == channel.guild_id

        for client in clients:
            assert client.arrived.empty()
            await client.close()
