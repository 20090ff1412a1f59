"""Interactions as a changed client could make them up: nothing checks them on the way to discord.py."""

import copy
from typing import Any

import simcord
from simcord import interactions

from sandbox.world import World

COMMAND, COMPONENT, TYPING, FORM = 2, 3, 4, 5  # Discord's numbers of interactions

Sent = list[dict[str, Any]]


async def send_raw(
    world: World,
    who: simcord.MemberActor,
    kind: int,
    data: Any,
    more: dict[str, Any] | None = None,
    channel_id: int | None = None,
    source: int | None = None,
) -> Sent:
    """Let Discord hand on an interaction; return the bot's requests that followed, as they were sent."""
    backend, before = world.env.backend, len(world.env.http_requests)
    place = channel_id or next(iter(who.guild.channels.values())).id
    record, payload = interactions.base_payload(
        backend, type=kind, channel_id=place, guild_id=who.guild.id, user_id=who.id, data={}
    )
    payload.update({"data": data, **(more or {})})
    record.source_message_id = source
    _feed(world, payload)
    await world.env._settle_internal()  # pyright: ignore[reportPrivateUsage]: pinned version
    return [
        {"method": request.method, "path": request.path, "json": request.json}
        for request in world.env.http_requests[before:]
    ]


def answers_in(sent: Sent) -> Sent:
    """Return the bodies of the answers to interactions among requests."""
    return [request["json"] for request in sent if request["path"].endswith("/callback")]


def _feed(world: World, payload: dict[str, Any]) -> None:
    """Give it to discord.py as its gateway does; simcord would look into it first."""
    env: Any = world.env
    with env._bot_scope():
        env.bot._connection.parsers["INTERACTION_CREATE"](copy.deepcopy(payload))
