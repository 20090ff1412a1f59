"""The Delete button: it asks first, takes the video down, and does not give the place back."""

import pytest

from bot.clock import utc_now
from bot.db.guild_models import Action
from bot.db.models import Status
from sandbox.world import World
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import (
    accept_all,
    ask,
    ask_and_hold,
    ask_for_video,
    card_of,
    change_rows,
    direct_messages,
    eventually,
    refuse,
    results,
    rows,
    shown,
    the_result,
    threads,
)
from tests.e2e.reporting import buttons, forge_buttons
from tests.e2e.videos import card, private, question

QUESTION = "🗑️ **Delete this video?**"
DONE = "🗑️ **Deleted.** It still counts toward the limit"


async def test_it_asks_first_and_only_who_clicked(world: World) -> None:
    await ask_for_video(world)
    answer = await world.alice.click(the_result(world), label="Delete")
    assert private(answer).startswith(QUESTION)
    assert the_result(world).jump_url.split("/", 4)[4] in private(answer)
    assert buttons(question(answer)) == ["Delete it", "Keep it"]
    (row,) = await rows(world)
    assert row.removed_at is None


async def test_keeping_it_changes_nothing(world: World) -> None:
    await ask_for_video(world)
    answer = await world.alice.click(the_result(world), label="Delete")
    await world.alice.click(question(answer), label="Keep it")
    assert private(answer) == "Nothing was deleted."
    assert buttons(question(answer)) == []
    assert the_result(world).attachments


@pytest.mark.nightly
async def test_deleting_takes_the_message_down_and_says_that_it_counts(open_world: OpenWorld) -> None:
    async with open_world(default_daily_limit=1) as world:
        generation = await ask_for_video(world)
        answer = await world.alice.click(the_result(world), label="Delete")
        await world.alice.click(question(answer), label="Delete it")
        assert private(answer).startswith(DONE)
        assert buttons(question(answer)) == []
        assert results(world) == []
        assert "🗑️ **Removed.**" in card_of(world, generation)
        (row,) = await rows(world)
        assert (row.status, row.removed_at is None, row.video_url) == (Status.SUCCEEDED, False, None)
        assert shown(await ask(world)).ephemeral, "the place was given back"
        assert await world.app.services.moderation.list_log(world.guild.id, size=9) == []


async def test_a_moderator_may_and_it_is_in_the_trail(world: World) -> None:
    generation = await ask_for_video(world)
    answer = await world.mona.click(the_result(world), label="Delete")
    await world.mona.click(question(answer), label="Delete it")
    assert results(world) == []
    [entry] = await world.app.services.moderation.list_log(world.guild.id, size=9)
    assert (entry.action, entry.actor_id, entry.subject) == (
        Action.VIDEO_DELETE,
        world.mona.id,
        f"generation:{generation.id}",
    )


@pytest.mark.nightly
async def test_two_questions_delete_once(world: World) -> None:
    await ask_for_video(world)
    message = the_result(world)
    first, second = [await world.mona.click(message, label="Delete") for _ in range(2)]
    await world.mona.click(question(first), label="Delete it")
    await world.mona.click(question(second), label="Delete it")
    assert private(second).startswith(DONE)
    assert len(await world.app.services.moderation.list_log(world.guild.id, size=9)) == 1


@pytest.mark.nightly
async def test_it_works_after_restarts(world: World) -> None:
    await ask_for_video(world)
    await world.restart()
    answer = await world.alice.click(the_result(world), label="Delete")
    await world.restart()
    await world.alice.click(question(answer), label="Delete it")
    assert results(world) == []


async def test_what_a_kill_left_posted_is_deleted_without_another_click(
    world: World, database_url: str
) -> None:
    generation = await ask_for_video(world)
    await world.app.services.removal.remove(world.guild.id, generation.id, world.alice.id)  # and it ends here
    assert len(results(world)) == 1
    await change_rows(database_url, take_down_at=utc_now())
    await world.restart()
    await eventually("the message is deleted", lambda: results(world) == [])
    await eventually("the card says so", lambda: "🗑️ **Removed.**" in card_of(world, generation))


