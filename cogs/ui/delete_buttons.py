"""The looks of the buttons that delete a message of ours: the first one asks, the second one does it."""

import discord

from bot.i18n import NC_
from cogs.ui.items import Item


class AskingButton(Item):
    """Base of those that ask whether it is to be deleted."""

    label = NC_("button", "Delete")
    emoji = "🗑️"


class DeletingButton(Item):
    """Base of those that delete it."""

    label = NC_("button", "Delete it")
    style = discord.ButtonStyle.danger
