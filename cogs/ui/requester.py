"""The user of a command, and where its result can go.

Discord is asked about private threads and about members' roles: the bot keeps no list of members.
"""

import asyncio
from collections.abc import Collection
from typing import LiteralString

import discord
import structlog

from bot.admission.check_request import Requester
from bot.db.models import Placement
from bot.errors import UserError
from bot.i18n import N_, _, format_and
from cogs.ui.discord_errors import CALL_ERRORS
from cogs.ui.interaction import Interaction

# Only these can hold threads; in threads, posts and voice channels the result goes to the place itself.
THREAD_PARENTS = (discord.TextChannel,)
NOT_INSIDE = frozenset({10003, 50001})  # unknown channel, missing access
DISCORD_TIMEOUT_SECONDS = 1.0  # the answer to the command cannot be put off


OUTSIDE = N_(
    "I'm not in this private thread, so I can't post the video here. Mention me to add me, or "
    "use another channel. This didn't count toward your limit."
)
BATCH = 100  # members of one question, which is Discord's maximum
MAX_MEMBERS = 1_000  # members that are asked about; a gateway takes 120 questions a minute of everything
ROLES_TIMEOUT_SECONDS = 5.0  # for all questions

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class CannotPostError(UserError):
    """The bot may not post where the command was used."""


def requester_of(interaction: Interaction) -> Requester:
    """Return who asks, and decide where the result will go.

    Raises:
        CannotPostError: the bot lacks a permission there, so that the result could not arrive.
    """
    if interaction.guild_id is None or interaction.channel_id is None:
        raise CannotPostError(_("I only make videos in servers. Use the command there."))
    channel = interaction.channel
    return Requester(
        interaction_id=interaction.id,
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id,
        user_id=interaction.user.id,
        placement=_placement(interaction),
        role_ids=role_ids_of(interaction.user),
        parent_id=channel.parent_id if isinstance(channel, discord.Thread) else None,
        locale=interaction.locale.value,
        may_reply=isinstance(channel, discord.Thread) or interaction.app_permissions.send_messages,
        joined_at=interaction.user.joined_at if isinstance(interaction.user, discord.Member) else None,
    )


async def ensure_inside(interaction: Interaction) -> None:
    """Check that the bot is in the private thread that the command was used in, if it is one.

    Discord takes the answer to a command there from everybody, but messages and edits only from the thread's
    members and from who may manage threads; no permission tells. Where Discord does not tell in time, the
    bot is taken for a member.

    Raises:
        CannotPostError: it is not.
    """
    channel = interaction.channel
    is_private = isinstance(channel, discord.Thread) and channel.is_private()
    if channel is None or not is_private or interaction.app_permissions.manage_threads:
        return
    try:
        async with asyncio.timeout(DISCORD_TIMEOUT_SECONDS):
            await interaction.client.http.get_channel(channel.id)
    except CALL_ERRORS as error:
        if isinstance(error, discord.HTTPException) and error.code in NOT_INSIDE:
            raise CannotPostError(_(OUTSIDE)) from error
        log.info("could not look up a private thread", channel=channel.id, error=str(error))


def role_ids_of(user: discord.User | discord.Member) -> frozenset[int]:
    """Return the ids of a member's roles, without @everyone; from the interaction, not from memory.

    `Member.roles` leaves out what the gateway has not told of the server yet, as right after a start.
    """
    if not isinstance(user, discord.Member):
        return frozenset()
    role_ids = user._roles  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]: nothing public has all ids
    return frozenset(role_ids) - {user.guild.id}


def _placement(interaction: Interaction) -> Placement:
    allowed = interaction.app_permissions
    if not allowed.view_channel or not allowed.attach_files:
        raise _cannot_post(N_("View Channel"), N_("Attach Files"))
    if isinstance(interaction.channel, discord.Thread):
        if not allowed.send_messages_in_threads:
            raise _cannot_post(N_("Send Messages in Threads"))
        if interaction.channel.locked and not allowed.manage_threads:
            raise _cannot_post(N_("Manage Threads"))
        return Placement.CHANNEL
    in_parent = isinstance(interaction.channel, THREAD_PARENTS)
    if in_parent and allowed.create_public_threads and allowed.send_messages_in_threads:
        return Placement.THREAD
    if not allowed.send_messages:
        raise _cannot_post(N_("Send Messages"))
    return Placement.CHANNEL


def _cannot_post(*names: LiteralString) -> CannotPostError:
    return CannotPostError(
        _(
            "I can't post the video here: I'm missing {names}. Use another channel or ask a "
            "moderator. This didn't count toward your limit.",
            names=format_and(_(name) for name in names),
        )
    )


async def find_roles(interaction: Interaction, user_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Return the roles of these members; who isn't in the server or can't be asked about is left out."""
    guild, wanted = interaction.guild, sorted(user_ids)[:MAX_MEMBERS]
    found: dict[int, frozenset[int]] = {}
    if guild is None:
        return found
    try:
        async with asyncio.timeout(ROLES_TIMEOUT_SECONDS):
            for start in range(0, len(wanted), BATCH):
                batch = wanted[start : start + BATCH]
                members = await guild.query_members(user_ids=batch, limit=BATCH, cache=False)
                found.update({member.id: role_ids_of(member) for member in members})
    # RuntimeError: discord.py has no connection to ask through.
    except (*CALL_ERRORS, discord.ClientException, RuntimeError) as error:
        log.warning("could not read members' roles", guild=guild.id, error=str(error))
    return found