@pytest.mark.nightly
async def test_where_discord_refuses_the_bot_tries_again_by_itself(world: World, database_url: str) -> None:
    await ask_for_video(world)
    answer = await world.alice.click(the_result(world), label="Delete")
    refuse(world, "DELETE", "/channels/*/messages/*", 0, status=503)
    await world.alice.click(question(answer), label="Delete it")
    await change_rows(database_url, take_down_at=utc_now())
    await eventually("the message is deleted", lambda: results(world) == [])


async def test_where_discord_refuses_the_click_can_be_repeated(world: World) -> None:
    await ask_for_video(world)
    answer = await world.alice.click(the_result(world), label="Delete")
    refuse(world, "DELETE", "/channels/*/messages/*", 0, status=503)
    failed = await world.alice.click(question(answer), label="Delete it")
    assert "Discord didn't let me delete its message: https://discord.com/channels/" in private(failed)
    await world.alice.click(question(answer), label="Delete it")
    assert results(world) == []


async def test_a_message_that_is_gone_already_is_fine(world: World) -> None:
    await ask_for_video(world)
    message = the_result(world)
    answer = await world.alice.click(message, label="Delete")
    await message.delete()
    await world.alice.click(question(answer), label="Delete it")
    assert private(answer).startswith(DONE)


async def test_a_forged_confirmation_does_nothing(world: World) -> None:
    generation = await ask_for_video(world)
    answer = await world.alice.click(the_result(world), label="Delete")
    forge_buttons(world, question(answer), generation.id, "0" * 16)
    forged = await world.alice.click(question(answer), label="Delete it")
    assert "This server has no video with that ID." in private(forged)
    assert the_result(world).attachments


async def test_what_is_still_being_made_is_not_deleted(world: World) -> None:
    await ask_for_video(world)
    message = the_result(world)
    first = (await rows(world))[0]
    second = await ask_and_hold(world)
    forge_buttons(world, message, first.id, second.id)
    answer = await world.alice.click(message, label="Delete")
    assert "There's no finished video with that ID to delete." in private(answer)
    assert buttons(card(world, second)) == ["Cancel"]


async def test_what_is_posted_can_be_deleted_while_its_card_waits(world: World) -> None:
    refuse(world, "PATCH", "/channels/*/messages/*", 0, status=503, times=None)
    await ask(world)
    generation = await world.wait_for(lambda row: row.result_id is not None)
    answer = await world.alice.click(the_result(world), label="Delete")
    await world.alice.click(question(answer), label="Delete it")
    assert private(answer).startswith(DONE)
    assert results(world) == []
    accept_all(world)
    await eventually("the card says so", lambda: "🗑️ **Removed.**" in card_of(world, generation))


async def test_what_was_forgotten_can_be_deleted_under_the_video(world: World) -> None:
    await ask_for_video(world)
    await world.app.services.privacy.forget(world.alice.id)
    (row,) = await rows(world)
    assert row.result_id is None
    answer = await world.alice.click(the_result(world), label="Delete")
    await world.alice.click(question(answer), label="Delete it")
    assert results(world) == []


async def test_one_in_a_direct_message_is_deleted_there(world: World) -> None:
    refuse(world, "POST", "/channels/*/messages/*/threads", 50013, status=403, times=None)
    refuse(world, "POST", f"/channels/{world.channel.id}/messages", 50013, status=403, times=None)
    await ask_for_video(world)
    [message] = direct_messages(world)
    answer = await world.alice.user.click(message, label="Delete")
    assert "the one in your direct messages" in private(answer)
    await world.alice.user.click(question(answer), label="Delete it")
    assert direct_messages(world) == []


async def test_the_card_in_an_archived_thread_says_so_though_the_message_is_gone(world: World) -> None:
    world.env.backend.create_thread(world.channel.id, "our film", world.alice.id)
    [thread] = threads(world)
    generation = await ask_for_video(world, thread)
    answer = await world.alice.click(the_result(world), label="Delete")
    world.env.backend.delete_message(thread.id, the_result(world).id)
    refuse(world, "PATCH", f"/channels/{thread.id}/messages/{generation.card_id}", 50083)
    await world.alice.click(question(answer), label="Delete it")
    assert private(answer).startswith(DONE)
    assert "🗑️ **Removed.**" in card_of(world, generation)
