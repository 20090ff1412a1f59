"""Continue: the last frame of a video is the first image of the next one."""

import asyncio
import base64
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used
import pytest
import simcord
from PIL import Image, ImageChops, ImageStat

from bot.db.models import Generation, Status
from bot.media.last_frames import LastFrames
from bot.media.whole_videos import WholeVideos
from sandbox.provider import Fault
from sandbox.world import World
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import ask_for_video, card_of, change_rows, rows, shown, the_result
from tests.e2e.moderating import admin, labels
from tests.e2e.quoting import ask_first, generate, now_shown, send
from tests.e2e.reporting import add_bob, buttons, report_of_bob
from tests.e2e.videos import filled_in, message_of, newest, private, question

NEXT = "the dragon lands"


def bodies(world: World) -> list[Any]:
    """Return what the provider was sent, the oldest first."""
    return [call.json for call in world.provider.calls if call.kind == "create"]


async def proceed(world: World, source: Generation, prompt: str = NEXT) -> simcord.InteractionResult:
    """Let alice continue a video; return the answer to the form."""
    form = await world.alice.click(message_of(world, source.result_id), label="Continue")
    return await send(world, form, prompt=prompt)


def frame(video: bytes, folder: Path, which: str) -> Image.Image:
    """Return a video's frame by another way than the bot's: all is decoded, and a filter chooses."""
    path, picture = folder / "video.mp4", folder / "frame.png"
    path.write_bytes(video)
    program = imageio_ffmpeg.get_ffmpeg_exe()
    command = [program, "-y", "-i", str(path), "-vf", which, "-frames:v", "1", str(picture)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 our own program
    with Image.open(picture) as image:
        return image.convert("RGB")


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return by how much two images differ, on average, of 255."""
    means = ImageStat.Stat(ImageChops.difference(one, other)).mean
    return sum(means) / len(means)


def sent_image(body: Any) -> Image.Image:
    with Image.open(BytesIO(base64.b64decode(body["image_url"].partition(",")[2]))) as image:
        return image.convert("RGB")


@pytest.mark.nightly
async def test_the_next_video_begins_with_the_last_frame(world: World, tmp_path: Path) -> None:
    source = await ask_for_video(world, aspect_ratio="9:16", resolution="720P", generate_audio=False)
    assert buttons(the_result(world)) == ["Re-roll", "Remix", "Continue", "Extend", "Delete", "Report"]
    video = await the_result(world).attachments[0].read()
    answer = await proceed(world, source)
    made = await newest(world, 2)
    assert (made.status, made.prompt, made.model) == (Status.SUCCEEDED, NEXT, "google/veo-3.0-i2v")
    assert (made.source_id, made.continues_id) == (source.id, source.id)
    body = bodies(world)[1]
    assert (body["aspect_ratio"], body["duration"], body["generate_audio"]) == ("9:16", 4, False)
    image = sent_image(body)
    assert difference(image, frame(video, tmp_path, "reverse")) < 3
    assert difference(image, frame(video, tmp_path, "null")) > 3, "frames that look alike show nothing"
    link = f"https://discord.com/channels/{world.guild.id}/{source.result_channel_id}/{source.result_id}"
    assert f"↪️ Continued from [{source.id}]({link})" in card_of(world, made)
    assert shown(answer).ephemeral


@pytest.mark.nightly
async def test_where_the_server_wants_it_the_price_comes_first(world: World) -> None:
    source = await ask_for_video(world)
    await ask_first(world)
    offer = question(await proceed(world, source))
    text = now_shown(world, offer)
    assert "before you spend anything:**" in text
    assert "💰 Price: about **$" in text
    assert "⏳ Wait: " in text
    assert f"↪️ Continued from {source.id}" in text
    stored = world.env.backend.get_message(offer.channel.id, offer.id)
    assert [file["description"] for file in stored.attachments] == ["The last frame of the video"]
    assert len(await rows(world)) == 1, "it was made before the click"
    await generate(world, offer)
    made = await newest(world, 2)
    assert (made.continues_id, made.status) == (source.id, Status.SUCCEEDED)
    assert f"↪️ Continued from [{source.id}](" in card_of(world, made)


@pytest.mark.nightly
async def test_another_model_can_be_chosen_and_gets_an_image_that_is_large_enough(world: World) -> None:
    source = await ask_for_video(world, seed=7)
    form = await world.alice.click(the_result(world), label="Continue")
    assert filled_in(form) == {"prompt": "", "model": "google/veo-3.0-i2v"}
    await send(world, form, prompt=NEXT, model=["google/veo-3.1-i2v-fast"])
    made = await newest(world, 2)
    assert (made.status, made.model) == (Status.SUCCEEDED, "google/veo-3.1-i2v-fast")
    assert made.options == {"duration": 4, "aspect_ratio": "16:9", "resolution": "720p"}
    assert min(sent_image(bodies(world)[1]).size) >= 720
    assert made.continues_id == source.id


async def test_without_a_model_that_takes_an_image_it_is_refused_in_words(open_world: OpenWorld) -> None:
    async with open_world(models="google/veo3") as world:
        source = await ask_for_video(world)
        said = shown(await proceed(world, source)).message
        assert now_shown(world, said) == (
            "None of my models can make a video from 1 image. This didn't count toward your limit."
        )
        assert len(await rows(world)) == 1


@pytest.mark.nightly
async def test_an_offer_to_continue_what_was_taken_down_meanwhile_is_off(world: World) -> None:
    source = await ask_for_video(world)
    await ask_first(world)
    offer = question(await proceed(world, source))
    await world.app.services.removal.remove(world.guild.id, source.id, world.mona.id)
    said = private(await world.alice.click(offer, label="Generate"))
    assert said.startswith("This video was removed, so I can't continue it.")
    assert len(await rows(world)) == 1


@pytest.mark.nightly
async def test_a_reroll_of_it_after_a_restart_continues_the_same_video(world: World) -> None:
    source = await ask_for_video(world)
    await proceed(world, source)
    second = await newest(world, 2)
    await world.restart()
    await world.alice.click(message_of(world, second.result_id), label="Re-roll")
    third = await newest(world, 3)
    assert (third.source_id, third.continues_id) == (second.id, source.id)
    assert f"↪️ Continued from [{source.id}](" in card_of(world, third)
    assert bodies(world)[2]["image_url"] == bodies(world)[1]["image_url"]


@pytest.mark.parametrize(("button", "search"), [("Continue", LastFrames), ("Extend", WholeVideos)])
async def test_a_restart_while_the_video_is_searched_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, button: str, search: type
) -> None:
    source = await ask_for_video(world)
    began = asyncio.Event()

    async def search_on(*_: object) -> bytes:
        began.set()
        await asyncio.Event().wait()
        return b""

    monkeypatch.setattr(search, "find" if search is LastFrames else "fetch", search_on)
    form = await world.alice.click(message_of(world, source.result_id), label=button)
    sending = asyncio.create_task(send(world, form, prompt=NEXT))
    await began.wait()
    await world.restart()
    said = shown(await sending)
    assert said.content == "I'm restarting. Try again in a minute. This didn't count toward your limit."
    assert said.message.embeds[0].description == NEXT
    assert len(await rows(world)) == 1


async def test_the_history_leads_both_ways(world: World) -> None:
    source = await ask_for_video(world)
    await proceed(world, source)
    made = await newest(world, 2)
    page = await world.alice.slash(world.channel, "videos")
    assert f"↪️ Continued from [{source.id}](" in shown(page).content
    assert "Based on" not in shown(page).content, "it is said twice"
    older = await world.alice.click(shown(page).message, label="Older")
    text = now_shown(world, shown(page).message)
    assert older.response is None or older.response.content in {"", text}
    link = f"https://discord.com/channels/{world.guild.id}/{made.result_channel_id}/{made.result_id}"
    assert f"↪️ Continued in [{made.id}]({link})" in text


@pytest.mark.nightly
async def test_it_is_continued_from_the_history_in_another_channel(world: World) -> None:
    source = await ask_for_video(world)
    page = await world.alice.slash(world.guild.create_text_channel("stage"), "videos")
    assert "Continue" in labels(page)
    form = await world.alice.click(shown(page).message, label="Continue")
    await send(world, form, prompt=NEXT)
    assert (await newest(world, 2)).continues_id == source.id


@pytest.mark.nightly
async def test_what_was_deleted_at_discord_is_found_where_it_was_kept_or_made(
    world: World, data_dir: Path
) -> None:
    source = await ask_for_video(world)
    message = the_result(world)
    page = await world.alice.slash(world.channel, "videos")
    video = await message.attachments[0].read()
    await message.delete()
    asked = world.provider.count("cdn")
    form = await world.alice.click(shown(page).message, label="Continue")
    await send(world, form, prompt=NEXT)
    assert (await newest(world, 2)).continues_id == source.id
    assert world.provider.count("cdn") > asked, "it was not asked for at the provider"
    world.provider.faults.add("cdn", Fault.status(404), times=None)
    folder = data_dir / "videos" / "originals"
    folder.mkdir(exist_ok=True)
    (folder / f"veo-{source.id}.mp4").write_bytes(video)
    form = await world.alice.click(shown(page).message, label="Continue")
    await send(world, form, prompt="the dragon sleeps")
    await world.provider.called("create", 3)
    first, second = (body["image_url"] for body in bodies(world)[1:])
    assert first == second


async def test_what_is_gone_everywhere_is_told_and_does_not_count(world: World) -> None:
    await ask_for_video(world)
    page = await world.alice.slash(world.channel, "videos")
    await the_result(world).delete()
    world.provider.faults.add("cdn", Fault.status(404), times=None)
    form = await world.alice.click(shown(page).message, label="Continue")
    said = shown(await send(world, form, prompt=NEXT))
    text = now_shown(world, said.message)
    assert text.startswith("I can't find this video anymore: its message is gone")
    assert text.endswith("This didn't count toward your limit.")
    stored: Any = world.env.backend.get_message(said.message.channel.id, said.message.id)
    assert stored.embeds[0]["description"] == NEXT, "the words are lost"
    assert len(await rows(world)) == len(bodies(world)) == 1


async def test_a_file_without_a_readable_frame_is_told_and_does_not_count(world: World) -> None:
    source = await ask_for_video(world)
    world.cdn.replace(the_result(world).attachments[0].url, b"no video")
    world.provider.faults.add("cdn", Fault.status(404), times=None)
    said = shown(await proceed(world, source)).message
    assert now_shown(world, said).startswith("I couldn't read this video's last frame.")
    assert len(await rows(world)) == len(bodies(world)) == 1


@pytest.mark.nightly
async def test_a_rule_refuses_it_as_any_other_request_before_anything_is_fetched(world: World) -> None:
    source = await ask_for_video(world)
    await admin(world, "words add", word="lands")
    said = shown(await proceed(world, source)).message
    assert "lands" in now_shown(world, said)
    assert world.cdn.asked == [], "the video was fetched for a request that is refused"
    assert len(await rows(world)) == 1


async def test_others_may_not_and_moderators_may(world: World) -> None:
    source = await ask_for_video(world)
    said = private(await add_bob(world).click(the_result(world), label="Continue"))
    assert "Only the member who requested this video or a moderator can do that." in said
    form = await world.mona.click(the_result(world), label="Continue")
    await world.mona.submit_modal(form, {"prompt": NEXT, "model": ["google/veo-3.0-i2v"]})
    made = await newest(world, 2)
    assert (made.user_id, made.continues_id) == (world.mona.id, source.id)


@pytest.mark.nightly
async def test_what_was_taken_down_forgotten_or_reported_cannot_be_continued(world: World) -> None:
    source, _, _ = await report_of_bob(world)
    message = the_result(world)
    said = private(await world.alice.click(message, label="Continue"))
    assert said.startswith("This video can't be continued right now.")
    await world.app.services.removal.remove(world.guild.id, source.id, world.mona.id)
    assert private(await world.alice.click(message, label="Continue")) == (
        "This video was removed, so I can't continue it. This didn't count toward your limit."
    )
    page = await world.alice.slash(world.channel, "videos")
    assert "Continue" not in labels(page)


async def test_what_is_taken_down_while_the_form_is_open_is_not_continued(
    world: World, database_url: str
) -> None:
    source = await ask_for_video(world)
    form = await world.alice.click(the_result(world), label="Continue")
    await world.app.services.privacy.forget(world.alice.id)
    said = shown(await send(world, form, prompt=NEXT)).message
    assert now_shown(world, said).startswith("The prompt and the link of this video were deleted")
    await change_rows(database_url, erased_at=None, guild_id=1)
    assert "This server has no video with that ID." in private(
        await world.alice.click(message_of(world, source.result_id), label="Continue")
    )


@pytest.mark.nightly
async def test_a_video_that_is_longer_than_the_server_allows_by_now_is_continued_by_a_shorter_one(
    world: World,
) -> None:
    source = await ask_for_video(world, duration=8)
    await admin(world, "settings", longest_duration=6)
    await proceed(world, source)
    continuation = (await rows(world))[0]
    assert (continuation.continues_id, continuation.options["duration"]) == (source.id, 6)
