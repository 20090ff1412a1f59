"""A client of the tests' own: the real discord.py, which hands every interaction to the test."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.wire_discord import WireDiscord

# As the bot would sync them.
COMMANDS: list[dict[str, object]] = [
    {
        "name": "paint",
        "description": "Paint",
        "options": [
            {"name": "text", "description": "Text", "type": 3, "required": True},
            {"name": "size", "description": "Size", "type": 4},
            {"name": "ratio", "description": "Ratio", "type": 10},
            {"name": "loud", "description": "Loud", "type": 5},
            {"name": "who", "description": "Who", "type": 6},
            {"name": "picture", "description": "Image", "type": 11},
        ],
    },
    {
        "name": "quota",
        "description": "Quota",
        "options": [
            {
                "name": "set",
                "description": "Set",
                "type": 1,
                "options": [{"name": "most", "description": "Most", "type": 4}],
            }
        ],
    },
]


class Probe(discord.Client):
    """Keeps what arrives; the test answers."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True, guild_messages=True), max_messages=None)
        self.arrived: asyncio.Queue[discord.Interaction] = asyncio.Queue()

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Hand it to the test."""
        self.arrived.put_nowait(interaction)

    async def next(self, seconds: float = 30.0) -> discord.Interaction:
        """Return the next interaction."""
        async with asyncio.timeout(seconds):
            return await self.arrived.get()


def point_to(wire: WireDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let discord.py speak to `wire`."""
    monkeypatch.setattr(Route, "BASE", wire.api_base)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(wire.gateway_url))


@asynccontextmanager
async def connected(
    wire: WireDiscord, prepare: Callable[[discord.Client], None] | None = None
) -> AsyncGenerator[Probe]:
    """Log a client in, sync `COMMANDS`, and connect it; discord.py must point to `wire`."""
    async with Probe() as client:
        if prepare is not None:
            prepare(client)
        await client.login(wire.token)
        await client.http.bulk_upsert_global_commands(wire.bot_id, COMMANDS)  # pyright: ignore[reportArgumentType]: plain dicts
        gateway = asyncio.create_task(client.connect())
        await wire.wait_for_sessions()
        yield client
        await client.close()
        await gateway
