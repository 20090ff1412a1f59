"""The menu of a message: "Animate this image" and "Make a video of this"."""

from typing import Any

import discord
import pytest
import simcord
from simcord.results import to_discord_message

from bot.db.models import Status
from bot.media.images import data_uri_of
from bot.provider.catalogue import PROMPT_MAX_LENGTH
from sandbox.world import World
from tests.bot.drawn import BLUE, draw
from tests.e2e.driver import (
    accept_all,
    assert_card_leads_to,
    assert_refused,
    card_of,
    case,
    change_rows,
    eventually,
    refuse,
    requests,
    rows,
    shown,
    the_result,
    threads,
)

ANIMATE, MAKE, FILM = "Animate this image", "Make a video of this", "Make a film of this"
CAT, DOG = ("cat.png", draw()), ("dog.jpg", draw("JPEG", colour=BLUE))
CDN = "https://cdn.discordapp.com/attachments/1/2"


def form_of(answer: simcord.InteractionResult) -> dict[str, dict[str, Any]]:
    """Return the parts of the form that was shown, by name."""
    assert answer.modal is not None, "no form was shown"
    parts = [label["component"] for label in answer.modal["components"]]
    return {part["custom_id"]: part for part in parts}


async def say(world: World, text: str = "", *files: tuple[str, bytes]) -> discord.Message:
    return await world.mona.send(world.channel, text, attachments=files)


def embed(world: World, **parts: Any) -> discord.Message:
    """Post a message of mona's with an embed, as Discord makes one from a link."""
    stored = world.env.backend.create_message(
        world.channel.id, world.mona.id, embeds=[{"type": "rich", **parts}]
    )
    return to_discord_message(world.env, stored)


async def open_form(world: World, menu: str, message: discord.Message) -> simcord.InteractionResult:
    return await world.alice.context_menu(world.channel, menu, message)


async def test_the_menus_exist_in_servers_only_and_for_everybody(world: World) -> None:
    commands = world.env.backend.commands[None].values()
    menus = {command["name"]: command for command in commands if command["type"] == 3}
    assert set(menus) == {ANIMATE, MAKE, FILM}
    for menu in menus.values():
        assert (menu["contexts"], menu["integration_types"]) == ([0], [0])
        assert menu["default_member_permissions"] is None


async def test_a_message_with_an_image_becomes_a_video(world: World) -> None:
    form = await open_form(world, ANIMATE, await say(world, "my cat", CAT))
    assert form_of(form)["prompt"]["value"] == "my cat"
    answer = await world.alice.submit_modal(form, {"prompt": "it dances", "duration": ["4"]})
    generation = await world.wait_for_delivery()
    body: Any = next(call.json for call in world.provider.calls if call.kind == "create")
    assert body == {
        "model": "google/veo-3.0-i2v",
        "prompt": "it dances",
        "duration": 4,
        "image_url": data_uri_of(CAT[1]),
    }
    assert (generation.card_id, generation.user_id) == (shown(answer).id, world.alice.id)
    assert not shown(answer).ephemeral
    assert card_of(world, generation).startswith(f"<@{world.alice.id}> requested a video from an image\n")
    [thread] = threads(world)
    assert the_result(world).channel.id == thread.id == generation.card_id, "not as with /veo"
    assert_card_leads_to(world, generation, the_result(world))


async def test_a_messages_text_becomes_a_video(world: World) -> None:
    form = await open_form(world, MAKE, await say(world, "  a **red** dragon\u200b ", CAT))
    assert form_of(form)["prompt"]["value"] == "a **red** dragon"
    prefilled = form_of(form)["prompt"]["value"]
    await world.alice.submit_modal(form, {"prompt": prefilled, "duration": ["4"]})
    generation = await world.wait_for_delivery()
    assert (generation.prompt, generation.model) == ("a **red** dragon", "google/veo3"), (
        "it is about the text"
    )
    assert the_result(world).attachments


