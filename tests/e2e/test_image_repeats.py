"""Re-roll and Remix under videos that were made from images: as long as Discord's links to them live."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.clock import utc_now
from bot.db.models import Status
from bot.failures import FailureKind
from bot.media.images import data_uri_of
from sandbox.world import World
from tests.bot.drawn import BLUE, draw
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import ask_for_video, change_rows, results, rows, shown, the_result
from tests.e2e.moderating import labels
from tests.e2e.quoting import ask_first, generate, offer_in, send
from tests.e2e.reporting import add_bob, buttons
from tests.e2e.videos import filled_in, message_of, newest, options_of, private

CAT, DOG = ("cat.png", draw()), ("dog.jpg", draw("JPEG", colour=BLUE))
DAY = timedelta(days=1)
DEAD = "https://cdn.discordapp.com/ephemeral-attachments/1/2/cat.png"
AGAIN = ["Re-roll", "Remix"]


def bodies(world: World) -> list[Any]:
    """Return what the provider was sent, the oldest first."""
    return [call.json for call in world.provider.calls if call.kind == "create"]


async def let_links_die(database_url: str) -> int:
    """Let the links of all requests have died an hour ago; return since when they cannot be fetched."""
    died_at = int((utc_now() - timedelta(hours=1)).timestamp())
    await change_rows(database_url, picture_urls=[f"{DEAD}?ex={died_at:x}&is=0&hm=0"])
    return died_at - 60


@pytest.mark.nightly
async def test_a_reroll_makes_a_video_of_the_same_image(world: World, data_dir: Path) -> None:
    world.cdn.links_end = utc_now() + DAY
    source = await ask_for_video(world, image=CAT)
    assert buttons(the_result(world)) == [*AGAIN, "Continue", "Extend", "Delete", "Report"]
    answer = await world.alice.click(the_result(world), label="Re-roll")
    assert not shown(answer).ephemeral, "the card is for everybody"
    made = await newest(world, 2)
    assert (made.status, made.source_id, made.model) == (Status.SUCCEEDED, source.id, source.model)
    first, second = bodies(world)
    assert second["image_url"] == data_uri_of(CAT[1]), "it is made from something else"
    assert second.pop("seed", None) != first.pop("seed", None), "the same video"
    assert first == second
    assert len(world.cdn.asked) == 2, "the file was kept"
    assert list((data_dir / "pictures").iterdir()) == []


@pytest.mark.nightly
async def test_a_reroll_of_a_reroll_works_too(world: World) -> None:
    await ask_for_video(world, image=CAT)
    await world.alice.click(the_result(world), label="Re-roll")
    second = await newest(world, 2)
    await world.alice.click(message_of(world, second.result_id), label="Re-roll")
    assert (await newest(world, 3)).source_id == second.id
    assert {body["image_url"] for body in bodies(world)} == {data_uri_of(CAT[1])}


@pytest.mark.nightly
async def test_a_reroll_keeps_both_images_in_their_order(world: World) -> None:
    await ask_for_video(world, image=CAT, last_image=DOG)
    await world.alice.click(the_result(world), label="Re-roll")
    await newest(world, 2)
    first, second = bodies(world)
    assert second == first, "this model takes no seed"
    assert second["last_image_url"] == data_uri_of(DOG[1])


@pytest.mark.nightly
async def test_a_remix_keeps_the_image_and_says_so(world: World) -> None:
    source = await ask_for_video(world, image=CAT, negative_prompt="rain")
    form = await world.alice.click(the_result(world), label="Remix")
    assert "The image, sound and everything else stay the same" in str(form.modal)
    assert filled_in(form)["negative_prompt"] == "rain"
    assert options_of(form)["model"] == [
        *["google/veo-3.0-i2v", "google/veo-3.0-i2v-fast", "google/veo-3.1-i2v", "google/veo-3.1-i2v-fast"],
        *["veo-3.1-lite-generate-001#image", "google/veo-3-1-lite-generate-preview#image"],
    ]
    await send(world, form, prompt="a green dragon", model=["google/veo-3.1-i2v"], duration=["6"])
    made = await newest(world, 2)
    assert (made.source_id, made.prompt, made.model) == (source.id, "a green dragon", "google/veo-3.1-i2v")
    body = bodies(world)[1]
    assert (body["prompt"], body["duration"]) == ("a green dragon", 6)
    assert body["image_url"] == data_uri_of(CAT[1])


@pytest.mark.nightly
async def test_a_remix_of_two_images_says_that_both_stay(world: World) -> None:
    await ask_for_video(world, image=CAT, last_image=DOG)
    form = await world.alice.click(the_result(world), label="Remix")
    assert "The images, sound and everything else" in str(form.modal)
    await send(world, form, prompt="a green dragon")
    await newest(world, 2)
    assert bodies(world)[1] == {**bodies(world)[0], "prompt": "a green dragon"}


async def test_once_the_link_is_dead_it_is_said_and_nothing_counted(world: World, database_url: str) -> None:
    await ask_for_video(world, image=CAT)
    died_at = await let_links_die(database_url)
    for label in AGAIN:
        said = private(await world.alice.click(the_result(world), label=label))
        assert said.startswith(
            "This video was made from an image that I no longer have, and Discord's link to it"
        ), label
        assert said.endswith(
            f"expired <t:{died_at}:R>. Use `/veo` and attach it again. This didn't count toward your limit."
        )
    assert (len(await rows(world)), len(bodies(world))) == (1, 1)


@pytest.mark.nightly
async def test_dead_links_are_forgotten_after_a_restart_and_that_is_said(
    world: World, database_url: str
) -> None:
    await ask_for_video(world, image=CAT)
    await let_links_die(database_url)
    await world.restart()
    await world.wait_for(lambda row: row.picture_urls is None)
    said = private(await world.alice.click(the_result(world), label="Re-roll"))
    assert (
        "that I no longer have. Use `/veo` and attach it again. This didn't count toward your limit."
    ) in said


@pytest.mark.nightly
async def test_the_history_offers_it_as_long_as_it_works(world: World, database_url: str) -> None:
    await ask_for_video(world, image=CAT)
    history = await world.alice.slash(world.channel, "videos")
    assert labels(history) == [
        *AGAIN,
        "Continue",
        "Extend",
        "Delete",
        "Repost",
        "Watch the video",
        "Refresh",
        "Show the card",
    ]
    await world.alice.click(shown(history).message, label="Re-roll")
    await newest(world, 2)
    assert bodies(world)[1]["image_url"] == data_uri_of(CAT[1])
    await let_links_die(database_url)
    history = await world.alice.slash(world.channel, "videos")
    assert not set(AGAIN) & set(labels(history))


@pytest.mark.nightly
async def test_a_link_that_dies_in_between_is_told_in_the_thread_and_does_not_count(
    open_world: OpenWorld,
) -> None:
    async with open_world(default_daily_limit=2) as world:
        await ask_for_video(world, image=CAT)
        world.cdn.refusal = 404
        await world.alice.click(the_result(world), label="Re-roll")
        failed = await newest(world, 2)
        assert (failed.failure_kind, len(bodies(world))) == (FailureKind.IMAGE_GONE, 1)
        message = message_of(world, failed.result_id)
        assert "I couldn't get the image from Discord." in message.content
        assert "This didn't count toward your limit." in message.content
        assert buttons(message) == [], "it would fail again"
        await ask_for_video(world)  # the limit has a place left


@pytest.mark.nightly
async def test_after_a_failure_the_same_image_is_tried_again(world: World) -> None:
    failed = await ask_for_video(world, prompt="[fail] a dragon", image=CAT)
    assert buttons(the_result(world)) == ["Try again", "Remix"]
    await world.alice.click(the_result(world), label="Try again")
    assert (await newest(world, 2)).source_id == failed.id
    assert bodies(world)[1]["image_url"] == data_uri_of(CAT[1])


async def test_others_may_not(world: World) -> None:
    await ask_for_video(world, image=CAT)
    bob = add_bob(world)
    for label in AGAIN:
        said = private(await bob.click(the_result(world), label=label))
        assert "Only the member who requested this video or a moderator can do that." in said, label
    assert len(await rows(world)) == 1


@pytest.mark.nightly
async def test_it_works_after_a_restart_and_a_moderators_reroll_is_the_moderators(world: World) -> None:
    await ask_for_video(world, image=CAT)
    await world.restart()
    await world.mona.click(the_result(world), label="Re-roll")
    assert (await newest(world, 2)).user_id == world.mona.id
    assert bodies(world)[1]["image_url"] == data_uri_of(CAT[1])


async def test_a_double_click_makes_one(world: World) -> None:
    await ask_for_video(world, image=CAT)
    message = the_result(world)
    await world.alice.click(message, label="Re-roll")
    said = private(await world.alice.click(message, label="Re-roll"))
    assert "Your second click didn't count" in said
    await newest(world, 2)
    assert len(results(world)) == 2


@pytest.mark.nightly
async def test_the_offer_of_a_reroll_carries_the_image(world: World) -> None:
    await ask_first(world)
    await ask_first(world, is_on=False)
    source = await ask_for_video(world, image=CAT)
    await ask_first(world)
    offer = offer_in(await world.alice.click(the_result(world), label="Re-roll"))
    assert offer.content.startswith("🧾 **Check your video from an image before you spend anything:**")
    form = await world.alice.click(offer, label="Change")
    await send(world, form, prompt="a green dragon")
    await generate(world, offer)
    made = await newest(world, 2)
    assert (made.source_id, made.picture_urls) == (source.id, source.picture_urls)
    assert (bodies(world)[1]["image_url"], made.prompt) == (data_uri_of(CAT[1]), "a green dragon")


async def test_what_was_forgotten_cannot_be_made_anew(world: World) -> None:
    await ask_for_video(world, image=CAT)
    await world.app.services.privacy.forget(world.alice.id)
    assert (await rows(world))[0].picture_urls is None, "the link outlives the words"
    for label in AGAIN:
        said = private(await world.alice.click(the_result(world), label=label))
        assert "The prompt of this video was deleted" in said


async def test_an_image_that_was_of_no_use_is_not_offered_again(world: World) -> None:
    await ask_for_video(world, image=("cat.png", draw()[:300]))
    assert buttons(the_result(world)) == []
    history = await world.alice.slash(world.channel, "videos")
    assert not set(AGAIN) & set(labels(history))
    assert (await rows(world))[0].picture_urls is None
