"""Re-roll and Remix: by the same way as /veo, for the owner and moderators, and once for two clicks."""

from typing import Any

import discord
import pytest

from bot.db.models import Generation
from sandbox.world import World
from tests.e2e.conftest import LoseAnswer, OpenWorld
from tests.e2e.driver import (
    PROMPT,
    ask_for_video,
    card_of,
    change_rows,
    direct_messages,
    make_due,
    refuse,
    results,
    rows,
    shown,
    the_result,
    threads,
)
from tests.e2e.moderating import admin
from tests.e2e.reporting import add_bob, buttons, forge_buttons
from tests.e2e.videos import filled_in, message_of, newest, options_of, private

ONLY = "Only the member who requested this video or a moderator can do that."
UNKNOWN = "This server has no video with that ID."
CHANGED = {
    "prompt": "a green dragon",
    "negative_prompt": "fog",
    "model": ["google/veo-3.0-fast"],
    "duration": ["6"],
    "picture": ["9:16 720P"],
}


def chosen(generation: Generation) -> dict[str, object]:
    """Return the options without the seed."""
    return {name: value for name, value in generation.options.items() if name != "seed"}


@pytest.mark.nightly
async def test_a_reroll_makes_the_same_anew_with_another_seed_in_the_same_thread(world: World) -> None:
    source = await ask_for_video(world, negative_prompt="rain", seed=7)
    assert buttons(the_result(world)) == ["Re-roll", "Remix", "Continue", "Extend", "Delete", "Report"]
    answer = await world.alice.click(the_result(world), label="Re-roll")
    assert not shown(answer).ephemeral, "the card is for everybody"
    made = await newest(world, 2)
    assert (made.prompt, made.model, made.user_id) == (source.prompt, source.model, world.alice.id)
    assert chosen(made) == chosen(source)
    assert made.options["seed"] != 7
    assert made.source_id == source.id
    assert made.channel_id == made.result_channel_id == source.thread_id
    assert f"seed {made.options['seed']}" in card_of(world, made)
    assert "✅ **Ready.**" in card_of(world, made)
    assert len(results(world)) == 2


async def test_others_may_not_and_are_told_kindly(world: World) -> None:
    await ask_for_video(world)
    bob = add_bob(world)
    for label in ("Re-roll", "Remix", "Delete"):
        assert ONLY in private(await bob.click(the_result(world), label=label)), label
    assert len(await rows(world)) == 1


async def test_a_forged_id_does_nothing(world: World, database_url: str) -> None:
    generation = await ask_for_video(world)
    labels = ("Re-roll", "Remix", "Delete")
    forge_buttons(world, the_result(world), generation.id, "0" * 16)
    for label in labels:
        assert UNKNOWN in private(await world.alice.click(the_result(world), label=label)), label
    forge_buttons(world, the_result(world), "0" * 16, generation.id)
    await change_rows(database_url, guild_id=1)  # as if it were another server's
    for label in labels:
        assert UNKNOWN in private(await world.alice.click(the_result(world), label=label)), label
    kept = await world.app.services.generations.get(generation.id)
    assert kept is not None
    assert kept.removed_at is None
    assert len(results(world)) == 1


async def test_a_double_click_makes_one(world: World) -> None:
    await ask_for_video(world)
    await world.alice.click(the_result(world), label="Re-roll")
    first = next(message for message in results(world))
    answer = await world.alice.click(first, label="Re-roll")
    assert "Your second click didn't count" in private(answer)
    await newest(world, 2)
    assert len(results(world)) == 2


@pytest.mark.nightly
async def test_two_people_may_click_and_a_moderators_reroll_is_the_moderators(world: World) -> None:
    await ask_for_video(world)
    message = the_result(world)
    await world.alice.click(message, label="Re-roll")
    await world.mona.click(message, label="Re-roll")
    await newest(world, 3)
    assert sorted(row.user_id for row in (await rows(world))[:2]) == sorted([world.alice.id, world.mona.id])


@pytest.mark.nightly
async def test_a_refusal_is_told_privately(open_world: OpenWorld) -> None:
    async with open_world(default_daily_limit=1) as world:
        await ask_for_video(world)
        answer = await world.alice.click(the_result(world), label="Re-roll")
        assert "You've used your 1 video" in private(answer)
        assert len(await rows(world)) == 1


async def test_a_pause_holds_for_buttons_too(world: World) -> None:
    await ask_for_video(world)
    await admin(world, "pause")
    assert "paused" in private(await world.alice.click(the_result(world), label="Re-roll"))


