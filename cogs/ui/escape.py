"""People's text made safe to show: no formatting, no mentions, no hidden links."""

import re

import discord

from bot.text import shorten

# Discord gives meaning to <@1>, <#1>, <:name:1>, <t:1>, </name:1> and <https://…>.
MARKUP = re.compile(r"<(?=[@#:a-z/])")


def plain(text: str, length: int) -> str:
    """Return `text` on one line, cut to `length` characters, so that Discord shows it as it is.

    Escaping adds characters: the result may be twice as long.
    """
    escaped = discord.utils.escape_markdown(shorten(text, length), ignore_links=False)
    return discord.utils.escape_mentions(MARKUP.sub(r"\\<", escaped))
