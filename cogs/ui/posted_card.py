"""A card that answers nothing which everybody sees, such as a click on an offer: a message of its own."""

import aiohttp
import discord
import structlog

from bot.models import Generation
from cogs.ui.answer import AnswerLostError
from cogs.ui.card_items import card_message

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def post_card(interaction: discord.Interaction, generation: Generation) -> int:
    """Post the card and return the message's id; called again after an error, it posts no second one.

    Where the bot may answer but not write, as in a channel in which it may only open threads, the card is
    a further answer to the click. Discord posts such a one as often as it is sent, so that is done once.

    Raises:
        AnswerLostError: whether such an answer arrived is not known.
        discord.HTTPException, aiohttp.ClientError, OSError: the message was not posted, or may be lost.
    """
    card = card_message(generation)
    channel = interaction.client.get_partial_messageable(generation.channel_id, guild_id=generation.guild_id)
    try:
        return (await channel.send(**card, nonce=f"{generation.id}-c")).id
    except discord.Forbidden as error:
        log.warning("the card is sent as an answer", generation=generation.id, error=str(error))
    try:
        return (await interaction.followup.send(**card, wait=True)).id
    except (discord.DiscordServerError, aiohttp.ClientError, OSError) as error:
        raise AnswerLostError from error
