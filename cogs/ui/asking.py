"""Asking for a video, however it is done: the answer is its card or, where the server wants it, an offer."""

import discord

from bot.client import VeoBot
from bot.models import Generation
from bot.results.repeats import Wishes
from cogs.ui.answer import answer_with_card
from cogs.ui.asker import asker_of, ensure_inside
from cogs.ui.offer_items import offer_message


async def ask(interaction: discord.Interaction[VeoBot], wishes: Wishes) -> None:
    """Accept the request and answer with its card, which the runner carries on; or answer with the offer.

    Raises:
        UserError: it is refused, and nobody was answered yet.
    """
    services = interaction.client.services
    asker = asker_of(interaction)
    await ensure_inside(interaction)
    answer = await services.drafts.ask(asker, wishes)
    if isinstance(answer, Generation):
        await answer_with_card(interaction, services.generations, answer)
    else:
        await interaction.response.send_message(**offer_message(answer), ephemeral=True)
