"""The roles of members, as Discord tells them: the bot keeps no list of members."""

import asyncio
from collections.abc import Collection

import discord
import structlog

from cogs.ui.discord_errors import CALL_ERRORS
from cogs.ui.interaction import Interaction
from cogs.ui.requester import role_ids_of

BATCH = 100  # members of one question, which is Discord's maximum
MAX_MEMBERS = 1_000  # members that are asked about; a gateway takes 120 questions a minute of everything
DISCORD_TIMEOUT_SECONDS = 5.0  # for all questions

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def find_roles(interaction: Interaction, user_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Return the roles of these members; who isn't in the server or can't be asked about is left out."""
    guild, wanted = interaction.guild, sorted(user_ids)[:MAX_MEMBERS]
    found: dict[int, frozenset[int]] = {}
    if guild is None:
        return found
    try:
        async with asyncio.timeout(DISCORD_TIMEOUT_SECONDS):
            for start in range(0, len(wanted), BATCH):
                batch = wanted[start : start + BATCH]
                members = await guild.query_members(user_ids=batch, limit=BATCH, cache=False)
                found.update({member.id: role_ids_of(member) for member in members})
    # RuntimeError: discord.py has no connection to ask through.
    except (*CALL_ERRORS, discord.ClientException, RuntimeError) as error:
        log.warning("could not read members' roles", guild=guild.id, error=str(error))
    return found
