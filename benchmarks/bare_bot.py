"""The least that discord.py needs to answer a slash command: what the benchmark compares with."""

import os

import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route


class BareBot(discord.Client):
    """Answers /ok with "ok"."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), max_messages=None)
        self.tree = app_commands.CommandTree(self)

    async def setup_hook(self) -> None:
        """Tell Discord about the command."""
        await self.tree.sync()


def main() -> None:
    """Run until killed."""
    Route.BASE = os.environ["DISCORD_API_BASE"]
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["DISCORD_GATEWAY_URL"])
    bot = BareBot()

    @bot.tree.command(name="ok", description="Answer")
    async def answer(interaction: discord.Interaction) -> None:  # pyright: ignore[reportUnusedFunction]: the tree calls it
        await interaction.response.send_message("ok")

    bot.run(os.environ["DISCORD_TOKEN"], log_handler=None)


if __name__ == "__main__":
    main()
