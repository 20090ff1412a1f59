"""Discord's part in an undo: whether the decision's subject still exists."""

import discord
import structlog

from bot.errors import BadInputError, UserError
from bot.i18n import _
from bot.moderation.decided import Decision
from bot.policy.documents import ReviewRule
from cogs.moderation.server_warnings import is_role_gone
from cogs.moderation.setting_parsers import parse_moderators_channel
from cogs.moderation.targets import UNKNOWN_SERVER, known_guild
from cogs.ui.discord_errors import CALL_ERRORS
from cogs.ui.interaction import Interaction

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class RoleGoneError(UserError):
    """Limits of a deleted role would be restored."""

    def __init__(self) -> None:
        super().__init__(_("That role no longer exists, so its limits can't be restored. Nothing changed."))


class ReviewedRoleGoneError(UserError):
    """The requests of a deleted role would wait for moderators, so nobody's would."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The earlier settings name a role that no longer exists. Choose whose requests wait for you "
                "with `/veo-admin settings review`. Nothing changed."
            )
        )


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
    """Check that what would be restored is about a role and channels that exist, and that the bot can post.

    What an import replaced comes back as a whole, also where some of it is gone, which settings then say.

    Raises:
        BadInputError: the bot can't write in the moderators' channel, or doesn't know the server yet.
        RoleGoneError, ReviewedRoleGoneError: the role was deleted.
        ChannelGoneError: a channel was deleted.
    """
    before = decision.before or {}
    scope, _colon, number = decision.subject.partition(":")
    is_role = scope == "role" and bool(before)
    channels, moderators_channel_id = before.get("channels", ()), before.get("moderators_channel_id")
    review = before.get("review")
    if not (is_role or channels or moderators_channel_id or review):
        return
    guild = known_guild(interaction)
    if guild is None:
        raise BadInputError(_(UNKNOWN_SERVER))
    if is_role and guild.get_role(int(number)) is None:
        raise RoleGoneError
    if review and is_role_gone(guild, ReviewRule.model_validate(review)):
        raise ReviewedRoleGoneError
    for channel_id in channels:
        if guild.get_channel(channel_id) is None:
            raise ChannelGoneError(channel_id)
    if moderators_channel_id:
        _ensure_can_post(guild, moderators_channel_id)


def _ensure_can_post(guild: discord.Guild, channel_id: int) -> None:
    channel = guild.get_channel(channel_id)
    if not isinstance(channel, discord.TextChannel):
        raise ChannelGoneError(channel_id)
    parse_moderators_channel(channel, guild)


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
        log.warning("could not check whether a member has left", error=str(error))
    return False
