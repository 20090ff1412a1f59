"""Cards, threads, channels and servers that are deleted while a video is being made."""

import pytest

from sandbox.world import World
from tests.e2e.driver import (
    ask_and_hold,
    assert_card_leads_to,
    direct_messages,
    eventually,
    held_with_thread,
    results,
    the_result,
    threads,
)


async def test_the_video_arrives_in_the_thread_of_a_deleted_card(world: World) -> None:
    generation = await held_with_thread(world)
    assert generation.card_id is not None
    world.env.backend.delete_message(world.channel.id, generation.card_id)
    world.provider.release()
    generation = await world.wait_for_delivery()
    assert the_result(world).channel.id == generation.thread_id


async def test_the_video_arrives_without_thread_when_the_card_is_deleted_at_once(world: World) -> None:
    refused = "/channels/*/messages/*/threads"
    world.env.inject_error("POST", refused, status=404, code=10008, times=None)
    generation = await ask_and_hold(world)
    assert generation.card_id is not None
    world.env.backend.delete_message(world.channel.id, generation.card_id)
    world.provider.release()
    await world.wait_for_delivery()
    assert the_result(world).channel.id == world.channel.id


async def test_the_video_goes_to_the_channel_when_the_thread_is_deleted(world: World) -> None:
    generation = await held_with_thread(world)
    world.env.backend.delete_channel(threads(world)[0].id)
    world.provider.release()
    generation = await world.wait_for_delivery()
    message = the_result(world)
    assert message.channel.id == world.channel.id
    assert message.reference is not None
    assert message.reference.message_id == generation.card_id
    assert_card_leads_to(world, generation, message)


async def test_the_video_goes_to_the_member_when_the_channel_is_deleted(world: World) -> None:
    await held_with_thread(world)
    world.env.backend.delete_channel(threads(world)[0].id)
    world.env.backend.delete_channel(world.channel.id)
    world.provider.release()
    generation = await world.wait_for_delivery()
    [message] = direct_messages(world)
    assert message.attachments
    assert (generation.result_id, generation.result_channel_id) == (message.id, None)
    assert results(world) == [message]


async def test_the_video_goes_to_the_member_when_the_bot_is_removed_from_the_server(world: World) -> None:
    generation = await held_with_thread(world)
    world.env.backend.remove_guild(world.guild.id)
    world.provider.release()
    generation = await world.wait_for_delivery()
    [message] = direct_messages(world)
    assert message.attachments
    assert generation.result_id == message.id


async def test_the_video_is_posted_though_the_member_has_left(world: World) -> None:
    await held_with_thread(world)
    world.guild.remove_member(world.alice)
    world.provider.release()
    generation = await world.wait_for_delivery()
    assert the_result(world).channel.id == generation.thread_id


@pytest.mark.nightly
async def test_the_bot_still_serves_others_after_a_server_is_gone(world: World) -> None:
    await held_with_thread(world)
    world.env.backend.remove_guild(world.guild.id)
    world.provider.release()
    await world.wait_for_delivery()
    guild = world.env.create_guild("Second")
    channel = guild.create_text_channel("films")
    bob = guild.add_member(world.env.create_user("bob"))
    await bob.slash(channel, "veo", prompt="a red dragon", duration=4)
    await eventually("bob's video", lambda: any(t.history() for t in channel.threads))
