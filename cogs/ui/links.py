"""Addresses of messages on Discord. Pure."""

from bot.db.models import Generation
from bot.jobs.ports import Posted


def message_link(generation: Generation) -> str | None:
    """Return the address of the message with the video, or None where there is none that others can open."""
    if generation.result_id is None:
        return None
    return post_link(generation.guild_id, Posted(generation.result_id, generation.result_channel_id))


def post_link(guild_id: int, post: Posted) -> str | None:
    """Return the address of a message; None for a direct one, which others cannot open."""
    if post.channel_id is None:
        return None
    return f"https://discord.com/channels/{guild_id}/{post.channel_id}/{post.message_id}"
