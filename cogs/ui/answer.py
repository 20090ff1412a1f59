"""Answering the command: a normal message, since it can be edited with the bot's own token for ever."""

import discord

from bot.generations import GenerationService
from bot.models import Generation
from cogs.ui.card import render_card


async def answer_with_card(
    interaction: discord.Interaction, generations: GenerationService, generation: Generation
) -> None:
    """Show the card and let the work begin; take the request back when Discord refuses the answer.

    An answer of unknown fate takes nothing back: the work begins by itself after a while.

    Raises:
        discord.HTTPException: Discord refused the answer.
    """
    try:
        response = await interaction.response.send_message(**render_card(generation))
    except discord.HTTPException as error:
        if error.status < 500:
            await generations.withdraw(generation.id)
        raise
    if response.message_id is not None:
        await generations.attach_card(generation.id, response.message_id)
