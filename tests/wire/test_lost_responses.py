"""Discord takes an answer to an interaction, but its response is lost: what was clicked is done anyway."""

import discord
import pytest
from discord.webhook.async_ import AsyncWebhookAdapter

from bot.discord_client.discord_py import forgive_answers
from tests.wire.probe import Probe
from tests.wire_discord import Fault, WireDiscord

ALICE = 11
CALLBACK = "POST /interactions/{interaction_id}/{token}/callback"
LOST = {
    "by a proxy": Fault.status(503, html=True, accepted=True),
    "on the way": Fault.reset(accepted=True),
}


@pytest.fixture(autouse=True)
def answers_are_forgiven(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client read answers as the bot's own does, for this test alone."""
    for place, name in (
        (discord.interactions, "InteractionCallbackResponse"),
        (AsyncWebhookAdapter, "create_interaction_response"),
    ):
        monkeypatch.setattr(place, name, getattr(place, name))
    forgive_answers()


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST.keys())
async def test_what_follows_thinking_is_done(client: Probe, wire: WireDiscord, fault: Fault) -> None:
    wire.faults.add(CALLBACK, fault)
    await wire.interact(ALICE, "paint", {"text": "x"})
    interaction = await client.next()
    await interaction.response.defer()
    await interaction.followup.send("done")
    assert [message.content for message in wire.messages()] == ["done"]


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST.keys())
async def test_an_answer_is_there_once(client: Probe, wire: WireDiscord, fault: Fault) -> None:
    wire.faults.add(CALLBACK, fault)
    await wire.interact(ALICE, "paint", {"text": "x"})
    interaction = await client.next()
    await interaction.response.send_message("on it")
    assert (await interaction.original_response()).content == "on it"
    assert [message.content for message in wire.messages()] == ["on it"]


async def test_an_answer_that_did_not_get_through_is_sent_again(client: Probe, wire: WireDiscord) -> None:
    wire.faults.add(CALLBACK, Fault.reset())
    await wire.interact(ALICE, "paint", {"text": "x"})
    interaction = await client.next()
    await interaction.response.send_message("on it")
    assert [message.content for message in wire.messages()] == ["on it"]


async def test_what_another_process_answered_is_left_to_it(client: Probe, wire: WireDiscord) -> None:
    sent = await wire.interact(ALICE, "paint", {"text": "x"})
    first = await client.next()
    await wire.repeat(sent)
    second = await client.next()
    await first.response.defer()
    with pytest.raises(discord.HTTPException) as caught:
        await second.response.defer()
    assert caught.value.code == 40060
