"""The /videos command, and the buttons of all videos: they answer also under messages of an earlier run."""

from discord import app_commands
from discord.ext import commands

from bot.discord_client.client import VeoBot
from cogs.cards.card_message import StopButton
from cogs.ui.interaction import Interaction
from cogs.videos.continue_button import ContinueButton, ExtendButton
from cogs.videos.delete_buttons import ConfirmButton, DeleteButton, KeepButton
from cogs.videos.history_view import HistoryButton, show_history
from cogs.videos.repeat_buttons import RemixButton, RerollButton, SuccessorButton
from cogs.videos.repost import RepostButton


class VideosCog(commands.Cog):
    """Lets members look through what they asked for."""

    @app_commands.command(name="videos", description="Browse your videos on this server")
    async def videos(self, interaction: Interaction) -> None:
        """Show the newest one, with buttons to the others."""
        await show_history(interaction)


async def setup(bot: VeoBot) -> None:
    """Add the command and register the buttons; discord.py calls this."""
    bot.add_dynamic_items(StopButton, RerollButton, RemixButton, SuccessorButton)
    bot.add_dynamic_items(ContinueButton, ExtendButton, RepostButton, HistoryButton)
    bot.add_dynamic_items(DeleteButton, ConfirmButton, KeepButton)
    await bot.add_cog(VideosCog())
