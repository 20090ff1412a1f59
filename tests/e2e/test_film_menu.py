"""The menu of a message: "Make a film of this"."""

from typing import Any

import discord
import pytest
import simcord

from bot.films.script import MAX_SHOTS, SCRIPT_MAX_LENGTH
from sandbox.world import World
from tests.e2e.driver import rows, shown
from tests.e2e.filming import MAKE, SHOTS, latest
from tests.e2e.quoting import as_shown, now_shown, prices_known
from tests.e2e.test_menus import FILM, embed, open_form, say
from tests.e2e.videos import filled_in, question

OPTIONS: dict[str, Any] = {"model": ["google/veo-3.1-t2v"], "duration": ["4"], "picture": ["9:16 720P"]}
AS_OPENED: dict[str, Any] = {"model": ["google/veo3"], "duration": ["8"], "picture": ["16:9 720P"]}


async def send(world: World, form: simcord.InteractionResult, **changes: Any) -> simcord.InteractionResult:
    """Let alice send the form as it opened, with a title and `changes`."""
    sent = {"title": "Dragons", "shots": filled_in(form)["shots"], **AS_OPENED, **changes}
    return await world.alice.submit_modal(form, sent)


async def test_a_messages_lines_become_shots_with_the_price_first(world: World) -> None:
    await prices_known(world)
    message = await say(world, f"  {SHOTS[0]}\n\n{world.mona.mention} flies \u200b\n{SHOTS[2]}")
    form = await open_form(world, FILM, message)
    assert filled_in(form) == {
        "title": "",
        "shots": f"{SHOTS[0]}\nmona flies\n{SHOTS[2]}",
        "model": "google/veo3",
        "duration": "8",
        "picture": "16:9 720P",
    }
    offer = question(await send(world, form, **OPTIONS))
    text = now_shown(world, offer)
    assert "Check your film of 3 shots before you spend anything" in text
    assert "💰 Price: about **$6.24 (12,480,000 credits)** for all shots" in text
    assert "⏳ Wait: " in text
    assert await rows(world) == []
    world.provider.hold = True
    await world.alice.click(as_shown(world, offer), label=MAKE)
    await world.provider.called("create")
    film = await latest(world)
    assert (film.row.user_id, film.row.title) == (world.alice.id, "Dragons")
    assert [shot.prompt for shot in film.shots] == [SHOTS[0], "mona flies", SHOTS[2]]
    assert film.shots[0].options == {"duration": 4, "aspect_ratio": "9:16", "resolution": "720p"}


@pytest.mark.nightly
async def test_what_is_too_much_for_a_film_can_be_taken_out_of_the_form(world: World) -> None:
    lines = [f"shot {number}" for number in range(1, MAX_SHOTS + 2)]
    form = await open_form(world, FILM, await say(world, "\n".join(lines)))
    assert filled_in(form)["shots"] == "\n".join(lines)
    said = shown(await send(world, form))
    assert said.content.startswith("A film can have up to 8 shots, and you wrote 9 lines.")
    assert said.message.embeds[0].description, "the words are lost"
    form = await open_form(world, FILM, await long_message(world, f"a dragon\n{'x' * 3000}"))
    assert shown(await send(world, form)).content.startswith("Shot 2: The prompt has 3,000 characters")
    form = await open_form(world, FILM, await long_message(world, f"{'x' * 50}\n" * 100))
    assert len(filled_in(form)["shots"]) <= SCRIPT_MAX_LENGTH
    assert await rows(world) == []


async def test_an_embed_has_no_lines_and_a_forwarded_message_has_its_own(world: World) -> None:
    answer = await open_form(world, FILM, embed(world, title="a dragon", description="two\nlines"))
    said = shown(answer)
    assert said.ephemeral
    assert said.content.startswith("That message has no text to use as a prompt.")
    forwarded = await world.mona.forward(await say(world, "one\ntwo"), world.channel)
    assert filled_in(await open_form(world, FILM, forwarded))["shots"] == "one\ntwo"


async def long_message(world: World, text: str) -> discord.Message:
    """Return a message as members with Nitro may write it."""
    message = await say(world, "x")
    world.env.backend.get_message(world.channel.id, message.id).content = text
    return message
