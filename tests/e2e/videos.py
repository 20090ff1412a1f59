"""The buttons of videos, in the words of the tests."""

from typing import Any

import discord
import simcord

from bot.db.models import Generation
from sandbox.world import World
from tests.e2e.driver import SECONDS, rows, shown, threads


def message_of(world: World, message_id: int | None) -> discord.Message:
    """Return a message of any channel, as it is now."""
    places = [*world.guild.channels.values(), *threads(world)]
    found = [message for place in places for message in place.history() if message.id == message_id]
    assert found, "the message is not there"
    return found[0]


def card(world: World, generation: Generation) -> discord.Message:
    return message_of(world, generation.card_id)


def private(answer: simcord.InteractionResult) -> str:
    """Return what only the person who clicked is told; there must be just one such text."""
    said = answer.followups or [shown(answer)]
    assert len(said) == 1, f"one answer was expected, not {[message.content for message in said]}"
    assert said[0].ephemeral, "everybody sees it"
    assert "on our side" not in said[0].content, "the button failed"
    return said[0].content


async def newest(world: World, count: int) -> Generation:
    """Return the newest generation, once it is delivered; there must be `count` by then."""
    found = await world.wait_for_delivery(seconds=SECONDS)
    assert len(await rows(world)) == count
    return found


def options_of(form: simcord.InteractionResult) -> dict[str, list[str]]:
    """Return the values of each select of a form."""
    assert form.modal is not None, "there is no form"
    return {
        label["component"]["custom_id"]: [option["value"] for option in label["component"]["options"]]
        for label in form.modal["components"]
        if "options" in label["component"]
    }


def filled_in(form: simcord.InteractionResult) -> dict[str, Any]:
    """Return what the fields of a form hold when it opens."""
    assert form.modal is not None, "there is no form"
    values: dict[str, Any] = {}
    for label in form.modal["components"]:
        field = label["component"]
        chosen = [option["value"] for option in field.get("options", []) if option.get("default")]
        values[field["custom_id"]] = chosen[0] if chosen else field.get("value", "")
    return values


def question(answer: simcord.InteractionResult) -> discord.Message:
    """Return the private message that an answer is."""
    assert shown(answer).ephemeral
    return shown(answer).message
