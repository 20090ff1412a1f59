"""The message with a film as it was before a shot was redone: it leads to the present one."""

from functools import partial

import discord

from bot.db.film_models import FilmRow
from bot.i18n import _, locale_used
from bot.jobs.ports import Posted
from cogs.cards.film_card import film_link, film_number_line
from cogs.cards.takedown import channel_of, reopening


async def replace_post(client: discord.Client, row: FilmRow, post: Posted) -> None:
    """Take the file off a message, and say where the film is now.

    Raises:
        One of `CALL_ERRORS`: it stays as it was.
    """
    channel_id = await channel_of(client, row, post)
    message = client.get_partial_messageable(channel_id).get_partial_message(post.message_id)
    edit = partial(message.edit, content=replaced_text(row), attachments=[], view=None)
    await reopening(client, channel_id, edit)


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
