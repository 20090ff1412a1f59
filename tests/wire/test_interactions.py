"""Slash commands and buttons: the one answer, its deadline, and the token's end."""

import io
from typing import Any, cast

import discord
import pytest

from tests.wire.conftest import Clock
from tests.wire.probe import Probe
from tests.wire_discord import OptionFile, WireDiscord

ALICE, MONA = 11, 12


def data_of(interaction: discord.Interaction) -> dict[str, Any]:
    """Return what arrived, untyped: the tests look into it freely."""
    return cast("dict[str, Any]", interaction.data)


async def test_a_command_arrives_with_its_options_and_is_answered(client: Probe, wire: WireDiscord) -> None:
    options = {"text": "a fox", "size": 3, "ratio": 0.5, "loud": True, "who": MONA}
    sent = await wire.interact(ALICE, "paint", options)
    interaction = await client.next()
    answer = await interaction.response.send_message("on it")
    message = await sent.answered()

    kinds = {option["name"]: option["type"] for option in data_of(interaction)["options"]}
    assert kinds == {"text": 3, "size": 4, "ratio": 10, "loud": 5, "who": 6}
    assert (interaction.user.id, interaction.channel_id) == (ALICE, wire.channel.id)
    assert message
    assert (message.id, message.content, message.type) == (answer.message_id, "on it", 20)
    assert sent.seconds is not None
    assert 0 < sent.seconds < 1


async def test_subcommands_nest_and_files_are_resolved(client: Probe, wire: WireDiscord) -> None:
    await wire.interact(ALICE, "quota set", {"most": 3})
    await wire.interact(ALICE, "paint", {"text": "x", "picture": OptionFile("a.png", b"png")})

    nested, with_file = data_of(await client.next()), data_of(await client.next())
    assert nested["options"][0]["options"] == [{"name": "most", "type": 4, "value": 3}]
    (attachment,) = with_file["resolved"]["attachments"].values()
    assert await client.http.get_from_cdn(attachment["url"]) == b"png"


async def test_commands_and_options_must_have_been_synced(client: Probe, wire: WireDiscord) -> None:  # noqa: ARG001 it synced some
    with pytest.raises(LookupError, match="/sing"):
        await wire.interact(ALICE, "sing")
    with pytest.raises(LookupError, match="no option pitch"):
        await wire.interact(ALICE, "paint", {"pitch": 1})


async def test_a_modified_client_can_send_anything(client: Probe, wire: WireDiscord) -> None:
    data = {"id": "1", "name": "paint", "type": 1, "options": [{"name": "text", "type": 3, "value": 7}]}

    await wire.interact(ALICE, "paint", data=data, app_permissions="0")

    interaction = await client.next()
    assert interaction.data == data
    assert interaction.app_permissions.value == 0


async def test_the_second_answer_is_refused(client: Probe, wire: WireDiscord) -> None:
    sent = await wire.interact(ALICE, "paint", {"text": "x"})
    first = await client.next()
    await wire.repeat(sent)
    second = await client.next()

    await first.response.send_message("one")
    with pytest.raises(discord.HTTPException) as caught:
        await second.response.send_message("two")

    assert caught.value.code == 40060
    assert [message.content for message in wire.messages()] == ["one"]


async def test_an_answer_after_three_seconds_is_refused(
    client: Probe, wire: WireDiscord, clock: Clock
) -> None:
    sent = await wire.interact(ALICE, "paint", {"text": "x"})
    interaction = await client.next()
    clock.now += 3.1

    with pytest.raises(discord.NotFound) as caught:
        await interaction.response.send_message("late")

    assert caught.value.code == 10062
    assert wire.messages() == []
    with pytest.raises(TimeoutError):
        await sent.answered(0.01)


async def test_the_token_edits_and_follows_up_for_fifteen_minutes(
    client: Probe, wire: WireDiscord, clock: Clock
) -> None:
    await wire.interact(ALICE, "paint", {"text": "x"})
    interaction = await client.next()
    await interaction.response.send_message("one")
    await interaction.edit_original_response(
        content="two", attachments=[discord.File(io.BytesIO(b"v"), "v.mp4")]
    )
    await interaction.followup.send("three", ephemeral=True)
    clock.now += 901

    for call in (interaction.edit_original_response(content="four"), interaction.followup.send("five")):
        with pytest.raises(discord.HTTPException) as caught:
            await call
        assert (caught.value.status, caught.value.code) == (401, 50027)
    assert [message.content for message in wire.messages()] == ["two", "three"]
    assert wire.messages()[0].attachments[0].read() == b"v"


async def test_after_fifteen_minutes_the_bots_own_token_still_edits(
    client: Probe, wire: WireDiscord, clock: Clock
) -> None:
    await wire.interact(ALICE, "paint", {"text": "x"})
    answer = await (await client.next()).response.send_message("one")
    clock.now += 901

    channel = client.get_partial_messageable(wire.channel.id)
    await channel.get_partial_message(answer.message_id or 0).edit(content="two")

    assert [message.content for message in wire.messages()] == ["two"]


async def test_the_bots_own_token_does_not_reach_ephemeral_answers(client: Probe, wire: WireDiscord) -> None:
    sent = await wire.interact(ALICE, "paint", {"text": "x"})
    answer = await (await client.next()).response.send_message("psst", ephemeral=True)
    message = await sent.answered()

    with pytest.raises(discord.NotFound) as caught:
        await client.get_partial_messageable(wire.channel.id).fetch_message(answer.message_id or 0)
    assert caught.value.code == 10008
    assert message
    assert message.is_ephemeral


async def test_the_first_follow_up_after_a_deferral_takes_its_place(client: Probe, wire: WireDiscord) -> None:
    await wire.interact(ALICE, "paint", {"text": "x"})
    interaction = await client.next()

    await interaction.response.defer()
    await interaction.followup.send("done")

    assert [message.content for message in wire.messages()] == ["done"]


async def test_a_button_is_pressed_and_changes_its_message(client: Probe, wire: WireDiscord) -> None:
    view = discord.ui.View()
    view.add_item(discord.ui.Button[discord.ui.View](label="Again", custom_id="again"))
    await client.get_partial_messageable(wire.channel.id).send("card", view=view)

    sent = await wire.click(ALICE, wire.messages()[0], "again")
    interaction = await client.next()
    await interaction.response.edit_message(content="pressed")

    assert data_of(interaction)["custom_id"] == "again"
    assert (await sent.answered()) is wire.messages()[0]
    assert wire.messages()[0].content == "pressed"
