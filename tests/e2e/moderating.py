"""What moderators do and see, in the words of the tests."""

from typing import Any

import simcord

from bot.db.models import Generation
from sandbox.world import World
from tests.e2e.driver import ask, rows, shown

BOUNDS = frozenset(
    {"min_length", "max_length", "min_value", "max_value", "choices", "autocomplete", "channel_types"}
)


async def admin(
    world: World,
    name: str,
    /,
    *,
    by: simcord.MemberActor | None = None,
    place: simcord.ChannelHandle | None = None,
    **options: Any,
) -> str:
    """Let mona (or `by`) use a command of /veo-admin in `#videos` (or `place`); return what only they see.

    `span` stands for the option that is called `for`.
    """
    return said(await use(world, name, by=by, place=place, **options))


async def use(
    world: World,
    name: str,
    /,
    *,
    by: simcord.MemberActor | None = None,
    place: simcord.ChannelHandle | None = None,
    **options: Any,
) -> simcord.InteractionResult:
    """Let mona (or `by`) use a command of /veo-admin, by default without a preview; return the answer."""
    if name in {"words add", "settings"}:
        options.setdefault("preview", False)
    renamed = {{"span": "for"}.get(option, option): value for option, value in options.items()}
    return await (by or world.mona).slash(place or world.channel, f"veo-admin {name}", **renamed)


def said(answer: simcord.InteractionResult) -> str:
    """Return the text of the answer, which nobody else may see and which must be possible."""
    message = shown(answer)
    assert message.ephemeral, "everybody sees what a moderator does"
    assert 0 < len(message.content) <= 2000, "Discord would refuse this"
    assert "on our side" not in message.content, "the command failed"
    return message.content


def labels(answer: simcord.InteractionResult) -> list[str]:
    """Return the labels of the buttons that can be pressed."""
    parts = [part for row in shown(answer).components for part in row["components"]]
    return [part["label"] for part in parts if not part.get("disabled")]


async def refused(
    world: World, *words: str, place: simcord.ChannelHandle | None = None, **options: Any
) -> str:
    """Let alice ask in vain; check that only she is told, with these words, and that nothing counts."""
    before = len(await rows(world))
    text = said(await ask(world, place, **options))
    for word in (*words, "This didn't count toward your limit."):
        assert word in text, f"{word!r} is not in {text!r}"
    assert len(await rows(world)) == before, "a refused request was recorded"
    return text


async def accepted(world: World, place: simcord.ChannelHandle | None = None, **options: Any) -> Generation:
    """Let alice ask for a video that the provider holds back; check that everybody sees the card."""
    world.provider.hold = True
    before = len(await rows(world))
    answer = await ask(world, place, **options)
    assert not shown(answer).ephemeral, shown(answer).content
    found = await rows(world)
    assert len(found) == before + 1
    return found[0]


async def without_bounds(world: World) -> None:
    """Register the commands anew without what Discord checks, as a modified client sees them."""
    bot = world.app.bot
    assert bot.application_id is not None
    commands: Any = [_loosened(command.to_dict(bot.tree)) for command in bot.tree.get_commands()]
    await bot.http.bulk_upsert_global_commands(bot.application_id, commands)


def command_id(world: World, name: str = "veo-admin") -> int:
    """Return the id of a command."""
    found = world.env.backend.find_command(name, world.guild.id)
    assert found is not None, f"/{name} is not registered"
    return int(found["id"])


def _loosened(part: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in part.items() if key not in BOUNDS}
    if "options" in part:
        kept["options"] = [_loosened(option) for option in part["options"]]
    return kept


def before_the_gateway_told(world: World) -> None:
    """Let the bot not know the server yet, as in the first seconds of a connection."""
    state: Any = world.app.bot._connection  # pyright: ignore[reportPrivateUsage]: not public
    state._remove_guild(world.app.bot.get_guild(world.guild.id))
