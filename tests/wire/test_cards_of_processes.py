"""Two processes edit one card: what the row says last is what stands there."""

import asyncio

import pytest

from bot.db.models import Generation, Status
from bot.eta.rate_limiter import RateLimiter
from cogs.cards.card_message import card_message
from cogs.delivery.card_throttle import CardEdits
from cogs.delivery.delivery import DiscordDelivery
from tests.cogs.generation import generation
from tests.wire.probe import Probe
from tests.wire_discord import Fault, Message, WireDiscord

EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"
CANCELLED = {"status": Status.CANCELLED, "cancelled_by": 77}


class Table:
    """The one row that all processes read."""

    def __init__(self, row: Generation) -> None:
        self.row = row

    async def read(self, name: str) -> Generation | None:
        return self.row if name == self.row.id else None


def process(client: Probe, table: Table) -> DiscordDelivery:
    return DiscordDelivery(client, CardEdits(0.0, RateLimiter(100)), read_row=table.read)


async def shown(client: Probe, wire: WireDiscord) -> tuple[Generation, Message]:
    """Return a request that is being made, and its card."""
    row = generation(guild_id=wire.guild.id, channel_id=wire.channel.id, status=Status.RUNNING)
    channel = client.get_partial_messageable(wire.channel.id, guild_id=wire.guild.id)
    row.card_id = (await channel.send(**card_message(row))).id
    return row, wire.messages()[0]


def ended(row: Generation) -> Generation:
    """Return the row as it is once somebody has cancelled it."""
    places = {name: getattr(row, name) for name in ("id", "guild_id", "channel_id", "card_id")}
    return generation(**places, **CANCELLED)


async def test_an_edit_that_is_late_to_discord_is_put_right(client: Probe, wire: WireDiscord) -> None:
    row, card = await shown(client, wire)
    table = Table(row)
    wire.faults.add(EDIT, Fault.hang())
    await process(client, table).show_state(row)
    await wire.wait_for_requests(EDIT)
    table.row = ended(row)
    other = asyncio.create_task(process(client, table).show_state(table.row))
    wire.faults.release()
    await other
    await wire.wait_for_requests(EDIT, 3)
    await wire.wait_for_message(lambda message: "**cancelled**" in message.content and message.edits >= 3)
    assert card.components == [], "the button is there for ever"


async def test_a_card_in_a_thread_that_was_archived_meanwhile_says_how_it_ended(
    client: Probe, wire: WireDiscord
) -> None:
    row, card = await shown(client, wire)
    wire.channel.archived = True
    await process(client, Table(row)).show_state(ended(row))
    assert "**cancelled**" in card.content
    assert card.components == [], "the button is there for ever"


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING])
async def test_what_is_over_is_not_shown_as_being_made(
    client: Probe, wire: WireDiscord, status: Status
) -> None:
    row, card = await shown(client, wire)
    row.status = status
    table = Table(ended(row))
    await process(client, table).show_state(table.row)
    await process(client, table).show_state(row)
    await asyncio.sleep(0.2)
    assert "**cancelled**" in card.content, "the card says that it is in progress"
    assert wire.count(EDIT) == 1
