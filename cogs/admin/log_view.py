"""The audit trail of /veo-admin log with its buttons. Their ids hold all they need."""

import re
from collections.abc import Sequence
from typing import Self

import discord

from bot.db.guild_models import AuditRow
from bot.i18n import N_, _, pgettext
from bot.moderation.service import Moderation
from cogs.moderation.audit_log import entry_line
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.targets import moderator_of
from cogs.ui.interaction import Interaction
from cogs.ui.items import Item, view_of
from cogs.ui.lists import MESSAGE_MAX_LENGTH

PAGE_SIZE = 10  # entries; fewer where they are long
HEADING = N_("📜 **What moderators did,** newest first:")


class LogButton(Item):
    """Shows the entries before one; 0: the newest."""

    action = "log"
    pattern = r"(?P<before>[0-9]{1,18})"

    def __init__(self, before: int, label: str = "") -> None:
        super().__init__(before, label=label)
        self._before = before

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Return what was clicked."""
        return cls(int(match["before"]))

    async def act(self, interaction: Interaction) -> None:
        """Turn the page."""
        await interaction.response.defer()
        await ensure_moderator(interaction)
        moderation: Moderation = interaction.client.services.moderation
        entries = await _fetch(interaction, moderation, self._before)
        await interaction.edit_original_response(content=render_log(entries), view=_view(entries))


async def show_log(interaction: Interaction, moderation: Moderation) -> None:
    """Answer with the newest entries of this server's trail."""
    entries = await _fetch(interaction, moderation, 0)
    await interaction.response.send_message(render_log(entries), view=_view(entries), ephemeral=True)


def render_log(entries: Sequence[AuditRow]) -> str:
    """Return as many of the entries as a page holds."""
    if not entries:
        return _("Moderators haven't done anything on this server yet.")
    return "\n".join([_(HEADING), *map(entry_line, fitting(entries))])


def fitting(entries: Sequence[AuditRow]) -> Sequence[AuditRow]:
    """Return the first entries that fit into one message together, at least one."""
    room = MESSAGE_MAX_LENGTH - len(_(HEADING))
    for number, entry in enumerate(entries[:PAGE_SIZE]):
        room -= len(entry_line(entry)) + 1
        if room < 0:
            return entries[: max(1, number)]
    return entries[:PAGE_SIZE]


async def _fetch(interaction: Interaction, moderation: Moderation, before: int) -> Sequence[AuditRow]:
    """Return a page's entries, and one more where there is one."""
    guild_id = moderator_of(interaction).guild_id
    return await moderation.list_log(guild_id, size=PAGE_SIZE + 1, before=before or None)


def _view(entries: Sequence[AuditRow]) -> discord.ui.View:
    newest = LogButton(0, pgettext("button", "Newest"))
    shown = fitting(entries)
    if len(shown) == len(entries):
        return view_of(newest)
    return view_of(newest, LogButton(shown[-1].id, pgettext("button", "Older")))
