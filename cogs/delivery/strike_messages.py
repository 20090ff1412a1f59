"""Direct messages about strikes (see `bot.moderation.strike_notices.MemberMessages`)."""

from collections.abc import Mapping
from typing import LiteralString

import discord

from bot.db.guild_models import StrikeKind
from bot.escape import plain
from bot.i18n import N_, _, locale_used
from bot.jobs.ports import UndeliverableError
from bot.moderation.strike_notices import Notice
from bot.policy.phrases import block_end
from bot.policy.strikes import describe_strikes
from cogs.ui.discord_errors import CALL_ERRORS, Remedy, classify_error, postponed
from cogs.ui.servers import Servers

NAME_LENGTH = 100  # characters of a server's name

WHY: Mapping[StrikeKind, LiteralString] = {
    StrikeKind.WORD: N_("Your request contained something the server doesn't allow."),
    StrikeKind.SAFETY: N_("The video service's safety filter rejected your prompt."),
    StrikeKind.REPORT: N_("A moderator deleted your video after a report."),
}
FILM_DELETED = N_("A moderator deleted your film after a report.")


class DiscordMemberMessages:
    """Sends them with the bot's own token."""

    def __init__(self, client: discord.Client, servers: Servers) -> None:
        self._client = client
        self._servers = servers

    async def tell_strike(self, notice: Notice) -> None:
        """Send what a member has to know of a strike.

        Raises:
            DeliveryPostponedError: later perhaps.
            UndeliverableError: they take no messages.
        """
        row = notice.row
        guild = await self._servers.find(row.guild_id)
        with locale_used(row.locale):
            text = strike_message(notice, guild and guild.name)
        try:
            channel = await self._client.create_dm(discord.Object(row.user_id))
            await channel.send(
                text,
                nonce=f"strike-{row.id}",
                suppress_embeds=True,
                allowed_mentions=discord.AllowedMentions.none(),
            )
        except CALL_ERRORS as error:
            if classify_error(error) is Remedy.LATER:
                raise postponed(error) from error
            raise UndeliverableError(str(error)) from error


def strike_message(notice: Notice, server: str | None) -> str:
    """Return the text of a message; `server`: its name, None: not known."""
    if server is None:
        heading = _("⚠️ **You got a strike on a server where you use /veo.**")
    else:
        heading = _("⚠️ **You got a strike on {server}.**", server=plain(server, NAME_LENGTH))
    why = _(FILM_DELETED if notice.is_film else WHY[notice.row.kind])
    how = describe_strikes(notice.struck.active)
    lines = [f"{heading} {why}", how]
    if notice.struck.block is not None:
        blocked = _("You're blocked from /veo there.")
        lines.append(f"{blocked} {block_end(notice.struck.block.until)}")
    lines.append(_("If you think that's a mistake, tell a moderator there."))
    return "\n".join(lines)
