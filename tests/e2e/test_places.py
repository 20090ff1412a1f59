"""Where the command is used decides where the video comes, and what is refused at once."""

from typing import Any

import discord
import pytest
import simcord
from simcord.enums import ChannelType

from bot.db.models import Placement
from bot.moderation.decisions import Moderator
from sandbox.world import World
from tests.e2e.driver import (
    ask,
    ask_for_video,
    assert_card_leads_to,
    assert_refused,
    case,
    refuse,
    requests,
    results,
    the_result,
    threads,
)


def channel_without(world: World, **denied: bool) -> simcord.ChannelHandle:
    """Make a channel in which the bot lacks the permissions named (all False)."""
    assert world.app.bot.user is not None
    overwrites: Any = {world.app.bot.user: discord.PermissionOverwrite(**denied)}  # pyright: ignore[reportArgumentType]: names of permissions
    return world.guild.create_text_channel("restricted", overwrites=overwrites)


async def member_thread(world: World) -> simcord.ChannelHandle:
    """Return a thread that a member has opened."""
    world.env.backend.create_thread(world.channel.id, "our film", world.alice.id)
    return world.channel.threads[0]


def thread_without(
    world: World, kind: ChannelType = ChannelType.PUBLIC_THREAD, **denied: bool
) -> simcord.ChannelHandle:
    """Return a member's thread in which the bot lacks the permissions named (all False)."""
    channel, backend = channel_without(world, **denied), world.env.backend
    made = backend.create_thread(channel.id, "our film", world.alice.id, type=kind)
    made.overwrites.extend(backend.get_channel(channel.id).overwrites)  # simcord lets none be inherited
    return channel.threads[0]


async def test_in_a_thread_the_video_comes_into_that_thread(world: World) -> None:
    thread = await member_thread(world)
    generation = await ask_for_video(world, thread)
    assert [handle.id for handle in threads(world)] == [thread.id], "a new thread was opened"
    message = the_result(world)
    assert message.channel.id == thread.id
    assert message.reference is not None
    assert message.reference.message_id == generation.card_id, "the video does not reply to its card"
    assert (generation.placement, generation.thread_id) == (Placement.CHANNEL, None)
    assert_card_leads_to(world, generation, message)


async def test_in_a_voice_channels_chat_the_video_replies_to_the_card(world: World) -> None:
    voice = world.guild.create_voice_channel("lounge")
    generation = await ask_for_video(world, voice)
    message = the_result(world)
    assert message.channel.id == voice.id
    assert message.reference is not None
    assert message.reference.message_id == generation.card_id
    assert requests(world, "POST", "/threads") == [], "a thread was tried where none can be"


async def test_in_an_announcement_channel_the_video_gets_a_thread(world: World) -> None:
    news = world.guild.create_news_channel("news")
    await ask_for_video(world, news)
    [thread] = news.threads
    assert [bool(message.attachments) for message in thread.history()] == [True]


@pytest.mark.nightly
async def test_where_the_bot_may_open_no_threads_the_video_replies_to_the_card(world: World) -> None:
    for lacking in ("create_public_threads", "send_messages_in_threads"):
        world.found_server()
        channel = channel_without(world, **{lacking: False})
        with case(lacking):
            generation = await ask_for_video(world, channel)
            message = the_result(world)
            assert message.channel.id == channel.id
            assert message.reference is not None
            assert message.reference.message_id == generation.card_id
            assert requests(world, "POST", "/threads") == [], "a thread was tried where none is allowed"
            assert_card_leads_to(world, generation, message)


async def test_without_the_right_to_write_in_the_channel_the_thread_is_enough(world: World) -> None:
    channel = channel_without(world, send_messages=False)
    await ask_for_video(world, channel)
    assert the_result(world).channel.id == channel.threads[0].id


