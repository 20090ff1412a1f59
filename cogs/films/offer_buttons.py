"""The buttons under the offer of a film: Make the film, and Cancel. The offer itself is a row."""

from functools import partial

import discord

from bot.films.rows import Film
from bot.films.service import FilmQuote
from bot.i18n import NC_
from cogs.cards.card_message import CardMessage, card_nonce
from cogs.cards.film_card import film_message
from cogs.films.offer_text import accepted_text, render_offer
from cogs.ui.interaction import Interaction
from cogs.ui.items import view_of
from cogs.ui.requester import requester_of
from cogs.veo.answer import AnswerLostError, answer_with, post_message
from cogs.veo.offered import OfferedButton, replace_offer
from cogs.veo.quote_text import dropped_text


class OfferButton(OfferedButton):
    """Base of the buttons: give an `action`, a `label`, and `use`."""

    pattern = r"(?P<film>[0-9a-f]{16}):(?P<revision>[0-9]{1,6})"


class MakeFilmButton(OfferButton):
    """Asks for the film; a second click is told that the first one counted."""

    action = "film-yes"
    label = NC_("button", "Make the film")
    style = discord.ButtonStyle.success

    async def use(self, interaction: Interaction) -> None:
        """Ask for it; where the price or the model has changed, show that in place of the offer."""
        await interaction.response.defer()
        films = interaction.client.services.films
        answer = await films.confirm(requester_of(interaction), self.offer_id, self.revision)
        if isinstance(answer, FilmQuote):
            await interaction.edit_original_response(**offer_message(answer))
            return
        await _show(interaction, answer)

    async def show_again(self, interaction: Interaction) -> None:
        """Show what is offered now."""
        quote = await interaction.client.services.films.repeat(requester_of(interaction), self.offer_id)
        await interaction.edit_original_response(**offer_message(quote))


class DropFilmButton(OfferButton):
    """Forgets the offer."""

    action = "film-no"
    label = NC_("button", "Cancel")

    async def use(self, interaction: Interaction) -> None:
        """Forget it, and say that nothing was counted."""
        await interaction.client.services.films.drop(requester_of(interaction), self.offer_id)
        await replace_offer(interaction, dropped_text())


def offer_message(quote: FilmQuote) -> CardMessage:
    """Return the offer with its buttons, as discord.py's send and edit methods take it."""
    shown = (quote.row.id, quote.row.revision)
    view = view_of(MakeFilmButton(*shown), DropFilmButton(*shown))
    return CardMessage(content=render_offer(quote), embeds=[], view=view)


async def _show(interaction: Interaction, film: Film) -> None:
    """Post the film's card, and let the work begin; the offer makes room."""
    row = film.row
    send = partial(post_message, interaction, row.channel_id, film_message(film), card_nonce(row))
    try:
        await answer_with(interaction.client.services.films, row.id, send)
    except AnswerLostError as error:
        await replace_offer(interaction, str(error))
    else:
        await replace_offer(interaction, accepted_text())
