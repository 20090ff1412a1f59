"""The buttons under an offer: Generate, Change and Cancel. The offer itself is a row of the database.

The message is the member's alone, but a changed client can send any id: whose offer it is, and whether it is
still the one that was shown, is decided where it is read.
"""

import re
from collections.abc import Sequence
from typing import Self

import discord
import structlog

from bot.db.models import Generation
from bot.i18n import pgettext
from bot.provider.catalogue import Model
from bot.requests.confirmation import QuoteChangedError, QuoteGoneError, spec_in
from bot.requests.quotes import Quote
from bot.requests.spec import RequestSpec
from cogs.cards.card_message import CardMessage
from cogs.ui.discord_errors import CALL_ERRORS
from cogs.ui.interaction import Interaction
from cogs.ui.items import Item, view_of
from cogs.ui.links import card_button
from cogs.ui.requester import requester_of
from cogs.veo.answer import AnswerLostError, answer_with_card
from cogs.veo.posted_card import post_card
from cogs.veo.quote_text import asked_text, dropped_text, render_quote
from cogs.veo.request_form import RequestForm

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class QuoteButton(Item):
    """Base of the buttons: give an `action`, a `label`, and `use`."""

    pattern = r"(?P<draft>[0-9a-f]{16}):(?P<revision>[0-9]{1,6})"

    def __init__(self, quote_id: str, revision: int) -> None:
        """`revision`: of the offer, as it is shown above the button."""
        super().__init__(quote_id, revision)
        self.quote_id = quote_id
        self.revision = revision

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Return the button that was clicked."""
        return cls(match["draft"], int(match["revision"]))

    async def act(self, interaction: Interaction) -> None:
        """Do what the button is for; where the offer is gone, say so in its place."""
        try:
            await self.use(interaction)
        except QuoteGoneError as error:
            await _replace(interaction, str(error))

    async def use(self, interaction: Interaction) -> None:
        """Do what the button is for."""
        raise NotImplementedError


class GenerateButton(QuoteButton):
    """Asks for the video, by the same rules as /veo; a second click is told that the first one counted."""

    action = "offer-yes"
    style = discord.ButtonStyle.success

    @classmethod
    def label(cls) -> str:
        """Return the words on it."""
        return pgettext("button", "Generate")

    async def use(self, interaction: Interaction) -> None:
        """Ask for it; where the price or the offer has changed, show the new one in place of the offer."""
        await interaction.response.defer()
        quotes, requester = interaction.client.services.quotes, requester_of(interaction)
        try:
            answer = await quotes.confirm(requester, self.quote_id, self.revision)
        except QuoteChangedError:
            # The answer to the change was lost: without this, there would be nothing to read again.
            quote = await quotes.repeat(requester, self.quote_id)
            await interaction.edit_original_response(**quote_message(quote))
            raise
        if isinstance(answer, Generation):
            await self._show(interaction, answer)
        else:
            await interaction.edit_original_response(**quote_message(answer))

    async def _show(self, interaction: Interaction, generation: Generation) -> None:
        services = interaction.client.services
        try:
            card_id = await answer_with_card(interaction, services.generations, generation, send=post_card)
        except AnswerLostError as error:
            await _replace(interaction, str(error))
        else:
            card = card_button(generation, card_id)
            await _replace(interaction, asked_text(generation), view_of(card))


class ChangeButton(QuoteButton):
    """Shows a form with everything filled in."""

    action = "offer-change"

    @classmethod
    def label(cls) -> str:
        """Return the words on it."""
        return pgettext("button", "Change")

    async def use(self, interaction: Interaction) -> None:
        """Show the form."""
        services = interaction.client.services
        quotes, models = services.quotes, services.models
        quote_row = await quotes.find(requester_of(interaction), self.quote_id)
        await interaction.response.send_modal(ChangeForm(self.quote_id, models, spec_in(quote_row)))


class DropButton(QuoteButton):
    """Forgets the offer."""

    action = "offer-no"

    @classmethod
    def label(cls) -> str:
        """Return the words on it."""
        return pgettext("button", "Cancel")

    async def use(self, interaction: Interaction) -> None:
        """Forget it, and say that nothing was counted."""
        await interaction.client.services.quotes.drop(requester_of(interaction), self.quote_id)
        await _replace(interaction, dropped_text())


class ChangeForm(RequestForm):
    """Takes a changed request, and shows what they would cost in place of the offer; nothing is asked for."""

    def __init__(self, quote_id: str, models: Sequence[Model], spec: RequestSpec) -> None:
        super().__init__(pgettext("title", "Change this video"), models, spec)
        self._quote_id = quote_id

    async def use(self, interaction: Interaction, spec: RequestSpec) -> None:
        """Offer that instead."""
        quotes = interaction.client.services.quotes
        quote = await quotes.change(requester_of(interaction), self._quote_id, spec)
        await interaction.response.edit_message(**quote_message(quote))


def quote_message(quote: Quote) -> CardMessage:
    """Return the offer with its buttons, as discord.py's send and edit methods take it."""
    shown = (quote.quote_row.id, quote.quote_row.revision)
    view = view_of(GenerateButton(*shown), ChangeButton(*shown), DropButton(*shown))
    card = render_quote(quote)
    return CardMessage(content=card["content"], embeds=card["embeds"], view=view)


async def _replace(interaction: Interaction, text: str, view: discord.ui.View | None = None) -> None:
    """Put a text in place of the offer and its buttons; that is a courtesy, since what happened stands."""
    try:
        if interaction.response.is_done():
            await interaction.edit_original_response(content=text, embeds=[], view=view)
        else:
            await interaction.response.edit_message(content=text, embeds=[], view=view)
    except CALL_ERRORS as error:
        log.warning("an offer was not edited", error=str(error))
