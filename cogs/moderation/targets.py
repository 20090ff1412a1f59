"""The target of a moderator's command, checked: Discord lets people name bots, strangers and @everyone.

Whether somebody is still on a server is asked where it matters.
"""

import asyncio

import discord

from bot.errors import BadInputError
from bot.i18n import N_, _
from bot.moderation.decisions import Moderator
from bot.moderation.rules import SERVER, Subject
from bot.policy.documents import Scope
from cogs.ui.discord_errors import CALL_ERRORS, UNREADABLE
from cogs.ui.interaction import Interaction

UNKNOWN_SERVER = N_("I don't know this server yet. Try again in a minute. Nothing changed.")
UNKNOWN_MEMBER = 10007  # Discord: nobody on the server has this ID
TIMEOUT = 10.0  # seconds that an answer is worth; discord.py tries for minutes


def moderator_of(interaction: Interaction) -> Moderator:
    """Return who decides, and for which server.

    Raises:
        BadInputError: the command was not used in a server.
    """
    if interaction.guild_id is None:
        raise BadInputError(_("This only works in servers."))
    return Moderator(interaction.guild_id, interaction.user.id)


def known_guild(interaction: Interaction) -> discord.Guild | None:
    """Return the server with its channels and roles; None: the gateway has not told about it yet.

    discord.py then has one with nothing in it, though each server has @everyone.
    """
    guild = interaction.guild
    return guild if guild is not None and guild.roles else None


def ensure_member(target: discord.User | discord.Member) -> int:
    """Return the id of a member of this server.

    Raises:
        BadInputError: it is a bot, or somebody who is not in this server.
    """
    user_id = ensure_person(target)
    if not isinstance(target, discord.Member):
        raise BadInputError(_("That person isn't a member of this server. Nothing changed."))
    return user_id


def ensure_person(target: discord.User | discord.Member) -> int:
    """Return the id of a person, who may have left the server.

    Raises:
        BadInputError: it is a bot.
    """
    if target.bot:
        raise BadInputError(_("Bots can't request videos, so there's nothing to set for them."))
    return target.id


def subject_of(
    interaction: Interaction,
    member: discord.User | discord.Member | None,
    role: discord.Role | None,
) -> Subject:
    """Return whom a rule is for: the member, the role, or the server where neither is named.

    Raises:
        BadInputError: both are named, or one of them makes no sense.
    """
    if member is not None and role is not None:
        raise BadInputError(_("Choose a member or a role, not both. Nothing changed."))
    if member is not None:
        return Subject(Scope.MEMBER, ensure_member(member))
    if role is None:
        return SERVER
    if role.id == interaction.guild_id:
        raise BadInputError(
            _("@\u200beveryone is the whole server. Leave out `role` to set the server's limit.")
        )
    return Subject(Scope.ROLE, role.id)


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
