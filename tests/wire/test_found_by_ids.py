"""Messages are found again by Discord's ids, however wrong the host's clock is."""

from datetime import timedelta

import discord
import pytest

from bot.clock import utc_now
from bot.db.models import Generation, Status
from bot.eta.rate_limiter import RateLimiter
from bot.failures import FailureKind
from cogs.cards.card_message import card_message
from cogs.delivery.card_throttle import CardEdits
from cogs.delivery.delivery import DiscordDelivery
from tests.cogs.generation import generation
from tests.wire.probe import Probe
from tests.wire_discord import WireDiscord

WRONG = [timedelta(minutes=-5), timedelta(minutes=5), timedelta(hours=8)]


def delivery_of(client: discord.Client) -> DiscordDelivery:
    """Return one that remembers nothing, as after a start."""
    return DiscordDelivery(client, CardEdits(0.0, RateLimiter(100)))


async def row_of(client: Probe, wire: WireDiscord, wrong: timedelta, **changes: object) -> Generation:
    """Return a request as a host with a wrong clock writes it down, between other messages."""
    channel = client.get_partial_messageable(wire.channel.id, guild_id=wire.guild.id)
    await channel.send("before")
    asked = await channel.send("stands for the interaction, whose id is of the same kind")
    moment = utc_now() + wrong
    places = {"guild_id": wire.guild.id, "channel_id": wire.channel.id}
    times = {"created_at": moment, "posting_at": moment, "finished_at": moment}
    return generation(interaction_id=asked.id, **places, **times, **changes)


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_a_card_that_was_not_recorded(client: Probe, wire: WireDiscord, wrong: timedelta) -> None:
    row = await row_of(client, wire, wrong, card_id=None)
    channel = client.get_partial_messageable(wire.channel.id, guild_id=wire.guild.id)
    card = await channel.send(**card_message(row))
    await channel.send("after")
    assert await delivery_of(client).find_card(row) == card.id, "the card is orphaned"


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_a_result_that_was_not_recorded(client: Probe, wire: WireDiscord, wrong: timedelta) -> None:
    row = await row_of(client, wire, wrong, status=Status.FAILED, failure_kind=FailureKind.UNMADE)
    channel = client.get_partial_messageable(wire.channel.id, guild_id=wire.guild.id)
    row.card_id = (await channel.send(**card_message(row))).id
    for number in range(150):
        await channel.send(f"while it was made {number}")
    posted = await delivery_of(client).post_ending(row)
    await channel.send("after")
    assert await delivery_of(client).find_result(row) == posted, "it would be posted twice"


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_a_direct_message_that_was_not_recorded(
    client: Probe, wire: WireDiscord, wrong: timedelta
) -> None:
    row = await row_of(client, wire, wrong, status=Status.FAILED, failure_kind=FailureKind.UNMADE)
    wire.delete_channel(wire.channel.id)
    posted = await delivery_of(client).post_ending(row)
    assert posted.channel_id is None
    assert await delivery_of(client).find_result(row) == posted, "it would be posted twice"


async def test_the_file_of_a_late_video_is_no_late_video(client: Probe, wire: WireDiscord) -> None:
    row = await row_of(client, wire, timedelta(), status=Status.FAILED, failure_kind=FailureKind.LATE)
    await delivery_of(client).post_ending(row)
    row.failure_kind = FailureKind.FILE_LOST
    assert await delivery_of(client).find_result(row) is None, "the member is not told that the file is lost"
