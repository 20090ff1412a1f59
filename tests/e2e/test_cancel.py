"""A request is cancelled: the member is told once, the card says so, and the provider is left alone."""

import discord
import pytest

from bot.clock import utc_now
from bot.db.models import Generation, Status
from bot.jobs.cancellation import Cancelled
from sandbox.provider import Fault
from sandbox.world import World
from tests.e2e.conftest import LoseAnswer, OpenWorld
from tests.e2e.driver import (
    accept_all,
    ask,
    ask_and_hold,
    ask_for_video,
    card_of,
    change_rows,
    direct_messages,
    eventually,
    held_with_thread,
    refuse,
    requests,
    results,
    rows,
    shown,
    threads,
)

POSTS = "/channels/*/messages"
THREADS = "/channels/*/messages/*/threads"
FREE = "This didn't count toward your limit."
COUNTS = "The video service can't take back a request, so this counts toward your limit."


async def cancel(world: World, generation: Generation, actor_id: int | None = None) -> Cancelled:
    """Cancel a request as mona, a moderator, or as somebody else."""
    actor_id = world.mona.id if actor_id is None else actor_id
    return await world.app.services.cancellation.cancel(world.guild.id, generation.id, actor_id)


def notices(world: World) -> list[discord.Message]:
    """Return every message about a cancelled request, wherever it was posted."""
    places = [*world.guild.channels.values(), *threads(world)]
    messages = [*(message for place in places for message in place.history()), *direct_messages(world)]
    return [message for message in messages if message.content.startswith("🚫")]


def the_notice(world: World) -> discord.Message:
    found = notices(world)
    assert len(found) == 1, f"one message was expected, not {[message.content for message in found]}"
    assert results(world) == [], "there is a video or an error too"
    return found[0]


def state_of(world: World, generation: Generation) -> str:
    """Return the card's line about how the request stands."""
    (line,) = [line for line in card_of(world, generation).split("\n") if line.startswith("🚫")]
    return line


async def test_what_is_being_made_is_told_in_its_thread_and_counts(world: World) -> None:
    generation = await held_with_thread(world)
    await cancel(world, generation)
    after = await world.wait_for_delivery()
    assert after.status is Status.CANCELLED
    notice = the_notice(world)
    assert (after.result_channel_id, after.result_id) == (notice.channel.id, notice.id)
    assert notice.channel.id == generation.thread_id
    assert notice.content == (
        f"🚫 <@{world.alice.id}> A moderator cancelled your video while it was being made.\n"
        f"{COUNTS} Ask a moderator if you want to know why.\n-# ID {generation.id}"
    )
    assert state_of(world, after) == f"🚫 A moderator **cancelled** it while it was being made. {COUNTS}"


@pytest.mark.nightly
async def test_what_was_not_sent_yet_is_free(open_world: OpenWorld) -> None:
    async with open_world({"account_wait": 600}, default_daily_limit=1) as world:
        world.provider.faults.add("create", Fault.status(401))
        await ask(world)
        generation = await world.wait_for(lambda row: row.lease_owner is None and row.submitted_at is None)
        cancelled = await cancel(world, generation)
        assert not cancelled.counts
        after = await world.wait_for_delivery()
        assert state_of(world, after) == f"🚫 A moderator **cancelled** it before it was sent. {FREE}"
        assert FREE in the_notice(world).content
        assert "requested a video" in shown(await ask(world)).content, "the place is still taken"


@pytest.mark.nightly
async def test_what_was_sent_takes_its_place(open_world: OpenWorld) -> None:
    async with open_world(default_daily_limit=1) as world:
        generation = await held_with_thread(world)
        assert (await cancel(world, generation)).counts
        await world.wait_for_delivery()
        assert shown(await ask(world)).ephemeral, "a second one was taken though the first is paid for"
        assert len(await rows(world)) == 1


def questions_about(world: World, generation: Generation) -> int:
    return sum(call.query.get("generation_id") == generation.provider_id for call in world.provider.calls)


