"""Check whether somebody is still on a server."""

import asyncio

import discord

from cogs.ui.discord_errors import CALL_ERRORS, UNREADABLE

UNKNOWN_MEMBER = 10007  # Discord: nobody on the server has this ID
TIMEOUT = 10.0  # seconds that an answer is worth; discord.py tries for minutes


async def has_left(client: discord.Client, guild_id: int, user_id: int) -> bool:
    """Whether somebody is not on a server any more; no, while Discord does not tell."""
    return await has_left_if_known(client, guild_id, user_id) is True


async def has_left_if_known(client: discord.Client, guild_id: int, user_id: int) -> bool | None:
    """Whether somebody is not on a server any more; None: Discord does not tell."""
    try:
        async with asyncio.timeout(TIMEOUT):
            await client.http.get_member(guild_id, user_id)
    except (*CALL_ERRORS, *UNREADABLE) as error:
        return True if isinstance(error, discord.HTTPException) and error.code == UNKNOWN_MEMBER else None
    return False
