"""/veo-admin doctor: one list of what is good and what is bad."""

from typing import Any

import discord
import pytest
import simcord

from bot.db.models import Status
from cogs.ui.permissions import NEEDS
from sandbox.provider import Fault
from sandbox.world import World
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import SECONDS, bodies, requests
from tests.e2e.moderating import accepted, admin, before_the_gateway_told, said, use


def overwrites(world: World, **permissions: bool) -> dict[Any, discord.PermissionOverwrite]:
    """Return overwrites for the bot."""
    user = world.app.bot.user
    assert user is not None
    return {user: discord.PermissionOverwrite(**permissions)}  # pyright: ignore[reportArgumentType]: names of permissions


def secret_channel(world: World) -> simcord.ChannelHandle:
    """Make a channel that the bot and mona may see and members may not."""
    everybody: dict[Any, discord.PermissionOverwrite] = {
        world.guild.default_role: discord.PermissionOverwrite(view_channel=False),
        world.mona: discord.PermissionOverwrite(view_channel=True),
    }
    bot = overwrites(world, view_channel=True, send_messages=True)
    return world.guild.create_text_channel("moderators", overwrites={**everybody, **bot})


def bad_lines(text: str) -> list[str]:
    """Return what is bad; each line says in words too whether it is good or bad."""
    heading, *lines = text.splitlines()
    assert all(line.startswith(("✅ OK: ", "❌ **Problem:** ")) for line in lines)
    bad = [line for line in lines if line.startswith("❌")]
    assert lines[: len(bad)] == bad, "what is bad is not at the top"
    assert ("Everything works" in heading) == (not bad)
    return bad


async def test_everything_is_good(world: World) -> None:
    await admin(world, "settings", moderators_channel=secret_channel(world))
    text = await admin(world, "doctor")
    assert bad_lines(text) == []
    assert len(text.splitlines()) == 1 + len(NEEDS) + 5
    assert "$100.00, enough for about 24 videos of 8 seconds" in text
    assert "I can write to the database." in text
    assert "No videos are in progress." in text


async def test_it_is_answered_before_the_provider_is_asked(world: World) -> None:
    assert said(await use(world, "doctor"))
    [body] = bodies(world, "POST", "/callback")
    assert (body["type"], body["data"]["flags"]) == (5, 64), "it is not deferred for the asker alone"


async def test_without_a_moderators_channel_it_says_how_to_get_one(world: World) -> None:
    [line] = bad_lines(await admin(world, "doctor"))
    assert "There's no moderators' channel" in line
    assert "`/veo-admin settings`" in line


async def test_a_moderators_channel_that_everybody_reads_is_bad(world: World) -> None:
    await admin(world, "settings", moderators_channel=world.channel)
    [line] = bad_lines(await admin(world, "doctor"))
    assert f"Everyone can read the moderators' channel {world.channel.mention}" in line


async def test_a_moderators_channel_that_is_gone_is_bad(world: World) -> None:
    secret = secret_channel(world)
    await admin(world, "settings", moderators_channel=secret)
    world.env.backend.delete_channel(secret.id)
    [line] = bad_lines(await admin(world, "doctor"))
    assert "The moderators' channel no longer exists." in line


async def test_a_moderators_channel_is_not_called_gone_before_the_gateway_told(world: World) -> None:
    await admin(world, "settings", moderators_channel=secret_channel(world))
    before_the_gateway_told(world)
    [line] = bad_lines(await admin(world, "doctor"))
    assert "I don't know this server yet. Try again in a minute." in line


async def test_a_moderators_channel_that_was_closed_to_the_bot_is_bad(world: World) -> None:
    secret = secret_channel(world)
    await admin(world, "settings", moderators_channel=secret)
    closed = world.guild.create_text_channel("closed", overwrites=overwrites(world, send_messages=False))
    stored = world.env.backend.get_channel(secret.id)
    stored.overwrites[:] = world.env.backend.get_channel(closed.id).overwrites
    world.env.backend.edit_channel(secret.id, {"topic": "closed"})  # tells the bot
    [line] = bad_lines(await admin(world, "doctor"))
    assert f"I can't write in the moderators' channel {secret.mention}: I'm missing Send Messages." in line


