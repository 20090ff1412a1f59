"""The /usage command: what a member may still ask for."""

from discord import app_commands
from discord.ext import commands

from bot.discord_client.client import VeoBot
from cogs.ui.interaction import Interaction
from cogs.ui.requester import role_ids_of
from cogs.usage.usage_text import usage_text


class UsageCog(commands.Cog):
    """Tells members how they stand."""

    @app_commands.command(
        name="usage", description="Show how many videos you can request and what you've used"
    )
    async def usage(self, interaction: Interaction) -> None:
        """Show the member's limits, use and grants."""
        guild_id, user = interaction.guild_id or 0, interaction.user  # the tree is for servers only
        entitlements = interaction.client.services.entitlements
        entitlement = await entitlements.read(guild_id, user.id, role_ids_of(user))
        await interaction.response.send_message(usage_text(entitlement), ephemeral=True)


async def setup(bot: VeoBot) -> None:
    """Add the cog; discord.py calls this."""
    await bot.add_cog(UsageCog())
