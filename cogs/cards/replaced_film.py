"""The message with a film as it was before a shot was redone: it leads to the present one."""

import discord

from bot.db.film_models import FilmRow
from bot.i18n import _, locale_used
from bot.jobs.ports import Posted
from cogs.cards.film_card import film_link, film_number_line
from cogs.cards.takedown import channel_of


async def replace_post(client: discord.Client, row: FilmRow, post: Posted) -> None:
    """Take the file off a message, and say where the film is now.

    Raises:
        One of `CALL_ERRORS`: it stays as it was.
    """
    channel = client.get_partial_messageable(await channel_of(client, row, post))
    message = channel.get_partial_message(post.message_id)
    await message.edit(content=replaced_text(row), attachments=[], view=None)


def replaced_text(row: FilmRow) -> str:
    """Return what stands in that message, in the member's language."""
    with locale_used(row.locale):
        link = film_link(row)
        where = (
            _("🎞️ A shot of this film was redone. [The new film]({link})", link=link)
            if link
            else _("🎞️ A shot of this film was redone. The new film is in a direct message.")
        )
        return f"{where}\n{film_number_line(row)}"
