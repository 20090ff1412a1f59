"""Starts the whole program, and asks it for videos."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sandbox.provider import Provider
from tests.wire_discord import Message, WireDiscord
from tests.wire_discord.program import Program, bot_environment

ALICE, BOB = 11, 12
POST = "POST /channels/{channel_id}/messages"
GATEWAY = "GET /gateway"
REQUEST = {"prompt": "A fox in the snow", "duration": 4}


class Starter:
    """Starts the program, again and again on the same database."""

    def __init__(self, wire: WireDiscord, provider: Provider, folder: Path) -> None:
        self.wire = wire
        self.provider = provider
        self.folder = folder

    def start(self, **settings: object) -> Program:
        """Return the program."""
        environment = bot_environment(self.wire, self.provider, self.folder / "data", **settings)
        return Program(["-m", "bot", "run"], environment, self.folder)

    def end_leases(self) -> None:
        """Let the time of a killed process's leases (`GenerationQueue.lease`) pass."""
        with closing(sqlite3.connect(self.folder / "data" / "veo.db")) as database, database:
            database.execute("UPDATE generations SET lease_until = '2000-01-01 00:00:00.000000'")


async def ask(wire: WireDiscord, user_id: int = ALICE, channel_id: int | None = None) -> Message:
    """Ask for a video as soon as the bot is there; return the card."""
    await wire.wait_for_sessions()
    card = await (await wire.interact(user_id, "veo", REQUEST, channel_id=channel_id)).answered()
    assert card
    return card
