"""What people do in a chaos run: members ask, moderators delete and cancel, an operator is curious."""

import asyncio
import random
import sqlite3
from contextlib import closing, suppress

from bot.errors import UserError
from tests.process.havoc import CLOSED_MODEL, FORBIDDEN_PROMPT
from tests.process.scene import Scene

MEMBERS = 30
PROMPTS = [f"A fox in the snow, take {number}" for number in range(6)]  # few, so that few are rendered
PROMPTS.append(FORBIDDEN_PROMPT)
ANSWER = 20  # the type of a message that answers a slash command
CLOSED = 0.05  # how often the model is chosen that the provider takes nothing for
VANDALISM = 0.05  # how often a card or a thread is deleted, per request
CANCELLED = 0.1  # how often a moderator cancels what is waited for, per request
UNREADABLE = 0.05  # how often the gateway sends an event that cannot be read, per request
LOCK_SECONDS = 4.0  # for which something else holds the database: longer than its busy time-out


async def ask(scene: Scene, chance: random.Random, channel_id: int) -> None:
    """Ask for a video as one of the members; do not wait for the answer."""
    request: dict[str, object] = {"prompt": chance.choice(PROMPTS), "duration": 4}
    if chance.random() < CLOSED:
        request["model"] = CLOSED_MODEL
    with suppress(LookupError):  # the first sync may not have arrived
        await scene.wire.interact(chance.randrange(MEMBERS) + 1, "veo", request, channel_id=channel_id)


def vandalise(scene: Scene, chance: random.Random) -> None:
    """Delete a card or an empty thread now and then, as a moderator may."""
    message = chance.choice(scene.wire.messages() or [None])
    if message is None or message.type != ANSWER or chance.random() > VANDALISM:
        return
    thread = scene.wire.thread_of(message)
    if thread is not None and not thread.messages:
        scene.wire.delete_channel(thread.id)
    elif thread is None:
        scene.wire.delete_message(message)


async def cancel(scene: Scene, chance: random.Random) -> None:
    """Cancel one that is waited for now and then, as a moderator may."""
    if chance.random() > CANCELLED:
        return
    here = (row for row in scene.rows() if row.guild_id == scene.wire.guild.id)
    waiting = [row for row in here if row.status in {"queued", "submitting", "running"}]
    if waiting:
        with suppress(UserError):  # finished meanwhile, or the database takes nothing
            await scene.cancel(chance.choice(waiting).id)


async def puzzle(scene: Scene, chance: random.Random) -> None:
    """Send an event that cannot be read, as the gateway may."""
    if chance.random() < UNREADABLE:
        odd = {"id": "1", "type": 0, "guild_id": str(scene.wire.guild.id)}  # no position
        await scene.wire.gateway.dispatch("CHANNEL_CREATE", odd, scene.wire.guild.id)


async def lock_database(scene: Scene, chance: random.Random, share: float) -> None:
    """Hold the database for a while, now and then, as a backup or a curious operator may."""
    if chance.random() >= share:
        return
    with closing(sqlite3.connect(scene.database, timeout=10, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(LOCK_SECONDS)
        connection.execute("ROLLBACK")
