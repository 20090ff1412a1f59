"""Answering the command: a normal message, since it can be edited with the bot's own token for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import aiohttp
import discord
import structlog

from bot.db.models import Generation
from bot.discord_client.replies import ALREADY_ANSWERED
from bot.errors import DatabaseBusyError, UserError
from bot.i18n import _
from bot.requests.service import GenerationService
from cogs.cards.card_message import card_message
from cogs.ui.discord_errors import FILTER_CODES
from cogs.ui.interaction import Interaction

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


SendCard = Callable[[Interaction, Generation], Awaitable[int]]
Send = Callable[[], Awaitable[int]]


class Requests(Protocol):
    """Keeper of accepted requests: `GenerationService`, or `Films`."""

    async def attach_card(self, subject_id: str, card_id: int, /) -> None:
        """Remember the card, and let the work begin."""
        ...

    async def withdraw(self, subject_id: str, /) -> None:
        """Forget what was accepted, unless the work has begun."""
        ...


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


async def answer_with_card(
    interaction: Interaction,
    generations: GenerationService,
    generation: Generation,
    *,
    send: SendCard = send_card,
) -> int:
    """Show the card and let the work begin; take the request back when Discord refuses the answer.

    `send`: shows it once, however often it is called. Returns the card's id.

    Raises:
        WordsRefusedError: a filter stopped it; the request is taken back.
        AnswerLostError: the answer's fate is not known, or the request could not be taken back; the card is
            looked for after a while, and posted into the channel where there is none.
        discord.HTTPException: Discord refused it for another reason; the request is taken back.
    """
    return await answer_with(generations, generation.id, lambda: send(interaction, generation))


async def answer_with(requests: Requests, subject_id: str, send: Send) -> int:
    """Show the card of a generation or a film; everything else as `answer_with_card`."""
    try:
        async with asyncio.timeout(TIMEOUT):
            card_id = await _show(requests, subject_id, send)
    except TimeoutError as error:
        log.warning("the answer may be lost", subject=subject_id, error="no response from Discord")
        raise AnswerLostError from error
    await _let_begin(requests, subject_id, card_id)
    return card_id


async def _show(requests: Requests, subject_id: str, send: Send) -> int:
    """Return the id of the card; raises as `answer_with_card`."""
    for _attempt in range(ATTEMPTS):
        try:
            return await send()
        except (discord.DiscordServerError, aiohttp.ClientError, OSError) as error:
            log.warning("the answer may be lost", subject=subject_id, error=str(error))
        except UserError:
            raise
        except discord.HTTPException as error:
            await _take_back(requests, subject_id)
            if error.code in FILTER_CODES:
                raise WordsRefusedError(
                    _(
                        "This server's word filter stopped my answer because of words in your prompt. "
                        "Try other words. This didn't count toward your limit."
                    )
                ) from error
            raise
        # Discord took it with other words than it should; discord.py raises whatever it stumbles over.
        except Exception as error:
            log.warning("could not find out whether the answer arrived", subject=subject_id, exc_info=error)
    raise AnswerLostError


async def _take_back(requests: Requests, subject_id: str) -> None:
    """Forget a request whose card was refused.

    Raises:
        AnswerLostError: that cannot be written down, so the video will come.
    """
    try:
        await requests.withdraw(subject_id)
    except DatabaseBusyError as error:
        raise AnswerLostError from error


async def _let_begin(requests: Requests, subject_id: str, card_id: int) -> None:
    """Record the card; the member sees it, so nobody may tell them now that nothing was counted."""
    try:
        await requests.attach_card(subject_id, card_id)
    except DatabaseBusyError:
        log.warning("could not record the card, so it will be searched for", subject=subject_id)
