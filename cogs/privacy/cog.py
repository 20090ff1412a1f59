"""The /privacy commands: members get their own data, or delete it."""

import asyncio

from discord import app_commands
from discord.ext import commands

from bot.discord_client.client import VeoBot
from cogs.privacy.views import ForgetButton, KeepButton, export_file, export_text, question
from cogs.ui.interaction import Interaction
from cogs.ui.items import view_of


class PrivacyCog(
    commands.GroupCog, group_name="privacy", group_description="Get or delete what I have recorded about you"
):
    """Lets members get or delete their data."""

    @app_commands.command(name="export", description="Get everything recorded about your requests as a file")
    async def export(self, interaction: Interaction) -> None:
        """Hand out the member's data, to them alone."""
        await interaction.response.defer(ephemeral=True, thinking=True)  # an upload may take a while
        document = await interaction.client.services.privacy.export(interaction.user.id)
        file = await asyncio.to_thread(export_file, document)
        await interaction.followup.send(export_text(document), file=file, ephemeral=True)

    @app_commands.command(name="delete", description="Delete your prompts and the links to your videos")
    async def delete(self, interaction: Interaction) -> None:
        """Ask first; the buttons do it."""
        view = view_of(ForgetButton(interaction.user.id), KeepButton(interaction.user.id))
        await interaction.response.send_message(question(), view=view, ephemeral=True)


async def setup(bot: VeoBot) -> None:
    """Add the commands and their buttons; discord.py calls this."""
    bot.add_dynamic_items(ForgetButton, KeepButton)
    await bot.add_cog(PrivacyCog())
