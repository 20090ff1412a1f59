"""A place that refused is not asked again for a while: Discord bans addresses that insist."""

import pytest
import simcord

from sandbox.world import World
from tests.e2e.driver import (
    accept_all,
    ask_for_video,
    change_rows,
    direct_messages,
    refuse,
    requests,
    threads,
)


def calls(world: World, method: str, path: str) -> int:
    """Return how often the bot called exactly this path."""
    return sum(request.path == path for request in requests(world, method, path))


def messages_of(channel: simcord.ChannelHandle) -> str:
    return f"/channels/{channel.id}/messages"


@pytest.mark.nightly
async def test_threads_are_not_tried_again_in_a_channel_that_refused_one(world: World) -> None:
    refuse(world, "POST", f"{messages_of(world.channel)}/*/threads", 50013, status=403, times=None)
    first = await ask_for_video(world)
    second = await ask_for_video(world)
    assert len(requests(world, "POST", "/threads")) == 1, "the channel was asked for a thread again"
    assert [row.result_channel_id for row in (first, second)] == [world.channel.id] * 2

    other = world.guild.create_text_channel("other")
    await ask_for_video(world, other)
    assert len(other.threads) == 1, "what one channel refused was held against another"


async def test_messages_are_not_tried_again_in_a_channel_that_refused_one(world: World) -> None:
    voice = world.guild.create_voice_channel("lounge")
    refuse(world, "POST", messages_of(voice), 50001, status=403, times=None)
    await ask_for_video(world, voice)
    assert calls(world, "POST", messages_of(voice)) == 1, (
        "a reply and a plain message need the same permission"
    )
    await ask_for_video(world, voice)
    assert calls(world, "POST", messages_of(voice)) == 1, "the channel was asked again"
    assert len(direct_messages(world)) == 2

    other = world.guild.create_voice_channel("hall")
    await ask_for_video(world, other)
    assert calls(world, "POST", messages_of(other)) == 1, "what one channel refused was held against another"
    assert len(direct_messages(world)) == 2


@pytest.mark.nightly
async def test_cards_are_not_edited_again_in_a_channel_that_refused_it(world: World) -> None:
    refuse(world, "PATCH", f"{messages_of(world.channel)}/*", 50001, status=403, times=None)
    await ask_for_video(world)
    await ask_for_video(world)
    assert len(requests(world, "PATCH", "")) == 1, "the channel was asked again"
    assert len(threads(world)) == 2, "a refused edit was held against threads"

    other = world.guild.create_text_channel("other")
    generation = await ask_for_video(world, other)
    path = f"{messages_of(other)}/{generation.card_id}"
    assert calls(world, "PATCH", path) == 2, "what one channel refused was held against another"


@pytest.mark.nightly
async def test_a_channel_that_may_not_be_read_is_not_read_again(world: World, database_url: str) -> None:
    voice = world.guild.create_voice_channel("lounge")
    refuse(world, "GET", messages_of(voice), 50013, status=403, times=None)
    for _ in range(2):
        generation = await ask_for_video(world, voice)
        await change_rows(database_url, result_id=None, delivered_at=None)
        await world.wait_for(lambda row, old=generation: row.result_id not in {None, old.result_id})
        await world.wait_for_delivery()
    assert calls(world, "GET", messages_of(voice)) == 1, "the channel was asked again"


@pytest.mark.nightly
async def test_a_refusal_that_passes_is_not_remembered(world: World) -> None:
    refuse(world, "POST", f"{messages_of(world.channel)}/*/threads", 160006, times=None)
    await ask_for_video(world)
    accept_all(world)
    await ask_for_video(world)
    assert len(threads(world)) == 1, "one full moment was held against the channel"