@pytest.mark.nightly
async def test_the_provider_is_asked_no_more(world: World) -> None:
    generation = await held_with_thread(world)
    await cancel(world, generation)
    await world.wait_for_delivery()
    the_notice(world)
    asked = questions_about(world, generation)
    world.provider.release()
    await world.restart()
    assert (await ask_for_video(world)).status is Status.SUCCEEDED
    assert questions_about(world, generation) == asked
    assert world.provider.count_accepted(generation.id) == 1


async def test_who_cancels_their_own_sees_it_on_the_card_alone(world: World) -> None:
    generation = await held_with_thread(world)
    await cancel(world, generation, world.alice.id)
    after = await world.wait_for_delivery()
    assert notices(world) == []
    assert results(world) == []
    assert state_of(world, after) == f"🚫 You **cancelled** it while it was being made. {COUNTS}"


async def test_without_a_thread_it_is_told_in_reply_to_the_card(world: World) -> None:
    refuse(world, "POST", THREADS, 160006, times=None)
    world.provider.hold = True
    await ask(world)
    generation = await world.wait_for(lambda row: row.status is Status.RUNNING)
    await cancel(world, generation)
    await world.wait_for_delivery()
    notice = the_notice(world)
    assert notice.channel.id == world.channel.id
    assert notice.reference is not None
    assert notice.reference.message_id == generation.card_id


@pytest.mark.nightly
async def test_it_is_told_once_when_the_answer_is_lost(world: World, lose_answer: LoseAnswer) -> None:
    generation = await held_with_thread(world)
    lose_answer("POST", POSTS)
    await cancel(world, generation)
    after = await world.wait_for_delivery()
    assert after.result_id == the_notice(world).id
    assert len(requests(world, "POST", "/messages")) == 1, "it was sent again"


@pytest.mark.nightly
async def test_it_is_told_once_when_the_program_ends_before_it_is_written_down(
    world: World, database_url: str
) -> None:
    generation = await held_with_thread(world)
    await cancel(world, generation)
    before = await world.wait_for_delivery()
    posting_at = before.posting_at or utc_now()
    await change_rows(
        database_url, result_id=None, result_channel_id=None, delivered_at=None, posting_at=posting_at
    )
    await world.restart()
    after = await world.wait_for_delivery()
    assert after.result_id == before.result_id == the_notice(world).id


@pytest.mark.nightly
async def test_it_is_told_after_a_restart_when_discord_was_away(world: World) -> None:
    generation = await held_with_thread(world)
    refuse(world, "POST", POSTS, 0, status=503, times=None)
    await cancel(world, generation)
    await eventually("a try to post", lambda: bool(requests(world, "POST", "/messages")))
    await world.restart()
    accept_all(world)
    await world.wait_for_delivery()
    the_notice(world)


@pytest.mark.parametrize("moment", ["before it is sent", "while it is made"])
async def test_it_mentions_who_asked_and_nobody_else(world: World, moment: str) -> None:
    world.provider.hold = True
    await ask(world, prompt="@everyone <@1> a dragon")
    if moment == "while it is made":
        await world.wait_for(lambda row: row.thread_id is not None)
    (generation,) = await rows(world)
    await cancel(world, generation)
    await world.wait_for_delivery()
    notice = the_notice(world)
    assert not notice.mention_everyone
    assert [user.id for user in notice.mentions] == [world.alice.id]


async def test_the_card_in_a_thread_that_was_archived_says_so_too(world: World) -> None:
    world.env.backend.create_thread(world.channel.id, "our film", world.alice.id)
    [thread] = threads(world)
    generation = await ask_and_hold(world, thread)
    refuse(world, "PATCH", f"/channels/{thread.id}/messages/{generation.card_id}", 50083)
    await cancel(world, generation, world.alice.id)
    after = await world.wait_for_delivery()
    [opening] = requests(world, "PATCH", f"/channels/{thread.id}")
    assert opening.json == {"archived": False}
    assert state_of(world, after) == f"🚫 You **cancelled** it while it was being made. {COUNTS}"
