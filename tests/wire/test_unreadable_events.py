"""Events that discord.py cannot read end no connection: they are logged, and the rest goes on."""

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from structlog.testing import capture_logs

from bot.discord_client.discord_py import NEEDED, forgive_events
from tests.wire.probe import Probe, connected, point_to
from tests.wire_discord import WireDiscord
from tests.wire_discord.payloads import channel_payload, guild_payload
from tests.wire_discord.state import Guild

ALICE = 11
NUMBER = str(5 << 22)
UNREADABLE: list[tuple[str, dict[str, Any]]] = [
    ("CHANNEL_CREATE", {"id": NUMBER, "type": 0, "name": "new"}),  # no position
    ("CHANNEL_UPDATE", {"type": 0}),
    ("GUILD_UPDATE", {"id": "no number"}),
    ("GUILD_DELETE", {}),
    ("GUILD_ROLE_CREATE", {"role": {}}),
    ("THREAD_CREATE", {"id": NUMBER, "type": 11}),
    ("INTERACTION_CREATE", {"id": NUMBER}),
    ("GUILD_CREATE", {"name": "no id"}),
]


@pytest.fixture
async def client(wire: WireDiscord, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Probe]:
    """The real discord.py as the bot uses it, connected once; it does not connect again by itself."""
    point_to(wire, monkeypatch)
    async with connected(wire, forgive_events) as client:
        await client.wait_until_ready()
        yield client


@pytest.mark.parametrize(("name", "data"), UNREADABLE, ids=[name for name, _ in UNREADABLE])
async def test_the_connection_goes_on(
    client: Probe, wire: WireDiscord, name: str, data: dict[str, Any]
) -> None:
    # discord.py reads some of these only for a server that it knows.
    is_of_server = name not in {"GUILD_UPDATE", "GUILD_DELETE", "GUILD_CREATE"}
    told = {"guild_id": str(wire.guild.id)} | data if is_of_server else data
    with capture_logs() as logs:
        await wire.gateway.dispatch(name, told, wire.guild.id)
        sent = await wire.interact(ALICE, "paint", {"text": "x"})
        assert (await client.next()).id == sent.id, "the next command did not arrive"

    assert wire.gateway.closings == [], "the connection was ended"
    [line] = [line for line in logs if line["event"] == "could not read an event"]
    assert line["name"] == name


async def test_a_server_is_known_by_what_can_be_read_of_it(client: Probe, wire: WireDiscord) -> None:
    joined = Guild(6 << 22, "New")
    good, bad = wire.add_channel("good", guild=joined), wire.add_channel("bad", guild=joined)
    odd = channel_payload(bad)
    del odd["position"]
    payload = guild_payload(joined, wire._state)  # pyright: ignore[reportPrivateUsage]: as the gateway does
    payload |= {"channels": [odd, channel_payload(good)], "roles": [*payload["roles"], {"id": "7"}]}

    await wire.gateway.dispatch("GUILD_CREATE", payload, joined.id)
    await wire.interact(ALICE, "paint", {"text": "x"})
    await client.next()

    found = client.get_guild(joined.id)
    assert isinstance(found, discord.Guild), "the server was left out for one channel"
    assert [channel.name for channel in found.channels] == ["good"]
    assert wire.gateway.closings == []


async def test_no_event_of_another_shape_ends_the_connection(client: Probe, wire: WireDiscord) -> None:
    names = sorted({*client._connection.parsers} - NEEDED)  # pyright: ignore[reportPrivateUsage]: all that discord.py reads
    assert len(names) > 50
    shapes: list[Any] = [None, [], "text", 7, {}, {"id": None}, {"guild_id": str(wire.guild.id)}]
    for name in [*names, "OF_TOMORROW"]:
        for shape in shapes:
            await wire.gateway.dispatch(name, shape, wire.guild.id)
    sent = await wire.interact(ALICE, "paint", {"text": "x"})
    assert (await client.next()).id == sent.id, "the next command did not arrive"
    assert wire.gateway.closings == [], "the connection was ended"
