"""A member asks for a video and gets it: what is said, where it comes, what is in the file."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.db.models import Generation, Placement, Status
from bot.media.files import probe
from bot.provider.catalogue import CATALOGUE, Model, OptionValue
from bot.provider.choosing import family_heads
from bot.provider.input_kinds import InputKind
from sandbox.calls import LEGACY_PATH, UNIVERSAL_PATH
from sandbox.world import World
from tests.bot.drawn import draw
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import (
    PROMPT,
    ask_and_hold,
    ask_for_video,
    assert_card_leads_to,
    bodies,
    card_of,
    card_texts,
    eventually,
    rows,
    the_result,
)

TEXT = CATALOGUE[0]
IMAGE = next(model for model in CATALOGUE if model.kind is InputKind.IMAGE)
IMAGES = {"image": ("cat.png", draw()), "last_image": ("dog.webp", draw("WEBP"))}
REFERENCES = {"reference_1": ("cat.png", draw()), "reference_2": ("dog.webp", draw("WEBP"))}
# How the card tells the options that a member did not choose.
WORDS: dict[str, Callable[[OptionValue], str]] = {
    "duration": lambda value: f"{value} seconds",
    "aspect_ratio": str,
    "resolution": str,
    "enhance_prompt": lambda _: "prompt enhanced",
    "generate_audio": lambda _: "sound",
    "auto_fix": lambda _: "auto-fix",
}


def shortest(model: Model) -> int | str:
    option = model.option("duration")
    assert option is not None
    return option.choices[0]


def choices_for(model: Model) -> dict[str, Any]:
    """Return what a member chooses so that this model makes the video: its family, and the images."""
    head = next(head for head in family_heads(CATALOGUE) if head.family == model.family)
    frames = dict(list(IMAGES.items())[: len(model.kind.image_fields)])
    return {
        "model": head.id,
        "duration": shortest(model),
        **(REFERENCES if model.kind is InputKind.REFERENCES else frames),
    }


def expected_card(world: World, generation: Generation, model: Model, state: str) -> str:
    defaults = {option.name: option.default for option in model.options} | {"duration": shortest(model)}
    words = [words(value) for name, words in WORDS.items() if (value := defaults.get(name)) is not None]
    made_from = f" {model.kind.source}" if model.kind.source else ""
    return (
        f"<@{world.alice.id}> requested a video{made_from}\n**{model.family}** · {' · '.join(words)}\n"
        f"{state}\n-# ID {generation.id}\n> {PROMPT}"
    )


@pytest.mark.nightly(daily=[f"{TEXT.label}-universal urls", f"{IMAGE.label}-legacy urls"])
@pytest.mark.parametrize("legacy_urls", [False, True], ids=["universal urls", "legacy urls"])
@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.label)
async def test_a_video_of_every_model_arrives_in_the_thread_of_its_card(
    open_world: OpenWorld, tmp_path: Path, model: Model, *, legacy_urls: bool
) -> None:
    async with open_world(aimlapi_legacy_urls=legacy_urls) as world:
        await assert_video_arrives(world, model, tmp_path / "posted.mp4")
        paths = {call.path for call in world.provider.calls if call.kind in {"create", "retrieve"}}
        assert paths == {LEGACY_PATH if legacy_urls else UNIVERSAL_PATH}


async def assert_video_arrives(world: World, model: Model, path: Path) -> None:
    """Ask for a video of a model, and look at all that comes; `path` is where its file may be put."""
    generation = await ask_for_video(world, **choices_for(model))

    assert generation.model == model.id
    assert_card_leads_to(world, generation, the_result(world))
    assert card_of(world, generation) == expected_card(world, generation, model, "✅ **Ready.**")
    [thread] = world.channel.threads
    assert thread.id == generation.card_id, "the thread does not hang on the card"
    assert thread.name == PROMPT, "the thread is not named after the prompt"

    [message] = thread.history()
    assert message.content == f"🎬 <@{world.alice.id}> Your video is ready.\n> {PROMPT}"
    [attachment] = message.attachments
    assert attachment.filename == f"veo-{generation.id}.mp4"
    made_from = f"{model.kind.source} and" if model.kind.source else "from"
    assert attachment.description == f"Video made {made_from} the prompt: {PROMPT}"

    content = await attachment.read()
    async with aiohttp.request("GET", str(generation.video_url)) as served:
        assert content == await served.read(), "the posted file is not the one the provider made"
    await asyncio.to_thread(path.write_bytes, content)
    clip = await probe(path)
    resolution = model.option("resolution")
    size = (1280, 720) if resolution and resolution.default == "720P" else (1920, 1080)
    assert (clip.width, clip.height, clip.codec) == (*size, "h264")
    assert clip.seconds == pytest.approx(shortest(model), abs=0.3)
    assert clip.has_sound, "the video has no sound, though sound is the default"


async def test_only_the_member_who_asked_is_pinged(world: World) -> None:
    await ask_for_video(world)
    assert [user.id for user in the_result(world).mentions] == [world.alice.id]
    [posted] = [body for body in bodies(world, "POST", "/messages") if "nonce" in body]
    assert posted["allowed_mentions"] == {"parse": [], "users": [world.alice.id]}
    [answer] = bodies(world, "POST", "/callback")
    assert answer["data"]["allowed_mentions"] == {"parse": []}, "the card pings"
    edits = [body for body in bodies(world, "PATCH", "") if "content" in body]
    assert edits, "the card was never brought up to date"
    assert all(edit["allowed_mentions"] == {"parse": []} for edit in edits), "an edit of the card pings"


async def test_the_card_tells_the_whole_story_in_order(own_world: World) -> None:
    world = own_world  # which has not learnt from others how long videos take
    asked = await ask_and_hold(world)
    await eventually("the card says so", lambda: "**Making your video.**" in card_of(world, asked))
    world.provider.release()
    generation = await world.wait_for_delivery()
    assert generation.submitted_at is not None
    started = int(generation.submitted_at.timestamp())
    states = [
        "⏳ **In the queue.**",
        f"⚙️ **Making your video.** Sent <t:{started}:R>.",  # the deadline is nearer than any usual end
        "✅ **Ready.**",
    ]
    assert card_texts(world) == [expected_card(world, generation, CATALOGUE[0], state) for state in states], (
        "the card told another story"
    )


async def test_the_thread_is_there_while_the_video_is_being_made(world: World) -> None:
    generation = await ask_and_hold(world)
    await eventually("a thread on the card", lambda: bool(world.channel.threads))
    await eventually("the card says so", lambda: "**Making your video.**" in card_of(world, generation))
    assert world.channel.threads[0].history() == [], "something was posted before the video was ready"
    world.provider.release()
    await world.wait_for_delivery()
    assert the_result(world).attachments, "no video came after the wait"


async def test_the_row_remembers_everything(world: World) -> None:
    generation = await ask_for_video(world, generate_audio=False)
    message = the_result(world)
    assert await rows(world) != [], "no row"
    assert (generation.status, generation.placement) == (Status.SUCCEEDED, Placement.THREAD)
    assert (generation.guild_id, generation.channel_id) == (world.guild.id, world.channel.id)
    assert generation.user_id == world.alice.id
    assert generation.card_id == generation.thread_id == world.channel.threads[0].id
    assert generation.result_id == message.id
    assert (generation.prompt, generation.model) == (PROMPT, "google/veo3")
    assert generation.options == {"duration": 4, "generate_audio": False}
    assert generation.credits_used == 4 * 520_000, "4 seconds no sound cost 520,000 credits each"
    assert generation.failure_kind is None
    moments = [
        generation.created_at,
        generation.submitted_at,
        generation.finished_at,
        generation.delivered_at,
    ]
    assert None not in moments, "a moment is missing"
    assert moments == sorted(moment for moment in moments if moment), "the moments are out of order"


async def test_the_file_is_not_kept_after_it_was_posted(world: World, data_dir: Path) -> None:
    generation = await ask_for_video(world)
    assert list((data_dir / "videos").rglob(f"*{generation.id}*")) == [], "files pile up"


@pytest.mark.nightly
async def test_two_members_get_their_own_videos(world: World) -> None:
    world.provider.hold = True
    await world.alice.slash(world.channel, "veo", prompt=PROMPT, duration=4)
    await world.mona.slash(world.channel, "veo", prompt="a blue whale", duration=4)
    await world.provider.called("create", 2)
    world.provider.release()
    await eventually("two videos", lambda: sum(len(t.history()) for t in world.channel.threads) == 2)
    for member, prompt in ((world.alice, PROMPT), (world.mona, "a blue whale")):
        [thread] = [thread for thread in world.channel.threads if thread.name == prompt]
        [message] = thread.history()
        assert [user.id for user in message.mentions] == [member.id], f"{prompt} went to the wrong member"
