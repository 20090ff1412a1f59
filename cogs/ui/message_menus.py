"""Commands in the menu of a message. Discord lets a program have 15, and discord.py 2.7 five."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, ClassVar

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord_client.client import VeoBot
from cogs.ui.interaction import Interaction

Callback = Callable[[Interaction, discord.Message], Coroutine[Any, Any, None]]
Menu = tuple[str, Callback, str]  # its name, what it does, and what that is in words


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
