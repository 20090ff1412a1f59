"""The buttons under an offer: Generate, Change and Cancel. The offer itself is a row of the database.

The message is the member's alone, but a changed client can send any id: whose offer it is, and whether it is
still the one that was shown, is decided where it is read.
"""

from collections.abc import Sequence
from functools import partial

import discord

from bot.db.models import Generation
from bot.i18n import NC_, pgettext
from bot.provider.catalogue import Model, get_model
from bot.provider.input_kinds import InputKind
from bot.requests.confirmation import spec_in
from bot.requests.quotes import Quote
from bot.requests.spec import RequestSpec
from cogs.cards.card_message import CardMessage, card_message, card_nonce
from cogs.ui.interaction import Interaction
from cogs.ui.items import card_button, view_of
from cogs.ui.requester import requester_of
from cogs.veo.answer import AnswerLostError, answer_with, post_message
from cogs.veo.offered import OfferedButton, replace_offer
from cogs.veo.quote_text import asked_text, dropped_text, render_quote
from cogs.veo.request_form import RequestForm


class QuoteButton(OfferedButton):
    """Base of the buttons: give an `action`, a `label`, and `use`."""

    pattern = r"(?P<draft>[0-9a-f]{16}):(?P<revision>[0-9]{1,6})"


class GenerateButton(QuoteButton):
    """Asks for the video, by the same rules as /veo; a second click is told that the first one counted."""

    action = "offer-yes"
    label = NC_("button", "Generate")
    style = discord.ButtonStyle.success

    async def use(self, interaction: Interaction) -> None:
        """Ask for it; where the price has changed, show the new one in place of the offer."""
        await interaction.response.defer()
        quotes, requester = interaction.client.services.quotes, requester_of(interaction)
        answer = await quotes.confirm(requester, self.offer_id, self.revision)
        if isinstance(answer, Generation):
            await self._show(interaction, answer)
        else:
            await interaction.edit_original_response(**quote_message(answer))

    async def show_again(self, interaction: Interaction) -> None:
        """Show what is offered now."""
        quote = await interaction.client.services.quotes.repeat(requester_of(interaction), self.offer_id)
        await interaction.edit_original_response(**quote_message(quote))

    async def _show(self, interaction: Interaction, generation: Generation) -> None:
        message, nonce = card_message(generation), card_nonce(generation)
        send = partial(post_message, interaction, generation.channel_id, message, nonce)
        try:
            card_id = await answer_with(interaction.client.services.generations, generation.id, send)
        except AnswerLostError as error:
            await replace_offer(interaction, str(error))
        else:
            card = card_button(generation, card_id)
            await replace_offer(interaction, asked_text(generation), view_of(card))


class ChangeButton(QuoteButton):
    """Shows a form with everything filled in."""

    action = "offer-change"
    label = NC_("button", "Change")

    async def use(self, interaction: Interaction) -> None:
        """Show the form."""
        services = interaction.client.services
        quotes, models = services.quotes, services.model_choices.living
        quote_row = await quotes.find(requester_of(interaction), self.offer_id)
        await interaction.response.send_modal(ChangeForm(self.offer_id, models, spec_in(quote_row)))


class DropButton(QuoteButton):
    """Forgets the offer."""

    action = "offer-no"
    label = NC_("button", "Cancel")

    async def use(self, interaction: Interaction) -> None:
        """Forget it, and say that nothing was counted."""
        await interaction.client.services.quotes.drop(requester_of(interaction), self.offer_id)
        await replace_offer(interaction, dropped_text())


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
    model = get_model(quote.quote_row.model)
    is_extension = model is not None and model.kind is InputKind.VIDEO  # which the form has no models for
    change = None if is_extension else ChangeButton(*shown)
    view = view_of(GenerateButton(*shown), change, DropButton(*shown))
    card = render_quote(quote)
    return CardMessage(content=card["content"], embeds=card["embeds"], view=view)
