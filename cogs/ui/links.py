"""Addresses of messages on Discord, and the buttons that lead to them. Pure."""

import discord

from bot.db.models import Generation, Status
from bot.i18n import pgettext
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


def linked(generation_id: str, link: str | None) -> str:
    """Return a video's ID as it stands in a text: it leads to the message, where there is one."""
    return generation_id if link is None else f"[{generation_id}]({link})"


LinkButton = discord.ui.Button[discord.ui.View]


def watch_button(generation: Generation) -> LinkButton | None:
    """Return the button that leads to the video; None: there is none, or none that others can open."""
    link = message_link(generation) if generation.status is Status.SUCCEEDED else None
    if link is None or generation.removed_at is not None:
        return None
    return discord.ui.Button(label=pgettext("button", "Watch the video"), url=link)


def card_button(generation: Generation, card_id: int | None, *, row: int | None = None) -> LinkButton | None:
    """Return the button that leads to the request's card; None: there is none."""
    if card_id is None:
        return None
    link = post_link(generation.guild_id, Posted(card_id, generation.channel_id))
    return discord.ui.Button(label=pgettext("button", "Show the card"), url=link, row=row)
