"""Takes a posted video down and brings its card up to date, with the bot's own token."""

from collections.abc import Sequence

import discord
import structlog

from bot.db.models import Generation
from bot.errors import UserError
from bot.i18n import _
from bot.jobs.ports import Posted
from bot.library.reposts import posts_of
from cogs.cards.card_message import card_message
from cogs.ui.discord_errors import CALL_ERRORS
from cogs.ui.links import post_link
from cogs.ui.lists import together

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

GONE = frozenset({10003, 10004, 10008})  # unknown channel, server, message
THREAD_ARCHIVED = 50083  # nothing in it can be deleted before it is opened again


class TakedownError(UserError):
    """Discord does not let the bot delete the message."""

    def __init__(self, generation: Generation, left: Sequence[Posted]) -> None:
        """`left`: the messages that are still there."""
        links = (post_link(generation.guild_id, post) or _("a direct message") for post in left)
        super().__init__(
            _(
                "I marked the video as removed, but Discord didn't let me delete its message: "
                "{messages}. Click again in a minute, or delete it yourself.",
                messages=together(links),
            )
        )


async def take_down(client: discord.Client, generation: Generation) -> None:
    """Delete all messages with the video that are still there, and show the card anew.

    Raises:
        TakedownError: one is still there.
    """
    left: list[Posted] = []
    for post in posts_of(generation):
        try:
            await delete_post(client, generation, post)
        except CALL_ERRORS as error:
            log.error("a removed video is still shown", generation=generation.id, error=str(error))
            left.append(post)
    if left:
        raise TakedownError(generation, left)
    await show_card(client, generation)


async def show_card(client: discord.Client, generation: Generation) -> None:
    """Edit the card to how the generation stands; a card that cannot be edited stays as it is."""
    if generation.card_id is None:
        return
    channel = client.get_partial_messageable(generation.channel_id, guild_id=generation.guild_id)
    try:
        await channel.get_partial_message(generation.card_id).edit(**card_message(generation))
    except CALL_ERRORS as error:
        log.warning("the card was not edited", generation=generation.id, error=str(error))


async def delete_post(client: discord.Client, generation: Generation, post: Posted) -> None:
    """Delete a message, also in a thread that is archived by now; one that is gone is fine.

    Raises:
        One of `CALL_ERRORS`: it is still there.
    """
    try:
        channel_id = await channel_of(client, generation, post)
        message = client.get_partial_messageable(channel_id).get_partial_message(post.message_id)
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


async def channel_of(client: discord.Client, generation: Generation, post: Posted) -> int:
    """Return the id of the channel of a message; that of a direct message is asked for."""
    if post.channel_id is not None:
        return post.channel_id
    return (await client.create_dm(discord.Object(generation.user_id))).id