@pytest.mark.nightly
async def test_it_works_after_a_restart(world: World) -> None:
    await ask_for_video(world)
    await world.restart()
    await world.alice.click(the_result(world), label="Re-roll")
    await newest(world, 2)


async def test_after_a_failure_one_may_try_again(world: World) -> None:
    failed = await ask_for_video(world, prompt="[fail] a dragon")
    message = the_result(world)
    assert buttons(message) == ["Try again", "Remix"]
    await world.alice.click(message, label="Try again")
    assert (await newest(world, 2)).source_id == failed.id


@pytest.mark.nightly
async def test_a_card_whose_answer_was_lost_is_found_again(
    world: World, database_url: str, lose_answer: LoseAnswer
) -> None:
    """The answer to a button is another kind of message than the answer to a command."""
    await ask_for_video(world)
    message = the_result(world)
    lose_answer("POST", "/interactions/*/callback")
    refuse(world, "GET", "/webhooks/*", 0, status=503, times=None)
    await world.alice.click(message, label="Re-roll")
    [shown_card] = [m for m in threads(world)[0].history() if "requested a video" in m.content]
    stored: Any = world.env.backend.get_message(shown_card.channel.id, shown_card.id)
    stored.type = discord.MessageType.reply.value  # simcord calls every answer that of a command
    await make_due(world, database_url)
    made = await newest(world, 2)
    assert made.card_id == shown_card.id
    assert "✅ **Ready.**" in card_of(world, made)


async def test_what_was_forgotten_cannot_be_made_anew(world: World) -> None:
    await ask_for_video(world)
    await world.app.services.privacy.forget(world.alice.id)
    for label in ("Re-roll", "Remix"):
        answer = await world.alice.click(the_result(world), label=label)
        assert "The prompt of this video was deleted" in private(answer)
    assert len(await rows(world)) == 1


async def test_a_remix_is_filled_in(world: World) -> None:
    await ask_for_video(world, negative_prompt="rain", aspect_ratio="9:16")
    form = await world.alice.click(the_result(world), label="Remix")
    assert filled_in(form) == {
        "prompt": PROMPT,
        "negative_prompt": "rain",
        "model": "google/veo3",
        "duration": "4",
        "picture": "9:16 720P",
    }
    assert options_of(form)["picture"] == ["16:9 720P", "16:9 1080P", "9:16 720P", "9:16 1080P"]


@pytest.mark.nightly
async def test_a_remix_makes_what_the_form_says_and_keeps_the_rest(world: World) -> None:
    source = await ask_for_video(world, seed=7, generate_audio=False)
    form = await world.alice.click(the_result(world), label="Remix")
    answer = await world.alice.submit_modal(form, CHANGED)
    assert not shown(answer).ephemeral
    made = await newest(world, 2)
    assert (made.prompt, made.model, made.source_id) == ("a green dragon", "google/veo-3.0-fast", source.id)
    assert made.options == {
        "seed": 7,
        "generate_audio": False,
        "duration": 6,
        "aspect_ratio": "9:16",
        "negative_prompt": "fog",
    }


async def test_a_form_that_is_sent_twice_makes_one(world: World) -> None:
    await ask_for_video(world)
    form = await world.alice.click(the_result(world), label="Remix")
    await world.alice.submit_modal(form, CHANGED)
    form = await world.alice.click(message_of(world, (await rows(world))[1].result_id), label="Remix")
    assert "Your second click didn't count" in private(await world.alice.submit_modal(form, CHANGED))
    await newest(world, 2)


@pytest.mark.nightly
async def test_a_refused_remix_gives_the_words_back(open_world: OpenWorld) -> None:
    async with open_world(default_daily_limit=1) as world:
        await ask_for_video(world)
        form = await world.alice.click(the_result(world), label="Remix")
        answer = await world.alice.submit_modal(form, CHANGED)
        assert "You've used your 1 video" in private(answer)
        assert shown(answer).embeds[0].description == "a green dragon"


@pytest.mark.nightly
async def test_a_moderator_may_remix_and_it_is_theirs(world: World) -> None:
    await ask_for_video(world)
    form = await world.mona.click(the_result(world), label="Remix")
    await world.mona.submit_modal(form, CHANGED)
    assert (await newest(world, 2)).user_id == world.mona.id


async def test_in_a_direct_message_one_is_sent_back_to_the_server(world: World) -> None:
    refuse(world, "POST", "/channels/*/messages/*/threads", 50013, status=403, times=None)
    refuse(world, "POST", f"/channels/{world.channel.id}/messages", 50013, status=403, times=None)
    await ask_for_video(world)
    [message] = direct_messages(world)
    answer = await world.alice.user.click(message, label="Re-roll")
    assert "I only make videos in servers." in private(answer)
