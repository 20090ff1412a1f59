"""The state of the moderators' channel, as far as the gateway has told. Pure."""

import discord

from bot.i18n import N_
from bot.jobs.ports import Posted
from cogs.ui.links import post_link
from cogs.ui.permissions import MODERATOR_CHANNEL_NEEDS, missing

UNUSABLE = N_(
    "⚠️ The moderators' channel {channel} is gone, or I can't write there. Nobody sees new reports, "
    "questions and requests that wait for you. Choose another one with `/veo-admin settings "
    "moderators_channel`, or allow my role to write there."
)


def is_usable(guild: discord.Guild | None, channel_id: int | None) -> bool:
    """Whether the bot can write there; yes, where no channel is set or the server isn't known (None)."""
    if guild is None or channel_id is None:
        return True
    channel = guild.get_channel(channel_id)
    return channel is not None and not missing(channel.permissions_for(guild.me), MODERATOR_CHANNEL_NEEDS)


def link_in(guild: discord.Guild | None, guild_id: int, post: Posted | None) -> str | None:
    """Return the address of a moderators' message; None: there's none, or its channel is known to be gone."""
    if post is None or post.channel_id is None:
        return None
    is_gone = guild is not None and guild.get_channel(post.channel_id) is None
    return None if is_gone else post_link(guild_id, post)
