"""The /usage command: what a member may still ask for."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.admission.allowance import Allowances
from bot.client import VeoBot
from cogs.ui.asker import role_ids_of
from cogs.ui.usage_text import usage_text


class UsageCog(commands.Cog):
    """Tells members how they stand."""

    def __init__(self, allowances: Allowances) -> None:
        self._allowances = allowances

    @app_commands.command(
        name="usage", description="Show how many videos you can request and what you've used"
    )
    async def usage(self, interaction: discord.Interaction) -> None:
        """Show the member's limits, use and grants."""
        guild_id, user = interaction.guild_id or 0, interaction.user  # the tree is for servers only
        allowance = await self._allowances.read(guild_id, user.id, role_ids_of(user))
        await interaction.response.send_message(usage_text(allowance), ephemeral=True)


async def setup(bot: VeoBot) -> None:
    """Add the cog; discord.py calls this."""
    await bot.add_cog(UsageCog(bot.services.allowances))