async def test_the_form_has_what_a_server_may_ask_members_to_choose(world: World) -> None:
    form = form_of(await open_form(world, MAKE, await say(world, "a dragon")))
    assert list(form) == ["prompt", "model", "duration", "aspect_ratio", "resolution"]
    assert (form["prompt"]["min_length"], form["prompt"]["max_length"]) == (1, PROMPT_MAX_LENGTH)
    for name in list(form)[1:]:
        assert form[name]["required"] is False, f"{name} has to be chosen"
    assert [option["value"] for option in form["duration"]["options"]] == ["4", "6", "8"]
    assert form["duration"]["placeholder"] == "Default: 8"
    models = {option["label"]: option["description"] for option in form["model"]["options"]}
    assert models == {
        "Veo 3": "Best image and sound quality",
        "Veo 3 Fast": "Quicker and cheaper",
        "Veo 3.1": "Newer; can go from one image to another",
        "Veo 3.1 Fast": "Newer, quicker and cheaper",
        "Veo 3.1 Lite": "A lighter version",
        "Veo 3.1 Lite Preview": "An early version of Lite",
    }


async def test_what_is_chosen_in_the_form_is_asked_for(world: World) -> None:
    world.provider.hold = True
    form = await open_form(world, ANIMATE, await say(world, "", CAT))
    chosen = {
        "model": ["google/veo-3.1-t2v-fast"],
        "duration": ["6"],
        "aspect_ratio": ["9:16"],
        "resolution": ["720P"],
    }
    await world.alice.submit_modal(form, {"prompt": "x", **chosen})
    await world.provider.called("create")
    [row] = await rows(world)
    assert row.model == "google/veo-3.1-i2v-fast"
    assert row.options == {"duration": 6, "aspect_ratio": "9:16", "resolution": "720p"}


async def test_a_message_without_words_leaves_the_prompt_open(world: World) -> None:
    form = form_of(await open_form(world, ANIMATE, await say(world, "", CAT)))
    assert not form["prompt"].get("value")


@pytest.mark.nightly
async def test_the_first_image_that_can_be_used_is_taken(world: World) -> None:
    message = await say(world, "look", ("notes.txt", b"x"), ("a.gif", draw("GIF")), DOG, CAT)
    await world.alice.submit_modal(await open_form(world, ANIMATE, message), {"prompt": "x"})
    await world.provider.called("create")
    body: Any = next(call.json for call in world.provider.calls if call.kind == "create")
    assert body["image_url"] == data_uri_of(DOG[1])


async def test_what_a_message_forwards_counts_as_its_own(world: World) -> None:
    forwarded = await world.mona.forward(await say(world, "my cat", CAT), world.channel)
    form = await open_form(world, ANIMATE, forwarded)
    assert form_of(form)["prompt"]["value"] == "my cat"
    await world.alice.submit_modal(form, {"prompt": "x"})
    await world.provider.called("create")
    form = await open_form(world, MAKE, forwarded)
    assert form_of(form)["prompt"]["value"] == "my cat"


async def test_an_image_that_a_link_shows_is_taken_where_it_lies_at_discord(world: World) -> None:
    links = (
        f"{CDN}/cat.png",
        f"{CDN}/cat.jpg?ex=1&hm=2",
        "https://media.discordapp.net/attachments/1/2/cat.webp",
    )
    for link in links:
        for part in ("image", "thumbnail"):
            with case((part, link)):
                form = await open_form(world, ANIMATE, embed(world, **{part: {"url": link}}))
                assert "prompt" in form_of(form)


ELSEWHERE = (
    "https://example.com/cat.png",
    "http://cdn.discordapp.com/cat.png",
    "https://cdn.discordapp.com.example.com/cat.png",
    "https://cdn.discordapp.com@example.com/cat.png",
    "https://cdn.discordapp.com:8443/cat.png",
    "https://169.254.169.254/cat.png",
    "https://[::1/cat.png",
    "attachment://cat.png",
    f"{CDN}/clip.mp4",
)


async def test_an_image_anywhere_else_is_not_fetched(world: World) -> None:
    for link in ELSEWHERE:
        with case(link):
            answer = await open_form(world, ANIMATE, embed(world, image={"url": link}))
            await assert_refused(world, answer, "PNG, JPEG and WebP", "This didn't count toward your limit.")


async def test_an_embed_with_nothing_where_its_images_are_has_none(world: World) -> None:
    answer = await open_form(world, ANIMATE, embed(world, image=None, thumbnail=None))
    await assert_refused(world, answer, "PNG, JPEG and WebP")


