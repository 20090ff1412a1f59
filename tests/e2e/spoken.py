"""What the bot said to people, read from its requests to Discord."""

from collections.abc import Iterator
from typing import Any

import discord
import simcord.interactions

from sandbox.world import World
from tests.pseudo import LOCALE, bare_words

# Fields that people read, wherever they are in a request; "value" and "name" are such in embeds only.
READ = frozenset({"content", "label", "placeholder", "title", "description", "text"})
READ_IN_EMBEDS = READ | {"name", "value"}


def said(world: World, since: int = 0) -> Iterator[tuple[str, str]]:
    """Yield the path of each request and each text in it, from the request with the number `since` on."""
    for request in world.env.http_requests[since:]:
        if not request.path.endswith("/commands"):
            yield from ((request.path, text) for text in _texts(request.json, READ))


def bare_lines(world: World, *allowed: str, since: int = 0) -> list[str]:
    """Return the lines with words of no catalogue, but for `allowed` ones: names, and what members wrote."""
    return [
        f"{path[-9:]}: {line}"
        for path, text in said(world, since)
        for line in text.split("\n")
        if bare_words(line, *allowed)
    ]


def _texts(body: Any, keys: frozenset[str]) -> Iterator[str]:
    if isinstance(body, list):
        for part in body:  # pyright: ignore[reportUnknownVariableType]: JSON
            yield from _texts(part, keys)
    if not isinstance(body, dict):
        return
    for key, value in body.items():  # pyright: ignore[reportUnknownVariableType]: JSON
        if isinstance(value, str) and key in keys:
            yield value
        else:
            yield from _texts(value, READ_IN_EMBEDS if key == "embeds" else keys)


def speak_pseudo(monkeypatch: Any) -> None:
    """Let everybody's Discord be set to the pseudo-language."""
    build = simcord.interactions.base_payload

    def build_with_locale(*args: Any, **more: Any) -> Any:
        record, payload = build(*args, **more)
        return record, {**payload, "locale": LOCALE, "guild_locale": LOCALE}

    monkeypatch.setattr(simcord.interactions, "base_payload", build_with_locale)


def set_guild_locale(world: World, locale: discord.Locale = discord.Locale.finnish) -> None:
    """Let the server's language be the pseudo-language too."""
    guild = world.app.bot.get_guild(world.guild.id)
    assert guild is not None
    guild.preferred_locale = locale


def id_of(message: Any, part: str) -> str:
    """Return the custom id of the one button of a message that has `part` in it; labels are translated."""
    rows: list[Any] = [row for row in message.components if isinstance(row, discord.ActionRow)]
    found = [str(child.custom_id) for row in rows for child in row.children if part in str(child.custom_id)]
    assert len(found) == 1, f"one button {part!r} was expected, not {found}"
    return found[0]
