"""Who may decide about reports: whoever Discord would let use /veo-admin, and nobody else."""

from typing import Any

import discord
import pytest

from sandbox.world import World
from tests.e2e.driver import accept_all, refuse, requests, results
from tests.e2e.reporting import (
    add_bob,
    buttons,
    click,
    decisions_of,
    forge_buttons,
    open_moderators_channel,
    read_report,
    report,
    report_of_bob,
    reports_in,
    the_report,
)

DELETE, BLOCK, DISMISS = "Delete video", "Block 24 h", "Dismiss"
OWN = "This is your own video, so another moderator has to decide. Nothing changed."
NOT_ALLOWED = "Only members who can use `/veo-admin` can do that. Nothing changed."


async def command_of(world: World) -> discord.app_commands.AppCommand:
    """Return /veo-admin as Discord knows it."""
    commands = await world.app.bot.tree.fetch_commands()
    return next(command for command in commands if command.name == "veo-admin")


@pytest.mark.nightly
async def test_a_member_who_sees_the_buttons_may_not_use_them(world: World) -> None:
    _, moderators_channel, message = await report_of_bob(world)
    for label in (DELETE, BLOCK, DISMISS):
        assert await click(world.alice, message, label) == [NOT_ALLOWED]
    assert await decisions_of(world, message) == (None, None, None)
    assert len(results(world)) == 1
    assert buttons(*reports_in(moderators_channel)) == [DELETE, BLOCK, DISMISS]


@pytest.mark.nightly
async def test_whom_the_server_names_in_its_settings_may_decide(world: World) -> None:
    _, _, message = await report_of_bob(world)
    helpers = world.guild.create_role("Helpers")
    dan, eve = add_bob(world, helpers, name="dan"), add_bob(world, name="eve")
    assert await click(dan, message, DISMISS) == [NOT_ALLOWED]
    permissions: Any = {helpers: True, eve: True, world.mona: False}
    world.guild.set_command_permissions(await command_of(world), permissions)
    assert await click(world.mona, message, DISMISS) == [NOT_ALLOWED]
    assert await click(dan, message, DELETE) == []
    assert await click(eve, message, BLOCK) == []
    assert await decisions_of(world, message) == (dan.id, eve.id, None)


@pytest.mark.nightly
async def test_a_moderator_does_not_decide_about_their_own_video_but_another_one_does(world: World) -> None:
    moderators_channel = await open_moderators_channel(world)
    await world.mona.slash(world.channel, "veo", prompt="a fox", duration=4)
    await world.wait_for_delivery()
    await report(world, add_bob(world))
    message = await the_report(moderators_channel)
    for label in (DELETE, BLOCK, DISMISS):
        assert await click(world.mona, message, label) == [OWN]
    assert await decisions_of(world, message) == (None, None, None)
    assert len(results(world)) == 1
    assert buttons(*reports_in(moderators_channel)) == [DELETE, BLOCK, DISMISS]
    nora = add_bob(world, *world.guild.roles.values(), name="nora")
    assert await click(nora, message, DELETE) == []
    assert results(world) == []


@pytest.mark.nightly
async def test_whom_the_server_keeps_from_the_whole_application_may_not_decide(world: World) -> None:
    _, _, message = await report_of_bob(world)
    application_id = world.app.bot.application_id
    assert application_id is not None
    world.guild.set_command_permissions(application_id, {world.mona: False})
    assert await click(world.mona, message, DISMISS) == [NOT_ALLOWED]
    world.guild.set_command_permissions(await command_of(world), {world.mona: True})
    assert await click(world.mona, message, DISMISS) == []


async def test_administrators_may_always_decide(world: World) -> None:
    _, _, message = await report_of_bob(world)
    chiefs = world.guild.create_role("Chiefs", permissions=discord.Permissions(administrator=True))
    chief = add_bob(world, chiefs, name="chief")
    world.guild.set_command_permissions(await command_of(world), {chief: False, chiefs: False})
    assert await click(chief, message, DISMISS) == []


@pytest.mark.parametrize("path", ["/applications/*/commands", "/applications/*/permissions"])
async def test_when_the_settings_cannot_be_read_manage_server_decides(own_world: World, path: str) -> None:
    world = own_world  # which has not learnt the command's number yet
    _, _, message = await report_of_bob(world)
    eve = add_bob(world, name="eve")
    world.guild.set_command_permissions(await command_of(world), {eve: True})
    refuse(world, "GET", path, 0, status=503, times=None)
    assert await click(eve, message, DELETE) == [NOT_ALLOWED]
    assert await click(world.mona, message, DELETE) == []
    accept_all(world)
    assert await click(eve, message, BLOCK) == []


@pytest.mark.nightly
async def test_a_moderator_of_another_server_can_do_nothing_with_a_forged_number(world: World) -> None:
    generation, _, message = await report_of_bob(world)
    row = (await read_report(world, message)).report
    guild = world.env.create_guild("Elsewhere")
    channel = guild.create_text_channel("reports")
    chiefs = guild.create_role("Chiefs", permissions=discord.Permissions(administrator=True))
    eve = guild.add_member(world.env.create_user("eve"), roles=[chiefs])
    decide = [
        {"type": 2, "style": 2, "label": label, "custom_id": f"veo1:decide:{name}:{row.id}"}
        for label, name in ((DELETE, "delete"), (BLOCK, "block"), (DISMISS, "dismiss"))
    ]
    send = {"type": 2, "style": 2, "label": "Report", "custom_id": f"veo1:report:{generation.id}"}
    bot_id = world.env.backend.bot_user.id
    stored = world.env.backend.create_message(
        channel.id, bot_id, "forged", components=[{"type": 1, "components": [*decide, send]}]
    )
    [forged] = [found for found in channel.history() if found.id == stored.id]
    for label in (DELETE, BLOCK, DISMISS):
        assert await click(eve, forged, label) == ["This server has no report with that ID. Nothing changed."]
    answer = await report(world, eve, forged)
    assert answer.content == "This server has no video with that ID. Nothing changed."
    assert await decisions_of(world, message) == (None, None, None)
    assert len(results(world)) == 1


async def test_a_number_that_no_pattern_fits_reaches_nothing(world: World) -> None:
    _, _, message = await report_of_bob(world)
    forge_buttons(world, message, ":delete:", ":delete_all:")
    answer = await world.mona.click(message, label=DELETE)
    assert not answer.acknowledged
    assert len(results(world)) == 1


async def test_a_command_that_was_registered_anew_is_found_again(own_world: World) -> None:
    world = own_world  # as above
    _, _, message = await report_of_bob(world)
    lists = "/commands"
    for label in (DELETE, BLOCK):
        assert await click(world.alice, message, label) == [NOT_ALLOWED]
    before = len(requests(world, "GET", lists))
    refuse(world, "GET", "/applications/*/permissions", 10063, status=404)
    for label in (DELETE, BLOCK):
        assert await click(world.alice, message, label) == [NOT_ALLOWED]
    assert (before, len(requests(world, "GET", lists))) == (1, 2), (
        "the number is asked for each time, or never"
    )
