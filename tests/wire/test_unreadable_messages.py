"""A message in a channel that discord.py cannot read does not hide the others from a search."""

from typing import Any

import pytest

from bot.clock import utc_now
from bot.eta.rate_limiter import RateLimiter
from bot.jobs.ports import DeliveryPostponedError
from cogs.cards.card_message import card_message
from cogs.delivery.card_throttle import CardEdits
from cogs.delivery.delivery import DiscordDelivery
from tests.cogs.generation import generation
from tests.wire.probe import Probe
from tests.wire_discord import Fault, WireDiscord

# What is wrong with the message before the card.
ODD: dict[str, dict[str, Any]] = {
    "no author": {"author": None},
    "no kind": {"type": None},
    "no attachments": {"attachments": None},
    "attachments of another shape": {"attachments": [{"id": "1"}]},
    "no id": {"id": None},
    "a component of another shape": {"components": [{"type": 1}]},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_the_card_is_found_beside_it(client: Probe, wire: WireDiscord, odd: dict[str, Any]) -> None:
    row = generation(guild_id=wire.guild.id, channel_id=wire.channel.id, created_at=utc_now())
    channel = client.get_partial_messageable(wire.channel.id, guild_id=wire.guild.id)
    await channel.send("before")
    wire.messages()[0].odd.update(odd)
    card = await channel.send(**card_message(row))

    delivery = DiscordDelivery(client, CardEdits(0.0, RateLimiter(100)))

    assert await delivery.find_card(row) == card.id, "the card was not found"


async def test_a_search_goes_on_over_pages(client: Probe, wire: WireDiscord) -> None:
    row = generation(guild_id=wire.guild.id, channel_id=wire.channel.id, created_at=utc_now())
    channel = client.get_partial_messageable(wire.channel.id, guild_id=wire.guild.id)
    for number in range(101):
        await channel.send(f"before {number}")
    wire.messages()[50].odd.update(ODD["no kind"])
    card = await channel.send(**card_message(row))

    delivery = DiscordDelivery(client, CardEdits(0.0, RateLimiter(100)))

    assert await delivery.find_card(row) == card.id, "the second page was not looked at"


@pytest.mark.parametrize("text", ["", "[", '[{"id": "1', "{}", "null"])
async def test_a_list_that_cannot_be_read_proves_nothing(client: Probe, wire: WireDiscord, text: str) -> None:
    row = generation(guild_id=wire.guild.id, channel_id=wire.channel.id, created_at=utc_now())
    wire.faults.add("GET /channels/{channel_id}/messages", Fault.says(text))

    delivery = DiscordDelivery(client, CardEdits(0.0, RateLimiter(100)))

    with pytest.raises(DeliveryPostponedError):
        await delivery.find_card(row)
