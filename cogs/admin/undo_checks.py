"""What Discord has to say before a decision is undone: whether what it is about still exists."""

import discord
import structlog

from bot.errors import UserError
from bot.i18n import _
from bot.moderation.restoring import Decision
from cogs.moderation.targets import known_guild
from cogs.ui.discord_errors import CALL_ERRORS
from cogs.ui.interaction import Interaction

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class RoleGoneError(UserError):
    """Limits of a deleted role would be restored."""

    def __init__(self) -> None:
        super().__init__(_("That role no longer exists, so its limits can't be restored. Nothing changed."))


class ChannelGoneError(UserError):
    """A setting would name a deleted channel again."""

    def __init__(self, channel_id: int) -> None:
        super().__init__(
            _(
                "The earlier settings name a channel that no longer exists: <#{channel}>. "
                "Choose another one with `/veo-admin settings`. Nothing changed.",
                channel=channel_id,
            )
        )


def ensure_still_there(interaction: Interaction, decision: Decision) -> None:
    """Check that what would be restored is about a role and channels that exist.

    Raises:
        RoleGoneError: the role was deleted.
        ChannelGoneError: a channel was deleted.
    """
    guild, before = known_guild(interaction), decision.before
    if guild is None or before is None:
        return
    scope, _colon, number = decision.subject.partition(":")
    if scope == "role" and guild.get_role(int(number)) is None:
        raise RoleGoneError
    named = [*before.get("channels", ()), before.get("moderators_channel_id")]
    for channel_id in filter(None, named):
        if guild.get_channel(channel_id) is None:
            raise ChannelGoneError(channel_id)


async def has_left(interaction: Interaction, decision: Decision) -> bool:
    """Whether a decision is about a member who isn't on the server; False too where Discord doesn't say."""
    scope, _colon, number = decision.subject.partition(":")
    if scope != "member" or interaction.guild is None:
        return False
    try:
        await interaction.guild.fetch_member(int(number))
    except discord.NotFound:
        return True
    except CALL_ERRORS as error:
        log.warning("whether a member has left cannot be read", error=str(error))
    return False
