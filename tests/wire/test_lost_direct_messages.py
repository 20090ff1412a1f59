"""A direct message is there once, however long Discord's responses to it are lost."""

from contextlib import suppress

import pytest

from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.jobs.ports import DeliveryPostponedError, Posted
from cogs.cards.result_message import ResultMessage, is_result
from cogs.delivery.failed_destinations import FailedDestinations
from cogs.delivery.posting import Posts
from cogs.delivery.threads import Threads
from cogs.videos.result_buttons import result_view
from tests.cogs.generation import generation
from tests.wire.conftest import Clock
from tests.wire.probe import Probe
from tests.wire_discord import Fault, WireDiscord

ALICE = 11
POST = "POST /channels/{channel_id}/messages"
BETWEEN_TRIES = 60.0  # seconds, of which Discord remembers a nonce for a few


@pytest.fixture
def posts(client: Probe, clock: Clock) -> Posts:
    failed = FailedDestinations(clock)
    return Posts(client, failed, Threads(client, failed, clock=clock), clock)


def row_of(wire: WireDiscord, generation_id: str) -> Generation:
    places = {"guild_id": wire.guild.id, "channel_id": wire.channel.id, "user_id": ALICE, "card_id": None}
    ending = {"status": Status.FAILED, "failure_kind": FailureKind.UNMADE}
    return generation(id=generation_id, **places, **ending)


async def post_once(posts: Posts, row: Generation) -> Posted:
    """Post as a try of the runner does."""
    found = await posts.find_result(row, lambda message: is_result(message, row))
    return found or await posts.post(ResultMessage(row, None), result_view(row))


async def test_it_is_found_once_discord_may_have_forgotten_its_nonce(
    posts: Posts, wire: WireDiscord, clock: Clock
) -> None:
    wire.delete_channel(wire.channel.id)
    await post_once(posts, row_of(wire, "0" * 16))  # the channel is known to be gone from now on
    row = row_of(wire, "1" * 16)
    wire.faults.add(POST, Fault.status(503, accepted=True), times=5)
    posted = None
    while posted is None:
        with suppress(DeliveryPostponedError):
            posted = await post_once(posts, row)
        clock.now += BETWEEN_TRIES
    messages = [message.id for message in wire.messages() if row.id in message.content]
    assert messages == [posted.message_id]
