"""Extend: the video service gets the whole video, and goes on from it."""

import base64
from pathlib import Path
from typing import Any

import pytest
import simcord

from bot.db.models import Generation, Status
from bot.media.files import probe
from sandbox.provider import Fault
from sandbox.world import World
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import ask_for_video, card_of, rows, shown, the_result
from tests.e2e.quoting import ask_first, generate, now_shown, send
from tests.e2e.reporting import buttons
from tests.e2e.test_continue import bodies, difference, frame
from tests.e2e.videos import filled_in, message_of, newest, private, question

NEXT = "the dragon lands"
EXTENDER = "google/veo3-1-extend-video"


async def extend(world: World, source: Generation, **fields: Any) -> simcord.InteractionResult:
    """Let alice extend a video; return the answer to the form."""
    form = await world.alice.click(message_of(world, source.result_id), label="Extend")
    return await send(world, form, **{"prompt": NEXT, **fields})


def sent_video(body: Any) -> bytes:
    """Return the video in the body of a create call."""
    kind, _, content = body["video_url"].partition(",")
    assert kind == "data:video/mp4;base64"
    return base64.b64decode(content)


@pytest.mark.nightly
async def test_the_whole_video_is_sent_and_the_next_one_goes_on_from_it(world: World, tmp_path: Path) -> None:
    source = await ask_for_video(world, aspect_ratio="9:16", resolution="720P", generate_audio=False)
    assert buttons(the_result(world)) == ["Re-roll", "Remix", "Continue", "Extend", "Delete", "Report"]
    video = await the_result(world).attachments[0].read()
    form = await world.alice.click(the_result(world), label="Extend")
    assert filled_in(form) == {"prompt": "", "model": EXTENDER}
    assert shown(await send(world, form, prompt=NEXT)).ephemeral
    made = await newest(world, 2)
    assert (made.status, made.prompt, made.model) == (Status.SUCCEEDED, NEXT, EXTENDER)
    assert (made.source_id, made.continues_id) == (source.id, source.id)
    body = bodies(world)[1]
    assert {name: body[name] for name in ("model", "aspect_ratio", "generate_audio")} == {
        "model": EXTENDER,
        "aspect_ratio": "9:16",
        "generate_audio": False,
    }
    assert sent_video(body) == video
    post = message_of(world, made.result_id)
    assert buttons(post) == ["Re-roll", "Continue", "Extend", "Delete", "Report"]
    path = tmp_path / "longer.mp4"
    path.write_bytes(await post.attachments[0].read())
    clip = await probe(path)
    assert (round(clip.seconds), clip.width, clip.height) == (7, 720, 1280)
    first, last = frame(path.read_bytes(), tmp_path, "null"), frame(video, tmp_path, "reverse")
    assert difference(first, last) < 8
    link = f"https://discord.com/channels/{world.guild.id}/{source.result_channel_id}/{source.result_id}"
    card = card_of(world, made)
    assert "is extending a video" in card
    assert f"↪️ Extends [{source.id}]({link})" in card
    assert "7 seconds · 9:16 · 720p · no sound" in card


@pytest.mark.nightly
async def test_where_the_server_wants_it_the_price_comes_first(world: World) -> None:
    source = await ask_for_video(world)
    await ask_first(world)
    offer = question(await extend(world, source))
    text = now_shown(world, offer)
    assert "🧾 **Check your extension before you spend anything:**" in text
    assert "**$3.64 (7,280,000 credits)**" in text
    assert buttons(offer) == ["Generate", "Cancel"]
    assert len(await rows(world)) == 1, "it was made before the click"
    await generate(world, offer)
    made = await newest(world, 2)
    assert (made.model, made.status) == (EXTENDER, Status.SUCCEEDED)
    assert made.credits_used == 7_280_000


async def test_what_is_gone_everywhere_is_refused_before_it_costs(world: World) -> None:
    source = await ask_for_video(world)
    page = shown(await world.alice.slash(world.channel, "videos")).message
    await the_result(world).delete()
    form = await world.alice.click(page, label="Extend")
    world.provider.faults.add("cdn", Fault.status(404), times=None)
    said = shown(await send(world, form, prompt=NEXT))
    assert said.content.startswith("I can't find this video anymore: its message is gone, I have no copy,")
    assert said.content.endswith("So I can't extend it. This didn't count toward your limit.")
    assert said.message.embeds[0].description == NEXT, "the words are lost"
    assert len(await rows(world)) == 1
    assert source.status is Status.SUCCEEDED


@pytest.mark.nightly
async def test_without_its_message_it_is_had_from_the_video_service(world: World) -> None:
    source = await ask_for_video(world)
    video = await the_result(world).attachments[0].read()
    page = shown(await world.alice.slash(world.channel, "videos")).message
    await the_result(world).delete()
    form = await world.alice.click(page, label="Extend")
    await send(world, form, prompt=NEXT)
    made = await newest(world, 2)
    assert (made.status, made.continues_id) == (Status.SUCCEEDED, source.id)
    assert sent_video(bodies(world)[1]) == video


async def test_a_video_that_is_taken_down_meanwhile_is_not_sent(world: World) -> None:
    source = await ask_for_video(world)
    await ask_first(world)
    offer = question(await extend(world, source))
    await world.app.services.removal.remove(world.guild.id, source.id, world.mona.id)
    said = private(await world.alice.click(offer, label="Generate"))
    assert said.startswith("This video was removed, so I can't continue it.")
    assert world.provider.count("create") == 1


async def test_a_bot_without_such_a_model_says_so(open_world: OpenWorld) -> None:
    async with open_world(models="google/veo3") as world:
        await ask_for_video(world)
        said = private(await world.alice.click(the_result(world), label="Extend"))
        assert said == (
            "None of this bot's models can extend videos. Use *Continue* instead. "
            "This didn't count toward your limit."
        )


@pytest.mark.nightly
async def test_it_is_extended_again_the_same_way_after_a_restart(world: World) -> None:
    source = await ask_for_video(world)
    await extend(world, source)
    made = await newest(world, 2)
    await world.restart()
    await world.alice.click(message_of(world, made.result_id), label="Re-roll")
    again = await newest(world, 3)
    assert (again.model, again.continues_id, again.status) == (EXTENDER, source.id, Status.SUCCEEDED)
