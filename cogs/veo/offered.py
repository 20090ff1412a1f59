"""The common part of the buttons below an offer, of a video or of a film."""

from typing import ClassVar

import discord
import structlog

from bot.requests.confirmation import QuoteChangedError, QuoteGoneError
from cogs.ui.discord_errors import CALL_ERRORS
from cogs.ui.interaction import Interaction
from cogs.ui.items import Item, Parts

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class OfferedButton(Item):
    """Base of the buttons: give an `action`, a `pattern`, a `label`, and `use`.

    The pattern has the offer's ID, and then `revision`: what was shown above the button.
    """

    parts: ClassVar[Parts] = {"revision": int}

    def __init__(self, offer_id: str, revision: int, *state: object, label: str | None = None) -> None:
        """`state`: what else stands in the custom id; `label`: in place of the usual one."""
        super().__init__(offer_id, revision, *state, label=label)
        self.offer_id = offer_id
        self.revision = revision

    async def act(self, interaction: Interaction) -> None:
        """Do what the button is for; where the offer is gone, say so in its place."""
        try:
            await self._use(interaction)
        except QuoteGoneError as error:
            await replace_offer(interaction, str(error))

    async def _use(self, interaction: Interaction) -> None:
        try:
            await self.use(interaction)
        except QuoteChangedError:
            # The answer to the change was lost: without this, there would be nothing to read again.
            await self.show_again(interaction)
            raise

    async def use(self, interaction: Interaction) -> None:
        """Do what the button is for."""
        raise NotImplementedError

    async def show_again(self, interaction: Interaction) -> None:
        """Show what is offered now, where `use` raises `QuoteChangedError`."""
        raise NotImplementedError


async def replace_offer(interaction: Interaction, text: str, view: discord.ui.View | None = None) -> None:
    """Put a text in place of the offer and its buttons; that is a courtesy, since what happened stands."""
    try:
        if interaction.response.is_done():
            await interaction.edit_original_response(content=text, embeds=[], view=view)
        else:
            await interaction.response.edit_message(content=text, embeds=[], view=view)
    except CALL_ERRORS as error:
        log.warning("could not edit an offer", error=str(error))
