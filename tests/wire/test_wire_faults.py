"""Scripted faults, as the real discord.py meets them."""

import asyncio

import aiohttp
import discord
import pytest

from tests.wire.probe import Probe
from tests.wire_discord import Fault, WireDiscord

POST = "POST /channels/{channel_id}/messages"


def place(client: Probe, wire: WireDiscord) -> discord.PartialMessageable:
    return client.get_partial_messageable(wire.channel.id)


async def test_a_status_with_discords_code(client: Probe, wire: WireDiscord) -> None:
    wire.faults.add(POST, Fault.status(403, 50013, "Missing Permissions"), times=2)

    for _ in range(2):
        with pytest.raises(discord.Forbidden) as caught:
            await place(client, wire).send("x")
        assert caught.value.code == 50013
    await place(client, wire).send("x")
    assert wire.count(POST) == 3


@pytest.mark.parametrize("fault", [Fault.reset(accepted=True), Fault.status(503, accepted=True)])
async def test_a_message_that_was_posted_although_the_answer_was_lost(
    client: Probe, wire: WireDiscord, fault: Fault
) -> None:
    wire.faults.add(POST, fault)

    with pytest.raises((discord.DiscordServerError, aiohttp.ClientError)):
        await place(client, wire).send("x", nonce="7")
    again = await place(client, wire).send("x", nonce="7")

    assert [message.id for message in wire.messages()] == [again.id]


async def test_a_reset_before_anything_was_done(client: Probe, wire: WireDiscord) -> None:
    wire.faults.add(POST, Fault.reset())

    with pytest.raises(aiohttp.ClientError):
        await place(client, wire).send("x")
    assert wire.messages() == []


@pytest.mark.parametrize("accepted", [True, False])
async def test_a_request_that_hangs(client: Probe, wire: WireDiscord, *, accepted: bool) -> None:
    wire.faults.add(POST, Fault.hang(accepted=accepted))
    sending = asyncio.create_task(place(client, wire).send("x"))
    await wire.wait_for_requests(POST)
    if accepted:
        await wire.wait_for_message(lambda message: message.content == "x")

    assert not sending.done()
    assert len(wire.messages()) == accepted
    wire.faults.release()
    assert (await sending).content == "x"


async def test_a_rate_limit_is_waited_for_only_when_it_is_discords(client: Probe, wire: WireDiscord) -> None:
    wire.faults.add(POST, Fault.rate_limit(0.01))
    await place(client, wire).send("x")
    assert wire.count(POST) == 2

    wire.faults.add(POST, Fault.rate_limit(0.01, via=False))
    wire.faults.add(POST, Fault.status(429, html=True))
    for _ in range(2):
        with pytest.raises(discord.HTTPException) as caught:
            await place(client, wire).send("x")
        assert caught.value.status == 429
    assert wire.count(POST) == 4


async def test_a_fault_may_be_confined_to_one_channel(client: Probe, wire: WireDiscord) -> None:
    other = wire.add_channel("other")
    wire.faults.add(POST, Fault.status(404, 10003), times=None, channel_id=other.id)

    await place(client, wire).send("x")
    with pytest.raises(discord.NotFound):
        await client.get_partial_messageable(other.id).send("x")
    wire.faults.clear()
    await client.get_partial_messageable(other.id).send("x")


async def test_a_route_must_exist(wire: WireDiscord) -> None:
    with pytest.raises(ValueError, match="no route POST /nothing"):
        wire.faults.add("POST /nothing", Fault.reset())