@pytest.mark.nightly
async def test_a_servers_wish_for_the_channel_holds_where_the_bot_may_write(world: World) -> None:
    by = Moderator(world.guild.id, world.mona.id)
    await world.app.services.moderation.change_settings(by, {"placement": Placement.CHANNEL})
    channel = channel_without(world, send_messages=False)
    generation = await ask_for_video(world, channel)
    assert the_result(world).channel.id == channel.threads[0].id
    assert_card_leads_to(world, generation, the_result(world))


async def test_where_the_video_could_not_arrive_the_request_is_refused(world: World) -> None:
    lacking = {
        ("view_channel",): "View Channel",
        ("attach_files",): "Attach Files",
        ("send_messages", "create_public_threads"): "Send Messages",
        ("send_messages", "send_messages_in_threads"): "Send Messages",
    }
    for permissions, named in lacking.items():
        channel = channel_without(world, **dict.fromkeys(permissions, False))
        with case(permissions):
            answer = await ask(world, channel)
            await assert_refused(
                world, answer, named, "This didn't count toward your limit.", "I can't post the video here"
            )


async def test_in_a_thread_the_right_to_write_in_threads_is_needed(world: World) -> None:
    thread = thread_without(world, send_messages_in_threads=False)
    await assert_refused(
        world, await ask(world, thread), "Send Messages in Threads", "This didn't count toward your limit."
    )


async def test_in_a_locked_thread_the_right_to_manage_threads_is_needed(world: World) -> None:
    thread, backend = thread_without(world, manage_threads=False), world.env.backend
    metadata = backend.get_channel(thread.id).thread_metadata
    assert metadata is not None
    metadata.locked = True
    backend.announce_channel_update(thread.id)
    await assert_refused(
        world, await ask(world, thread), "Manage Threads", "This didn't count toward your limit."
    )


def private_thread(world: World, *, is_inside: bool) -> simcord.ChannelHandle:
    """Return a private thread; `is_inside`: the bot was brought in."""
    thread = thread_without(world, ChannelType.PRIVATE_THREAD, manage_threads=False)
    members = world.env.backend.get_channel(thread.id).thread_members
    if is_inside:
        assert world.app.bot.user is not None
        members[world.app.bot.user.id] = members[world.alice.id]
    return thread


async def test_in_a_private_thread_without_the_bot_it_is_told_how_to_bring_it_in(world: World) -> None:
    answer = await ask(world, private_thread(world, is_inside=False))
    await assert_refused(
        world, answer, "private thread", "Mention me", "This didn't count toward your limit."
    )


async def test_in_a_private_thread_with_the_bot_the_video_comes_into_it(world: World) -> None:
    thread = private_thread(world, is_inside=True)
    generation = await ask_for_video(world, thread)
    assert the_result(world).channel.id == thread.id
    assert_card_leads_to(world, generation, the_result(world))


async def test_where_discord_does_not_tell_of_a_private_thread_the_request_is_taken(world: World) -> None:
    thread = private_thread(world, is_inside=True)
    refuse(world, "GET", f"/channels/{thread.id}", 0, status=503)
    await ask_for_video(world, thread)
    assert the_result(world).channel.id == thread.id


async def test_outside_of_servers_the_command_explains_itself(world: World) -> None:
    bot = world.app.bot
    assert bot.application_id is not None
    options = [{"name": "prompt", "description": "not checked", "type": 3}]
    everywhere: Any = {"name": "veo", "description": "not checked", "type": 1, "options": options}
    await bot.http.bulk_upsert_global_commands(bot.application_id, [{**everywhere, "contexts": [0, 1]}])
    answer = await world.alice.user.slash("veo", prompt="a red dragon")
    await assert_refused(world, answer, "I only make videos in servers. Use the command there.")


@pytest.mark.nightly
async def test_nothing_is_posted_outside_of_the_place_of_the_request(world: World) -> None:
    other = world.guild.create_text_channel("other")
    await ask_for_video(world)
    assert other.history() == []
    assert len(results(world)) == 1
