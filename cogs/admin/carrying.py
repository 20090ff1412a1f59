"""Carrying a server's rules to another one: the file of `/veo-admin export`, and the preview of an import."""

import io

import discord

from bot.errors import BadInputError
from bot.i18n import _
from bot.moderation.portable import ServerNames
from bot.preview.proposal import Proposal
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.targets import UNKNOWN_SERVER, known_guild
from cogs.quota.preview import COMMAND as QUOTA
from cogs.quota.preview import show_proposal
from cogs.ui.interaction import Interaction
from cogs.ui.permissions import MODERATOR_CHANNEL_NEEDS, missing

FILE_NAME = "veo-bot-rules.json"


async def send_rules(interaction: Interaction) -> None:
    """Answer with the server's rules as a file; limits and budgets are for those who can use `/quota`."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await ensure_moderator(interaction, QUOTA)
    guild = _guild_of(interaction)
    content = await interaction.client.services.imports.export(guild.id, names_of(guild))
    file = discord.File(io.BytesIO(content), FILE_NAME)
    await interaction.edit_original_response(content=_exported(), attachments=[file])


async def propose_import(interaction: Interaction, file: discord.Attachment) -> None:
    """Answer with what the rules of a file would change here."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await ensure_moderator(interaction, QUOTA)
    imports, here = interaction.client.services.imports, names_of(_guild_of(interaction))
    imported = await imports.read(file.url, file.size, here)
    await show_proposal(interaction, Proposal(imported=imported), frozenset())


def names_of(guild: discord.Guild) -> ServerNames:
    """Return what a server's roles and channels are called, and where the bot can post for moderators."""
    channels = [channel for channel in guild.channels if not isinstance(channel, discord.CategoryChannel)]
    text_channels = [channel for channel in channels if isinstance(channel, discord.TextChannel)]
    return ServerNames(
        guild.name,
        roles={role.id: role.name for role in guild.roles if not role.is_default()},
        channels={channel.id: channel.name for channel in channels},
        moderator_channels=frozenset(channel.id for channel in text_channels),
        postable=frozenset(channel.id for channel in text_channels if _can_post(guild, channel)),
    )


def _can_post(guild: discord.Guild, channel: discord.TextChannel) -> bool:
    return not missing(channel.permissions_for(guild.me), MODERATOR_CHANNEL_NEEDS)


def _guild_of(interaction: Interaction) -> discord.Guild:
    guild = known_guild(interaction)
    if guild is None:
        raise BadInputError(_(UNKNOWN_SERVER))
    return guild


def _exported() -> str:
    return _(
        "📤 **Rules of this server.** On another server, `/veo-admin import` takes this file and shows what "
        "it would change. Limits of individual members, blocks, extra videos and a pause aren't in it."
    )
