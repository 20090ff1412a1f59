"""Repost: the video is fetched from its message and posted where its owner asks for it."""

from pathlib import Path

import discord
import pytest
import simcord

from bot.db.database import BUSY
from bot.errors import DatabaseBusyError
from bot.moderation.decisions import Moderator
from sandbox.world import World
from tests.e2e.conftest import LoseAnswer
from tests.e2e.driver import (
    ask_for_video,
    assert_card_leads_to,
    bodies,
    card_of,
    change_rows,
    refuse,
    results,
    rows,
    shown,
    the_result,
    threads,
)
from tests.e2e.reporting import buttons
from tests.e2e.videos import private, question

HERE = "This video is already in this channel"


async def repost(world: World, channel: simcord.ChannelHandle | None = None) -> str:
    """Let alice use /videos and repost the newest; return what she is told."""
    answer = await world.alice.slash(channel or world.channel, "videos")
    return private(await world.alice.click(shown(answer).message, label="Repost"))


def reposts(world: World) -> list[discord.Message]:
    places = [*world.guild.channels.values(), *threads(world)]
    return [message for place in places for message in place.history() if message.content.startswith("📤")]


async def test_it_is_posted_in_another_channel_with_the_same_file(world: World) -> None:
    await ask_for_video(world)
    showcase = world.guild.create_text_channel("showcase")
    text = await repost(world, showcase)
    [message] = reposts(world)
    assert message.channel.id == showcase.id
    [attachment], [original] = message.attachments, the_result(world).attachments
    assert attachment.filename == original.filename
    assert attachment.description == original.description
    assert await attachment.read() == await original.read()
    assert buttons(message) == ["Re-roll", "Remix", "Continue", "Extend", "Delete", "Report"]
    assert f"{showcase.id}/{message.id}" in text
    assert "This didn't count toward your limit." in text
    [sent] = bodies(world, "POST", f"/{showcase.id}/messages")
    assert sent["allowed_mentions"] == {"parse": []}, "its owner is pinged by their own click"
    (row,) = await rows(world)
    assert_card_leads_to(world, row, message)


async def test_where_it_is_already_it_is_not_posted_again(world: World) -> None:
    await ask_for_video(world)
    assert "📤 **Posted again:**" in await repost(world)
    assert HERE in await repost(world)
    assert HERE in await repost(world, threads(world)[0])
    assert len(reposts(world)) == 1


async def test_a_deleted_repost_is_fetched_from_the_first_message(world: World) -> None:
    await ask_for_video(world)
    await repost(world)
    await reposts(world)[0].delete()
    await repost(world)
    assert len(reposts(world)) == 1


async def test_when_message_and_file_are_gone_it_says_so(world: World) -> None:
    await ask_for_video(world)
    await the_result(world).delete()
    text = await repost(world)
    assert "The message with this video is gone, and so is the file." in text
    assert "**Re-roll**" in text
    assert reposts(world) == []


async def test_a_kept_original_is_posted_when_the_message_is_gone(world: World, data_dir: Path) -> None:
    generation = await ask_for_video(world)
    content = await the_result(world).attachments[0].read()
    await the_result(world).delete()
    keep(data_dir, generation.id, content)
    await repost(world)
    [message] = reposts(world)
    assert await message.attachments[0].read() == content


def keep(data_dir: Path, generation_id: str, content: bytes) -> None:
    """Lay a file down as the delivery of a video that was too large does."""
    folder = data_dir / "videos" / "originals"
    folder.mkdir(exist_ok=True)
    (folder / f"veo-{generation_id}.mp4").write_bytes(content)


@pytest.mark.nightly
async def test_deleting_takes_every_message_down(world: World) -> None:
    generation = await ask_for_video(world)
    await repost(world)
    await repost(world, world.guild.create_text_channel("showcase"))
    assert len(reposts(world)) == 2
    answer = await world.mona.click(reposts(world)[0], label="Delete")
    await world.mona.click(question(answer), label="Delete it")
    assert reposts(world) == []
    assert results(world) == []
    assert "🗑️ **Removed.**" in card_of(world, generation)


@pytest.mark.nightly
async def test_a_removed_video_is_not_posted_again(world: World) -> None:
    generation = await ask_for_video(world)
    answer = await world.alice.slash(world.channel, "videos")
    await world.app.services.removal.remove(world.guild.id, generation.id, world.mona.id)
    said = private(await world.alice.click(shown(answer).message, label="Repost"))
    assert "This video was removed" in said
    assert reposts(world) == []


@pytest.mark.nightly
async def test_the_servers_rules_hold(world: World) -> None:
    await ask_for_video(world)
    other = world.guild.create_text_channel("other")
    by = Moderator(world.guild.id, world.mona.id)
    await world.app.services.moderation.change_settings(by, {"channels": frozenset({world.channel.id})})
    assert "You can't request videos in this channel." in await repost(world, other)
    assert reposts(world) == []


async def test_a_filter_stops_the_words_alone(world: World) -> None:
    generation = await ask_for_video(world)
    refuse(world, "POST", f"/channels/{world.channel.id}/messages", 200000)
    await repost(world)
    [message] = reposts(world)
    assert generation.prompt not in message.content
    assert message.attachments


async def test_what_discord_refuses_is_told_and_may_be_tried_again(world: World) -> None:
    await ask_for_video(world)
    refuse(world, "POST", f"/channels/{world.channel.id}/messages", 40005, status=413)
    assert "Discord doesn't accept this video here." in await repost(world)
    refuse(world, "POST", f"/channels/{world.channel.id}/messages", 0, status=429)
    assert "Discord is having trouble right now. Nothing was posted." in await repost(world)
    assert "📤 **Posted again:**" in await repost(world)


async def test_a_post_whose_answer_is_lost_is_there_once_and_can_be_deleted(
    world: World, lose_answer: LoseAnswer
) -> None:
    await ask_for_video(world)
    showcase = world.guild.create_text_channel("showcase")
    lose_answer("POST", f"*/channels/{showcase.id}/messages")
    text = await repost(world, showcase)
    message = reposts(world)[-1]  # the simulated Discord knows no nonces
    assert f"{showcase.id}/{message.id}" in text
    first, second = bodies(world, "POST", f"/{showcase.id}/messages")
    assert first["nonce"] == second["nonce"], "Discord could not tell that it is the same"
    answer = await world.mona.click(message, label="Delete")
    await world.mona.click(question(answer), label="Delete it")
    assert message.id not in [post.id for post in reposts(world)]


async def test_a_post_that_cannot_be_written_down_is_taken_back(world: World) -> None:
    await ask_for_video(world)
    busy = "I can't save requests right now."
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.app.services.reposts, "finish", refuse_to_finish)
        assert busy in await repost(world)
    assert reposts(world) == [], "nobody could take it down"


async def refuse_to_finish(*_: object) -> None:
    raise DatabaseBusyError(BUSY)


async def test_a_second_click_meanwhile_is_told_so(world: World, database_url: str) -> None:
    generation = await ask_for_video(world)
    assert generation.delivered_at is not None
    await change_rows(database_url, posting_at=generation.delivered_at.replace(year=2100))
    assert "Your second click didn't count" in await repost(world)
    assert reposts(world) == []


@pytest.mark.nightly
async def test_it_works_after_a_restart(world: World) -> None:
    await ask_for_video(world)
    answer = await world.alice.slash(world.channel, "videos")
    await world.restart()
    await world.alice.click(shown(answer).message, label="Repost")
    assert len(reposts(world)) == 1
