"""Takes a posted video down and brings its card up to date, with the bot's own token."""

import discord
import structlog

from bot.errors import UserError
from bot.models import Generation
from cogs.ui.card import render_card
from cogs.ui.report_text import message_link
from cogs.ui.verdicts import CALL_ERRORS

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

GONE = frozenset({10003, 10004, 10008})  # unknown channel, server, message
THREAD_ARCHIVED = 50083  # nothing in it can be deleted before it is opened again


class TakedownError(UserError):
    """Discord does not let the bot delete the message."""

    def __init__(self, generation: Generation) -> None:
        where = message_link(generation) or "a direct message"
        super().__init__(
            f"The video counts as removed, but Discord did not let me delete its message: {where}. "
            "Please click again in a minute, or delete it by hand."
        )


async def take_down(client: discord.Client, generation: Generation) -> None:
    """Delete the message with the video, if it is still there, and show the card anew.

    Raises:
        TakedownError: the message is still there.
    """
    if generation.result_id is not None:
        try:
            await _delete_result(client, generation, generation.result_id)
        except CALL_ERRORS as error:
            log.error("a removed video is still shown", generation=generation.id, error=str(error))
            raise TakedownError(generation) from error
    await show_card(client, generation)


async def show_card(client: discord.Client, generation: Generation) -> None:
    """Edit the card to how the generation stands; a card that cannot be edited stays as it is."""
    if generation.card_id is None:
        return
    channel = client.get_partial_messageable(generation.channel_id, guild_id=generation.guild_id)
    try:
        await channel.get_partial_message(generation.card_id).edit(**render_card(generation))
    except CALL_ERRORS as error:
        log.warning("the card was not edited", generation=generation.id, error=str(error))


async def _delete_result(client: discord.Client, generation: Generation, message_id: int) -> None:
    """Delete the message, also in a thread that is archived by now; one that is gone is fine."""
    try:
        channel_id = generation.result_channel_id
        if channel_id is None:
            channel_id = (await client.create_dm(discord.Object(generation.user_id))).id
        message = client.get_partial_messageable(channel_id).get_partial_message(message_id)
        try:
            await message.delete()
        except discord.HTTPException as error:
            if error.code != THREAD_ARCHIVED:
                raise
            await client.http.edit_channel(channel_id, archived=False)
            await message.delete()
    except discord.HTTPException as error:
        if error.code not in GONE:
            raise
