"""A card that cannot be the answer itself, since the member alone sees that one: a message of its own."""

import discord
import structlog

from bot.db.models import Generation
from cogs.cards.card_message import CardMessage, card_message, card_nonce
from cogs.ui.interaction import Interaction
from cogs.veo.answer import AnswerLostError
from cogs.veo.quote_text import accepted_text

SERVER_ERROR = 500  # the lowest HTTP status of one

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def post_card(interaction: Interaction, generation: Generation) -> int:
    """Post the card and return the message's id; called again after an error, it posts no second one.

    Where the bot may answer but not write, as in a channel in which it may only open threads, the card is
    a further answer to the click. Discord posts such a one as often as it is sent, so that is done once.

    Raises:
        AnswerLostError: whether such an answer arrived is not known.
        discord.HTTPException, aiohttp.ClientError, OSError: the message was not posted, or may be lost.
    """
    message, nonce = card_message(generation), card_nonce(generation)
    return await post_message(interaction, generation.channel_id, message, nonce)


async def post_message(interaction: Interaction, channel_id: int, message: CardMessage, nonce: str) -> int:
    """Post a card of any kind; everything else as `post_card`."""
    channel = interaction.client.get_partial_messageable(channel_id, guild_id=interaction.guild_id)
    try:
        return (await channel.send(**message, nonce=nonce)).id
    except discord.Forbidden as error:
        log.warning("sending the card as the interaction's answer", nonce=nonce, error=str(error))
    return await _follow(interaction, message)


async def follow_with_card(interaction: Interaction, generation: Generation) -> int:
    """Let the card follow on "thinking", which the member alone sees; return the message's id.

    Messages of the channel are limited to a few in seconds; further answers are not, and a burst is when
    members see "thinking".

    Raises:
        AnswerLostError: whether the card arrived is not known.
        discord.HTTPException, aiohttp.ClientError, OSError: it was not sent.
    """
    # Discord would put the card in the place of "thinking", for the member alone, if it stood there still.
    await interaction.edit_original_response(content=accepted_text())
    return await _follow(interaction, card_message(generation))


async def _follow(interaction: Interaction, message: CardMessage) -> int:
    try:
        return (await interaction.followup.send(**message, wait=True)).id
    except discord.HTTPException as error:
        if error.status >= SERVER_ERROR:
            raise AnswerLostError from error
        raise
    # The connection broke, or Discord's word cannot be read: discord.py raises whatever it stumbles over.
    except Exception as error:
        raise AnswerLostError from error
