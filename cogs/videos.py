"""The /videos command, and the buttons of all videos: they answer also under messages of an earlier run."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import VeoBot
from bot.results.history import History
from cogs.ui.card_items import StopButton
from cogs.ui.delete_items import ConfirmButton, DeleteButton, KeepButton
from cogs.ui.history_view import HistoryButton, show_history
from cogs.ui.repeat_items import RemixButton, RerollButton
from cogs.ui.repost_items import RepostButton


class VideosCog(commands.Cog):
    """Lets members look through what they asked for."""

    def __init__(self, history: History) -> None:
        self._history = history

    @app_commands.command(name="videos", description="Browse your videos on this server")
    async def videos(self, interaction: discord.Interaction) -> None:
        """Show the newest one, with buttons to the others."""
        await show_history(interaction, self._history)


async def setup(bot: VeoBot) -> None:
    """Add the command and register the buttons; discord.py calls this."""
    bot.add_dynamic_items(StopButton, RerollButton, RemixButton, RepostButton, HistoryButton)
    bot.add_dynamic_items(DeleteButton, ConfirmButton, KeepButton)
    await bot.add_cog(VideosCog(bot.services.history))