UNUSABLE: list[tuple[list[tuple[str, bytes]], str]] = [
    ([], "That message has no image that I can use"),
    ([("notes.txt", b"x")], "That message has no image that I can use"),
    ([("a.gif", draw("GIF"))], "“a.gif” isn't one"),
    ([("cat.png", CAT[1] + b"\0" * 9 * 2**20)], "“cat.png” is 9.0 MiB"),
]


async def test_a_message_without_an_image_to_use_is_told_at_once(world: World) -> None:
    for attached, words in UNUSABLE:
        with case(words):
            message = await say(world, "words", *attached)
            await assert_refused(world, await open_form(world, ANIMATE, message), words)


async def test_a_message_without_text_is_told_at_once(world: World) -> None:
    for text in ("", "\u200b \u3164"):
        for menu in (MAKE, FILM):
            answer = await open_form(world, menu, await say(world, text, CAT))
            await assert_refused(
                world, answer, "That message has no text", "This didn't count toward your limit."
            )


async def test_a_text_that_is_too_long_is_offered_as_far_as_it_fits(world: World) -> None:
    message = await say(world, "x")
    stored = world.env.backend.get_message(world.channel.id, message.id)
    stored.content = "x" * 4000  # as members with Nitro may write
    form = form_of(await open_form(world, MAKE, message))
    assert form["prompt"]["value"] == "x" * PROMPT_MAX_LENGTH


async def test_names_stand_in_place_of_mentions(world: World) -> None:
    form = form_of(await open_form(world, MAKE, await say(world, f"{world.alice.mention} rides a dragon")))
    assert form["prompt"]["value"] == "alice rides a dragon"


async def test_where_no_video_can_come_no_form_is_shown(world: World) -> None:
    denied: Any = {world.app.bot.user: discord.PermissionOverwrite(attach_files=False)}
    channel = world.guild.create_text_channel("restricted", overwrites=denied)
    message = await world.mona.send(channel, "a dragon", attachments=[CAT])
    for menu in (ANIMATE, MAKE, FILM):
        answer = await world.alice.context_menu(channel, menu, message)
        await assert_refused(world, answer, "I can't post the video here", "Attach Files")


async def test_a_rule_of_the_server_holds_for_the_form_too(world: World) -> None:
    form = await open_form(world, MAKE, await say(world, "a dragon"))
    await world.mona.slash(world.channel, "veo-admin pause")
    answer = await world.alice.submit_modal(form, {"prompt": "a dragon"})
    await assert_refused(world, answer, "paused")


async def test_a_prompt_of_nothing_is_refused(world: World) -> None:
    form = await open_form(world, MAKE, await say(world, "a dragon"))
    answer = await world.alice.submit_modal(form, {"prompt": "\u200b"})
    await assert_refused(world, answer, "The prompt is empty.")


@pytest.mark.nightly
async def test_the_card_of_a_form_is_found_again_after_a_crash(world: World, database_url: str) -> None:
    world.provider.hold = True
    form = await open_form(world, ANIMATE, await say(world, "my cat", CAT))
    answer = await world.alice.submit_modal(form, {"prompt": "x", "duration": ["4"]})
    await world.provider.called("retrieve")
    await change_rows(database_url, card_id=None, thread_id=None)
    await world.restart()
    world.provider.release()
    generation = await world.wait_for_delivery()
    assert generation.card_id == shown(answer).id, "the card was not found again"


@pytest.mark.nightly
async def test_the_reason_for_a_failure_is_not_mistaken_for_the_card_of_a_form(world: World) -> None:
    refuse(world, "POST", "/channels/*/messages", 0, status=503, times=None)
    form = await open_form(world, MAKE, await say(world, "[fail] the same"))
    await world.alice.submit_modal(form, {"prompt": "[fail] the same", "duration": ["4"]})
    await eventually("a try to post", lambda: bool(requests(world, "POST", "/messages")))
    await world.restart()
    accept_all(world)
    generation = await world.wait_for_delivery()
    assert generation.status is Status.FAILED
    assert generation.result_id != generation.card_id
    assert the_result(world).content.startswith("❌")
