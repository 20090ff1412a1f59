"""Films, in the words of the tests."""

from typing import Any

import discord
import simcord

from bot.films.rows import Film
from sandbox.recent import list_recent
from sandbox.world import World, wait_until
from tests.e2e.driver import threads
from tests.e2e.quoting import as_shown, prices_known
from tests.e2e.videos import question

MAKE, CANCEL = "Make the film", "Cancel"
SHOTS = ("a red dragon wakes", "the dragon flies", "the dragon sleeps")
SECONDS = 120.0  # after which a film that should be ready is taken for missing


async def open_form(world: World, **options: Any) -> simcord.InteractionResult:
    """Let alice use /film, for short shots unless `options` say otherwise."""
    return await world.alice.slash(world.channel, "film", **{"duration": 4, **options})


async def write(
    world: World, *shots: str, title: str = "Dragons", **options: Any
) -> simcord.InteractionResult:
    """Let alice use /film and send the form; return the answer."""
    form = await open_form(world, **options)
    return await world.alice.submit_modal(form, {"title": title, "shots": "\n".join(shots)})


async def offered(world: World, *shots: str, **options: Any) -> discord.Message:
    """Return the offer that alice gets for a film, once the prices are known."""
    await prices_known(world)
    return question(await write(world, *(shots or SHOTS), **options))


async def make_film(world: World, *shots: str, **options: Any) -> Film:
    """Let alice ask for a film and agree to the price; return it as it was accepted."""
    offer = await offered(world, *shots, **options)
    await world.alice.click(as_shown(world, offer), label=MAKE)
    return await latest(world)


async def latest(world: World) -> Film:
    """Return the film of the newest shot."""
    rows = await list_recent(world.app.services.generations, world.guild.id)
    found = await world.app.services.films.find(rows[0].film_id or "")
    assert found is not None, "there is no film"
    return found


async def finished(world: World, film: Film) -> Film:
    """Return the film once nothing is left to do."""

    async def look() -> Film | None:
        found = await world.app.services.films.find(film.row.id)
        return found if found is not None and found.row.delivered_at is not None else None

    return await wait_until(look, seconds=SECONDS)


def said_in_thread(world: World) -> list[discord.Message]:
    """Return what stands in the thread, the oldest first; there is one."""
    (thread,) = threads(world)
    return sorted(thread.history(), key=lambda message: message.id)


def film_posts(world: World) -> list[discord.Message]:
    """Return the messages with a film, wherever they are."""
    places = [*world.guild.channels.values(), *threads(world)]
    messages = [message for place in places for message in place.history()]
    return [message for message in messages if "Your film is" in message.content]
