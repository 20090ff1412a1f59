"""The target of a moderator's command, checked: Discord lets people name bots, strangers and @everyone."""

import discord

from bot.errors import BadInputError
from bot.i18n import N_, _
from bot.moderation.decisions import Moderator
from bot.moderation.rules import SERVER, Subject
from bot.policy.documents import Scope
from cogs.ui.interaction import Interaction

UNKNOWN_SERVER = N_("I don't know this server yet. Try again in a minute. Nothing changed.")


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