@pytest.mark.nightly
async def test_a_missing_permission_of_this_very_channel_is_named(world: World) -> None:
    await admin(world, "settings", moderators_channel=secret_channel(world))
    for need in NEEDS[1:]:
        denied = overwrites(world, **{need.flag: False})
        place = world.guild.create_text_channel("restricted", overwrites=denied)
        bad = bad_lines(await admin(world, "doctor", place=place))
        assert f"❌ **Problem:** I'm missing {need.name}. {need.without} Allow it for my role." in bad
    assert bad_lines(await admin(world, "doctor")) == [], "another channel's permissions were shown"


async def test_a_thread_has_the_permissions_of_its_channel(world: World) -> None:
    world.env.backend.create_thread(world.channel.id, "our film", world.alice.id)
    text = await admin(world, "doctor", place=world.channel.threads[0])
    assert "I have Send Messages in Threads." in text


async def test_where_there_are_no_threads_none_are_asked_for(world: World) -> None:
    text = await admin(world, "doctor", place=world.guild.create_voice_channel("lounge"))
    assert "Threads" not in text


async def test_a_refused_key_is_bad(world: World) -> None:
    world.provider.faults.add("billing", Fault.status(401), times=None)
    bad = bad_lines(await admin(world, "doctor"))
    assert any("The video service rejects the bot's key." in line for line in bad)


@pytest.mark.nightly
async def test_everything_bad_at_once_fits_into_a_message(open_world: OpenWorld) -> None:
    async with open_world() as world:
        nothing = overwrites(world, **{need.flag: False for need in NEEDS})
        place = world.guild.create_text_channel("restricted", overwrites=nothing)
        world.provider.faults.add("billing", Fault.status(500), times=None)
        await admin(world, "pause")
        bad = bad_lines(await admin(world, "doctor", place=place))
    assert len(bad) >= len(NEEDS) + 3


async def test_an_answered_poll_is_told_while_videos_are_being_made(world: World) -> None:
    await accepted(world)
    await world.wait_for(lambda row: row.status is Status.RUNNING, seconds=SECONDS)
    await world.provider.called("retrieve", 2)
    text = await admin(world, "doctor")
    assert "Videos are in progress; the last answer about them came <t:" in text


async def test_a_check_posts_nothing(world: World) -> None:
    await admin(world, "doctor")
    assert requests(world, "POST", "/messages") == []
    assert world.provider.count("create") == 0


async def test_it_says_where_the_settings_let_nobody_request_videos(world: World) -> None:
    await admin(world, "settings", moderators_channel=secret_channel(world))
    art = world.guild.create_text_channel("art")
    await admin(world, "settings", channels=art.mention)
    assert bad_lines(await admin(world, "doctor", place=art)) == []
    assert bad_lines(await admin(world, "doctor")) == [
        "❌ **Problem:** The settings don't let members request videos in this channel. They can in "
        f"{art.mention}. `/veo-admin settings channels` changes that."
    ]
    world.env.backend.delete_channel(art.id)
    assert bad_lines(await admin(world, "doctor")) == [
        "❌ **Problem:** None of the channels where members can request videos exists anymore, so nobody "
        "can. Choose others with `/veo-admin settings channels`."
    ]


async def test_it_says_that_the_settings_leave_no_model(own_world: World) -> None:
    await admin(own_world, "settings", models="google/veo3")
    await own_world.restart(models="google/veo-3.1-t2v")
    assert "❌ **Problem:** No video is possible with the settings" in await admin(own_world, "doctor")
    assert "❌ **No video is possible with these settings.**" in await admin(own_world, "home")
