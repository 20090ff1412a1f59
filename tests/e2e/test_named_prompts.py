"""Who mentions people, emoji and channels in a prompt gets a video of their names, not of their numbers."""

from typing import Any

import discord
import pytest

from bot.db.models import Status
from sandbox.world import World
from tests.e2e.driver import SECONDS, ask, shown, the_result
from tests.e2e.flows import CHANGED
from tests.e2e.moderating import admin
from tests.e2e.raw import COMMAND, send_raw
from tests.e2e.test_menus import form_of

BOB = 123456789012345678
USER = {"id": str(BOB), "username": "bob_1999", "discriminator": "0", "global_name": "Bob", "avatar": None}
MEMBER: dict[str, Any] = {"nick": "bob", "roles": [], "joined_at": None, "flags": 0, "permissions": "0"}
RESOLVED: dict[str, Any] = {"users": {str(BOB): USER}, "members": {str(BOB): MEMBER}}


def typed(world: World, **options: Any) -> dict[str, Any]:
    """Return the data of /veo as Discord sends it, with the members in the texts."""
    commands = world.env.backend.commands[None].values()
    [command] = [command for command in commands if command["name"] == "veo"]
    chosen = [{"name": name, "type": 3, "value": value} for name, value in options.items()]
    return {"id": command["id"], "name": "veo", "type": 1, "options": chosen, "resolved": RESOLVED}


async def test_the_service_the_thread_and_the_alt_text_get_names(world: World) -> None:
    prompt = f"<@{BOB}> rides <:pepe:{BOB}> in <#{world.channel.id}> of <@&{world.guild.id}>"
    negative = f"<a:sad:{BOB}> <@{world.alice.id}>"
    await send_raw(world, world.alice, COMMAND, typed(world, prompt=prompt, negative_prompt=negative))
    generation = await world.wait_for_delivery(seconds=SECONDS)

    said = "bob rides pepe in videos of everyone"
    [body] = [call.json for call in world.provider.calls if call.kind == "create"]
    assert body == {"model": "google/veo3", "prompt": said, "negative_prompt": "sad alice"}
    assert generation.prompt == said, "the stored prompt has other words than the service was sent"
    [thread] = world.channel.threads
    assert thread.name == said
    [attachment] = the_result(world).attachments
    assert attachment.description == f"Video made from the prompt: {said}"


@pytest.mark.nightly
async def test_a_remix_form_and_a_messages_menu_give_names_as_well(world: World) -> None:
    asked = f"<@{world.mona.id}> feeds <:pepe:{BOB}>"
    message = await world.mona.send(world.channel, asked)
    form = await world.alice.context_menu(world.channel, "Make a video of this", message)
    assert form_of(form)["prompt"]["value"] == "mona feeds pepe"
    await world.alice.submit_modal(form, {"prompt": f"{asked} in <#{world.channel.id}>", "duration": ["4"]})
    first = await world.wait_for_delivery(seconds=SECONDS)
    assert first.prompt == "someone feeds pepe in videos", "the form's text was taken with its numbers"

    world.provider.hold = True
    form = await world.alice.click(the_result(world), label="Remix")
    await world.alice.submit_modal(form, {**CHANGED, "prompt": "<@1> again", "negative_prompt": "<:sad:1>"})
    await world.wait_for(lambda row: row.prompt == "someone again" and row.status is Status.RUNNING)
    bodies: list[Any] = [call.json for call in world.provider.calls if call.kind == "create"]
    assert [(body["prompt"], body.get("negative_prompt")) for body in bodies] == [
        ("someone feeds pepe in videos", None),
        ("someone again", "sad"),
    ]


@pytest.mark.nightly
async def test_a_hidden_channel_s_name_is_not_told_for_its_id(world: World) -> None:
    hidden: Any = {world.guild.default_role: discord.PermissionOverwrite(view_channel=False)}
    secret = world.guild.create_text_channel("layoffs", overwrites=hidden)
    await ask(world, prompt=f"a film about <#{secret.id}>")
    generation = await world.wait_for_delivery(seconds=SECONDS)
    assert generation.prompt == "a film about a channel"


async def test_forbidden_words_are_compared_with_names(world: World) -> None:
    await admin(world, "words add", word=f"<:gore:{BOB}>")
    for prompt in (f"much <a:gore:{BOB}>", "much gore"):
        answer = await ask(world, prompt=prompt)
        assert "gore" in shown(answer).content, f"{prompt!r} was not stopped"
    assert "Removed" in await admin(world, "words remove", word=f"<:gore:{BOB}>")
