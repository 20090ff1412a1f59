"""Answering the command by a normal message: unlike a reply to it, the bot can edit that at any time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import discord
import structlog

from bot.db.models import Generation
from bot.discord_client.replies import ALREADY_ANSWERED
from bot.errors import DatabaseBusyError, UserError
from bot.films.service import Films
from bot.i18n import _
from bot.requests.service import GenerationService
from cogs.cards.card_message import CardMessage, card_message
from cogs.ui.discord_errors import CALL_ERRORS, FILTER_CODES, is_unclear
from cogs.ui.interaction import Interaction
from cogs.veo.quote_text import accepted_text

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ATTEMPTS = 2
TIMEOUT = 12.0  # seconds for all of them; the runner looks for the card after `ANSWER_GRACE`


class WordsRefusedError(UserError):
    """The server's own filter stopped the card."""


class AnswerLostError(UserError):
    """It isn't known whether the card is shown; the request is kept."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Discord had trouble showing my answer, but I accepted your request. I'll post "
                "the video in this channel."
            )
        )


Send = Callable[[], Awaitable[int]]
Requests = GenerationService | Films  # keep what was accepted


async def send_card(interaction: Interaction, generation: Generation) -> int:
    """Answer the command, the form or the button with the card; return the message's id."""
    try:
        response = await interaction.response.send_message(**card_message(generation))
    except discord.InteractionResponded:
        # Discord took our answer before, though its word on it could not be read.
        return (await interaction.original_response()).id
    except discord.HTTPException as error:
        if error.code != ALREADY_ANSWERED:
            raise
        # Our answer arrived; what was lost is Discord's word on it.
        return (await interaction.original_response()).id
    if response.message_id is None:
        return (await interaction.original_response()).id
    return response.message_id


async def post_message(interaction: Interaction, channel_id: int, message: CardMessage, nonce: str) -> int:
    """Post a card and return the message's id; called again after an error, it posts no second one.

    Where the bot may answer but not write, as in a channel in which it may only open threads, the card is
    a second answer to the click. Discord posts such a one as often as it is sent, so that is done once.

    Raises:
        AnswerLostError: whether such an answer arrived is not known.
        discord.HTTPException, aiohttp.ClientError, OSError: the message was not posted, or may be lost.
    """
    channel = interaction.client.get_partial_messageable(channel_id, guild_id=interaction.guild_id)
    try:
        return (await channel.send(**message, nonce=nonce)).id
    except discord.Forbidden as error:
        log.warning("sending the card as the interaction's answer", nonce=nonce, error=str(error))
    return await _follow(interaction, message)


async def follow_with_card(interaction: Interaction, generation: Generation) -> int:
    """Let the card follow on "thinking", which the member alone sees; return the message's id.

    Messages of the channel are limited to a few in seconds; second answers are not, and a burst is when
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
        if is_unclear(error):
            raise AnswerLostError from error
        raise
    # The connection broke, or Discord's word cannot be read: discord.py raises whatever it stumbles over.
    except Exception as error:
        raise AnswerLostError from error


async def answer_with(requests: Requests, subject_id: str, send: Send) -> int:
    """Show the card of a generation or a film, and let the work begin; return the card's id.

    `send`: shows it once, however often it is called. What Discord refuses is taken back.

    Raises:
        WordsRefusedError: a filter stopped it; the request is taken back.
        AnswerLostError: the answer's fate is not known, or the request could not be taken back; the card is
            looked for after a while, and posted into the channel where there is none.
        discord.HTTPException: Discord refused it for another reason; the request is taken back.
    """
    try:
        async with asyncio.timeout(TIMEOUT):
            card_id = await _show(requests, subject_id, send)
    except TimeoutError as error:
        log.warning("the answer may be lost", subject=subject_id, error="no response from Discord")
        raise AnswerLostError from error
    try:
        await requests.attach_card(subject_id, card_id)
    except DatabaseBusyError:  # the member sees it, so nobody may tell them now that nothing was counted
        log.warning("could not record the card, so it will be searched for", subject=subject_id)
    return card_id


async def _show(requests: Requests, subject_id: str, send: Send) -> int:
    """Return the id of the card; raises as `answer_with`."""
    for _attempt in range(ATTEMPTS):
        try:
            return await send()
        except UserError:
            raise
        except CALL_ERRORS as error:
            if isinstance(error, discord.HTTPException) and not is_unclear(error):
                await _refuse(requests, subject_id, error)
            log.warning("the answer may be lost", subject=subject_id, error=str(error))
        # Discord took it with other words than it should; discord.py raises whatever it stumbles over.
        except Exception as error:
            log.warning("could not find out whether the answer arrived", subject=subject_id, exc_info=error)
    raise AnswerLostError


async def _refuse(requests: Requests, subject_id: str, error: discord.HTTPException) -> NoReturn:
    """Forget a request whose card was refused, and raise as `answer_with`."""
    await _take_back(requests, subject_id)
    if error.code not in FILTER_CODES:
        raise error
    raise WordsRefusedError(
        _(
            "This server's word filter stopped my answer because of words in your prompt. "
            "Try other words. This didn't count toward your limit."
        )
    ) from error


async def _take_back(requests: Requests, subject_id: str) -> None:
    """Forget a request whose card was refused.

    Raises:
        AnswerLostError: that cannot be written down, so the video will come.
    """
    try:
        await requests.withdraw(subject_id)
    except DatabaseBusyError as error:
        raise AnswerLostError from error
