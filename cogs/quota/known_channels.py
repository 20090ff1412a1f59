"""The channels and threads of a server that the gateway has told about."""

from collections.abc import Mapping

import discord


def known_channels(guild: discord.Guild | None) -> Mapping[int, int | None]:
    """Return of each channel and open thread what it's a thread of; None: of nothing."""
    if guild is None:
        return {}
    channels: dict[int, int | None] = {channel.id: None for channel in guild.channels}
    return channels | {thread.id: thread.parent_id for thread in guild.threads}
