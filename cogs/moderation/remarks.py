"""Remarks below a saved import or undo: what it leaves to be mended, or doesn't end."""

import discord

from bot.errors import DatabaseBusyError
from bot.i18n import N_, _
from bot.moderation.decisions import Moderator
from bot.services import Services
from cogs.moderation.ladder import still_blocked
from cogs.moderation.server_warnings import find_warnings

UNREAD = N_(
    "I can't check right now whether anything needs your attention. `/veo-admin settings` and `/veo-admin "
    "strikes` will show it in a minute."
)


async def find_remarks(
    services: Services,
    by: Moderator,
    guild: discord.Guild | None,
    *,
    settings_changed: bool,
    strikes_off: bool,
) -> list[str]:
    """Return what's wrong with the settings where they were changed, and who's still blocked without strikes.

    It's written down already, so what can't be read now is said, and never raised.
    """
    remarks: list[str] = []
    try:
        if settings_changed:
            remarks += find_warnings(guild, await services.moderation.read(by.guild_id))
        if strikes_off and (blocked := (await services.strikes.change(by)).blocked):
            remarks.append(still_blocked(blocked))
    except DatabaseBusyError:
        remarks.append(_(UNREAD))
    return remarks
