"""The present posts of a video, and its file there: addresses expire, so messages are read again."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import discord

from bot.db.models import Generation
from bot.jobs.ports import Posted
from bot.library.reposts import posts_of
from cogs.cards.result_message import file_name
from cogs.cards.takedown import GONE, channel_of
from cogs.ui.discord_errors import CALL_ERRORS, Remedy, classify_error, postponed


@dataclass(frozen=True, slots=True)
class Posts:
    """The video's posts. `posts`: the messages that still show it, as far as can be told."""

    posts: Sequence[Posted]
    attachment: discord.Attachment | None


async def find_posts(client: discord.Client, generation: Generation) -> Posts:
    """Look the messages up; one that the bot may not read may still show the video.

    Raises:
        discord.HTTPException: Discord cannot tell now.
    """
    posts: list[Posted] = []
    attachment: discord.Attachment | None = None
    for post in posts_of(generation):
        try:
            channel = client.get_partial_messageable(await channel_of(client, generation, post))
            message = await channel.fetch_message(post.message_id)
        except discord.HTTPException as error:
            if error.code not in GONE:
                if classify_error(error) is Remedy.LATER:
                    raise
                posts.append(post)
            continue
        posts.append(post)
        files = (file for file in message.attachments if file.filename == file_name(generation))
        attachment = attachment or next(files, None)
    return Posts(posts, attachment)


def attachment_finder(client: discord.Client) -> Callable[[Generation], Awaitable[str | None]]:
    """Return what finds Discord's address of a video's file; see `bot.jobs.ports.FindAttachment`."""

    async def find(generation: Generation) -> str | None:
        try:
            attachment = (await find_posts(client, generation)).attachment
        except CALL_ERRORS as error:
            raise postponed(error) from error
        return attachment and attachment.url

    return find
