"""Commands in the menu of a message. Discord lets a program have 15, and discord.py 2.7 five."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, ClassVar

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord_client.client import VeoBot
from bot.i18n import N_
from bot.markup import in_words
from cogs.ui.interaction import Interaction
from cogs.ui.markup_names import names_of

Callback = Callable[[Interaction, discord.Message], Coroutine[Any, Any, None]]
Menu = tuple[str, Callback, str]  # its name, what it does, and what that is in words

NO_TEXT = N_("That message has no text to use as a prompt. This didn't count toward your limit.")


def text_of(interaction: Interaction, message: discord.Message) -> str:
    """Return what a message says, or what it forwards, with names in place of mentions."""
    names = names_of(interaction)
    texts = (message.content, *(snapshot.content for snapshot in message.message_snapshots))
    return next((said for text in texts if (said := in_words(text, names))), "")


class MessageMenus(commands.Cog):
    """Base of cogs with such commands, of which discord.py knows nothing: give `menus`."""

    menus: ClassVar[Sequence[Menu]]

    def __init__(self, bot: VeoBot) -> None:
        self._tree = bot.tree
        self._menus = [
            app_commands.ContextMenu(name=name, callback=callback, extras={"description": description})
            for name, callback, description in self.menus
        ]

    async def cog_load(self) -> None:
        """Add the commands."""
        for menu in self._menus:
            self._tree.add_command(menu)

    async def cog_unload(self) -> None:
        """Remove them again."""
        for menu in self._menus:
            self._tree.remove_command(menu.name, type=menu.type)
