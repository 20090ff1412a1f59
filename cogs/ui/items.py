"""Buttons and forms that outlive a restart, and whose errors reach the person who used them.

A button's state is in its custom id, so nothing is kept in memory. All items of a view have to be such
buttons, and the view must have no timeout: discord.py's `ViewStore` unregisters the pattern of a button for
the whole program when a view that also has other items ends.
"""

from typing import Any

import discord

from bot.language import speaking
from bot.replies import keep_pace, reply_with_error

FORM_TIMEOUT = 900.0  # seconds in which a form can be sent; discord.py keeps an open one in memory

Interaction = discord.Interaction[Any]


# The pattern of the base itself matches nothing.
class Item(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"(?!)"):
    """Base of our buttons: give a `template`, `from_custom_id` and `act`.

    Register each class with `bot.add_dynamic_items`.
    """

    async def callback(self, interaction: Interaction) -> None:
        """Do what the button is for; discord.py would only log an error."""
        with speaking(interaction.locale.value):
            try:
                if await keep_pace(interaction):
                    await self.act(interaction)
            except Exception as error:  # noqa: BLE001 it is logged where it becomes a reply
                await reply_with_error(interaction, error)

    async def act(self, interaction: Interaction) -> None:
        """Do what the button is for; every error becomes a reply."""
        raise NotImplementedError


class Form(discord.ui.Modal):
    """Base of our forms: give `act`.

    One that is open while the program restarts cannot be sent any more: Discord says so.

    Args:
        title: in the language of whoever opens it.
    """

    def __init__(self, title: str) -> None:
        super().__init__(title=title, timeout=FORM_TIMEOUT)

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Do what the form is for."""
        with speaking(interaction.locale.value):
            if await keep_pace(interaction):
                await self.act(interaction)

    async def on_error(self, interaction: Interaction, error: Exception, /) -> None:
        """Answer the person who sent the form."""
        with speaking(interaction.locale.value):
            await reply_with_error(interaction, error)

    async def act(self, interaction: Interaction) -> None:
        """Do what the form is for; every error becomes a reply."""
        raise NotImplementedError
