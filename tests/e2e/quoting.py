"""Offers, in the words of the tests."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import discord
import simcord
from simcord.results import to_discord_message

from bot.db.models import Generation
from bot.provider.catalogue import CATALOGUE, build_request
from sandbox.world import World
from tests.e2e.driver import ask, eventually, rows
from tests.e2e.moderating import admin
from tests.e2e.reporting import buttons
from tests.e2e.videos import filled_in, options_of, question

GENERATE, CHANGE, CANCEL = BUTTONS = ["Generate", "Change", "Cancel"]
HEADING = "before you spend anything:**"


async def ask_first(world: World, *, is_on: bool = True, has_prices: bool = True) -> None:
    """Let the moderator switch the offers on or off, once the provider's prices are known."""
    await admin(world, "settings", ask_first=is_on)
    if has_prices:
        await prices_known(world)


async def prices_known(world: World, model: str = CATALOGUE[-1].id) -> None:
    """Wait until the program has the provider's prices, as shortly after a start; `model`: one of them."""
    request = build_request(model, "x", {})
    await eventually("the prices are known", lambda: world.app.prices.quote(request) is not None)


async def offered(
    world: World, channel: simcord.ChannelHandle | None = None, **options: Any
) -> discord.Message:
    """Let alice use /veo, and return the offer that she gets."""
    return offer_in(await ask(world, channel, **options))


def offer_in(answer: simcord.InteractionResult) -> discord.Message:
    """Return the offer that an answer is: private, and with its buttons."""
    message = question(answer)
    assert buttons(message) == BUTTONS, message.content
    assert HEADING in message.content
    return message


def now_shown(world: World, message: discord.Message) -> str:
    """Return the text that stands in the offer's place."""
    return str(world.env.backend.get_message(message.channel.id, message.id).content)


def buttons_now(world: World, message: discord.Message) -> list[str]:
    """Return the buttons that stand under it."""
    rows: Any = world.env.backend.get_message(message.channel.id, message.id).components
    return [button["label"] for row in rows for button in row["components"]]


def links_now(world: World, message: discord.Message) -> dict[str, str]:
    """Return what these buttons say and where they lead; all must be links."""
    rows: Any = world.env.backend.get_message(message.channel.id, message.id).components
    return {button["label"]: button["url"] for row in rows for button in row["components"]}


async def generate(world: World, message: discord.Message) -> Generation:
    """Let alice click Generate, and return what was accepted by that."""
    before = len(await rows(world))
    await world.alice.click(message, label=GENERATE)
    found = await rows(world)
    assert len(found) == before + 1, now_shown(world, message)
    return found[0]


def as_shown(world: World, message: discord.Message) -> discord.Message:
    """Return the message as it is now, buttons and all."""
    return to_discord_message(world.env, world.env.backend.get_message(message.channel.id, message.id))


@contextmanager
def buttons_kept(world: World, message: discord.Message) -> Generator[None]:
    """Let the buttons of now be there afterwards too, as for somebody who clicked them just before."""
    kept: Any = world.env.backend.get_message(message.channel.id, message.id).components
    yield
    stored: Any = world.env.backend.get_message(message.channel.id, message.id)
    stored.components = kept


async def send(
    world: World, form: simcord.InteractionResult, **changes: str | list[str]
) -> simcord.InteractionResult:
    """Let alice send a form as it opened, with `changes`."""
    lists = options_of(form)
    opened = {name: [value] if name in lists else value for name, value in filled_in(form).items()}
    return await world.alice.submit_modal(form, {**opened, **changes})


async def offers_of(world: World) -> list[dict[str, Any]]:
    """Return alice's offers, as she would be told of them."""
    return (await world.app.services.privacy.export(world.alice.id))["offers"]
