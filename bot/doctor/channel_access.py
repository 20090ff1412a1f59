"""The bot's access to a channel, found out without writing: from the channel and the roles.

Source: "Permissions" in Discord's documentation, "Permission Overwrites" with its order of steps.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from bot.doctor.required_permissions import ADMINISTRATOR, MODERATOR_CHANNEL_NEEDS, lacking, names

Read = Callable[[str], Awaitable[tuple[int, Any]]]  # a path of Discord's REST API: status and JSON
Answer = TypeVar("Answer", bound=BaseModel)

TEXT_TYPES = frozenset({0, 2, 5, 13})  # text, voice, announcements, stage: messages can be written there
OTHERS_TYPES = frozenset({1, 3, 10, 11, 12})  # direct messages and threads have no overwrites of their own
NO_CHANNEL = "there's no such channel"
UNSEEN = "the bot can't see that channel"
NOT_FOR_MESSAGES = "that kind of channel has no messages"


class AccessUnknownError(Exception):
    """Discord did not answer usefully."""


class Overwrite(BaseModel):
    """A channel's permissions, allowed or taken away; `id`: of a role or member."""

    id: int
    allow: int = 0
    deny: int = 0


class ChannelInfo(BaseModel):
    """A channel as Discord shows it to the bot."""

    type: int
    guild_id: int | None = None
    permission_overwrites: list[Overwrite] = []


class RoleInfo(BaseModel):
    """A role of a server."""

    id: int
    permissions: int


class GuildInfo(BaseModel):
    """A server with its roles."""

    id: int
    owner_id: int
    roles: list[RoleInfo]


class MemberInfo(BaseModel):
    """The bot as a member of the server."""

    roles: list[int]


async def find_refusal(read: Read, channel_id: int, user_id: int) -> str:
    """Return why the bot (`user_id`) cannot write in a channel; empty: it can.

    Raises:
        AccessUnknownError: Discord does not tell now.
    """
    status, body = await read(f"/channels/{channel_id}")
    if status in {400, 404}:
        return NO_CHANNEL
    if status == 403:
        return UNSEEN
    channel = _parsed(ChannelInfo, status, body)
    if channel.type in OTHERS_TYPES:
        return ""
    if channel.type not in TEXT_TYPES or channel.guild_id is None:
        return NOT_FOR_MESSAGES
    guild = _parsed(GuildInfo, *await read(f"/guilds/{channel.guild_id}"))
    member = _parsed(MemberInfo, *await read(f"/guilds/{channel.guild_id}/members/{user_id}"))
    missing = lacking(permissions_in(channel, guild, member, user_id), MODERATOR_CHANNEL_NEEDS)
    return f"the bot is missing {names(missing)} there" if missing else ""


def permissions_in(channel: ChannelInfo, guild: GuildInfo, member: MemberInfo, user_id: int) -> int:
    """Return what a member may do in a channel: the roles' permissions, then the channel's overwrites."""
    own_roles = {guild.id, *member.roles}  # the role of everyone has the server's id
    allowed = 0
    for role in guild.roles:
        if role.id in own_roles:
            allowed |= role.permissions
    if guild.owner_id == user_id:
        allowed |= ADMINISTRATOR
    for ids in ({guild.id}, set(member.roles), {user_id}):
        chosen = [overwrite for overwrite in channel.permission_overwrites if overwrite.id in ids]
        allowed = allowed & ~_together([each.deny for each in chosen]) | _together(
            [each.allow for each in chosen]
        )
    return allowed


def _together(permissions: Sequence[int]) -> int:
    whole = 0
    for some in permissions:
        whole |= some
    return whole


def _parsed(answer: type[Answer], status: int, body: object) -> Answer:
    if status != 200:
        raise AccessUnknownError(f"it answered {status}")
    try:
        return answer.model_validate(body)
    except ValueError as error:
        raise AccessUnknownError("its answer is invalid") from error
