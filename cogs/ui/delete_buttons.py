"""The looks of the buttons that delete a message of ours: the first one asks, the second one does it."""

import discord

from bot.i18n import pgettext
from cogs.ui.items import Item


class AskingButton(Item):
    """Base of those that ask whether it is to be deleted."""

    emoji = "🗑️"

    @classmethod
    def label(cls) -> str:
        """Return the usual label."""
        return pgettext("button", "Delete")


class DeletingButton(Item):
    """Base of those that delete it."""

    style = discord.ButtonStyle.danger

    @classmethod
    def label(cls) -> str:
        """Return the usual label."""
        return pgettext("button", "Delete it")
