"""/videos: one's own generations, one at a time, with everything that can be done with them."""

from typing import Any

import pytest
import simcord

from bot.db.models import Status
from sandbox.world import World
from tests.e2e.driver import (
    PROMPT,
    ask_and_hold,
    ask_for_video,
    change_rows,
    results,
    rows,
    shown,
    the_result,
)
from tests.e2e.moderating import labels
from tests.e2e.reporting import add_bob, forge_buttons
from tests.e2e.videos import newest, private, question

UNKNOWN = "This server has no video with that ID."
ACTIONS = ["Re-roll", "Remix", "Continue", "Extend", "Delete", "Repost", "Watch the video"]


async def videos(world: World, who: simcord.MemberActor | None = None) -> simcord.InteractionResult:
    """Let alice (or `who`) use /videos."""
    answer = await (who or world.alice).slash(world.channel, "videos")
    assert shown(answer).ephemeral, "everybody sees it"
    assert 0 < len(shown(answer).content) <= 2000
    return answer


async def press(world: World, answer: simcord.InteractionResult, label: str) -> simcord.InteractionResult:
    return await world.alice.click(shown(answer).message, label=label)


async def test_without_videos_it_says_how_to_make_one(world: World) -> None:
    answer = await videos(world)
    assert "Use `/veo` to make one." in shown(answer).content
    assert labels(answer) == []


async def test_it_shows_how_the_video_stands_and_what_it_cost(world: World) -> None:
    generation = await ask_for_video(world, negative_prompt="rain")
    answer = await videos(world)
    content = shown(answer).content
    moment = int(generation.created_at.timestamp())
    for part in (
        "1 of 1, newest first",
        "✅ **Ready.**",
        "**Veo 3** · 4 seconds · 16:9 · 720P",
        "Without: rain",
        f"<t:{moment}:f> (<t:{moment}:R>).",
        "Cost: $",
        f"> {PROMPT}",
        f"-# ID {generation.id}",
    ):
        assert part in content, f"{part!r} is missing in {content!r}"
    assert labels(answer) == [*ACTIONS, "Refresh", "Show the card"]


@pytest.mark.nightly
async def test_it_turns_from_the_newest_to_the_oldest_and_back(world: World) -> None:
    for prompt in ("one", "two", "three"):
        await ask_for_video(world, prompt=prompt)
    answer = await videos(world)
    seen = [prompt_of(answer)]
    for label in ("Older", "Older", "Newer"):
        await press(world, answer, label)
        seen.append(prompt_of(answer))
    assert seen == ["three", "two", "one", "two"]
    assert labels(answer)[-4:] == ["Newer", "Refresh", "Older", "Show the card"]


def prompt_of(answer: simcord.InteractionResult) -> str:
    return next(line for line in shown(answer).content.split("\n") if line.startswith("> "))[2:]


async def test_it_shows_nobody_elses(world: World) -> None:
    await ask_for_video(world)
    answer = await videos(world, add_bob(world))
    assert "You haven't requested a video on this server yet." in shown(answer).content


@pytest.mark.nightly
async def test_the_buttons_work_after_a_restart(world: World) -> None:
    await ask_for_video(world)
    await ask_for_video(world, prompt="another")
    answer = await videos(world)
    await world.restart()
    await press(world, answer, "Older")
    assert prompt_of(answer) == PROMPT
    await press(world, answer, "Re-roll")
    assert (await newest(world, 3)).prompt == PROMPT


@pytest.mark.nightly
async def test_somebody_elses_looks_like_an_unknown_one(world: World) -> None:
    theirs = await ask_for_video(world)
    bob = add_bob(world)
    await bob.slash(world.channel, "veo", prompt="mine", duration=4)
    own = await world.wait_for_delivery()
    for forged in (theirs.id, "0" * 16):
        for label in ("Refresh", "Repost"):
            answer = await videos(world, bob)
            forge_buttons(world, shown(answer).message, own.id, forged)
            said = await bob.click(shown(answer).message, label=label)
            assert UNKNOWN in private(said)
            assert theirs.prompt not in shown(answer).content
    assert len(results(world)) == 2


async def test_what_is_being_made_is_shown_anew_by_refresh(world: World) -> None:
    await ask_and_hold(world)
    answer = await videos(world)
    assert "⚙️ **Making your video.**" in shown(answer).content
    assert labels(answer) == ["Re-roll", "Remix", "Refresh", "Show the card"]
    world.provider.release()
    await world.wait_for_delivery()
    await press(world, answer, "Refresh")
    assert labels(answer) == [*ACTIONS, "Refresh", "Show the card"]


async def test_a_failure_costs_nothing_and_can_be_tried_again(world: World) -> None:
    generation = await ask_for_video(world, prompt="[fail] a dragon")
    assert generation.status is Status.FAILED
    answer = await videos(world)
    assert "Cost: nothing." in shown(answer).content
    assert labels(answer) == ["Re-roll", "Remix", "Refresh", "Show the card"]


async def test_a_deleted_video_is_shown_as_removed(world: World) -> None:
    await ask_for_video(world)
    answer = await videos(world)
    asked = await press(world, answer, "Delete")
    await world.alice.click(question(asked), label="Delete it")
    await press(world, answer, "Refresh")
    assert "🗑️ **Removed.**" in shown(answer).content
    assert labels(answer) == ["Re-roll", "Remix", "Refresh", "Show the card"]


@pytest.mark.nightly
async def test_a_remix_from_the_list_posts_its_card_in_the_channel(world: World) -> None:
    source = await ask_for_video(world)
    answer = await videos(world)
    form = await press(world, answer, "Remix")
    changed: dict[str, Any] = {
        "prompt": "another",
        "negative_prompt": "",
        "model": ["google/veo3"],
        "duration": ["4"],
        "picture": ["16:9 720P"],
    }
    await world.alice.submit_modal(form, changed)
    made = await newest(world, 2)
    assert (made.channel_id, made.source_id) == (world.channel.id, source.id)
    assert made.options == {"duration": 4}
    assert f"-# Based on {source.id}" in shown(await videos(world)).content


async def test_what_was_forgotten_has_no_words_and_cannot_be_made_anew(world: World) -> None:
    await ask_for_video(world)
    await world.app.services.privacy.forget(world.alice.id)
    answer = await videos(world)
    assert "(the prompt was deleted)" in shown(answer).content
    assert PROMPT not in shown(answer).content
    assert labels(answer) == ["Refresh"]
    assert the_result(world).attachments


async def test_the_longest_words_fit(world: World, database_url: str) -> None:
    await ask_for_video(world)
    await change_rows(database_url, prompt="*" * 2000, options={"negative_prompt": "*" * 1000})
    answer = await videos(world)
    assert shown(answer).embeds[0].description == "\\*" * 2000
    assert len(await rows(world)) == 1
