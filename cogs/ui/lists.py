"""Lists of any length: as text, or as an attached file where a message cannot hold them."""

import io
from collections.abc import Iterable, Sequence

import discord

from bot.i18n import _, ngettext, pgettext
from cogs.ui.interaction import Interaction

MESSAGE_MAX_LENGTH = 2000  # characters of one Discord message
MAX_CHOICES = 25  # suggestions that Discord shows


def together(parts: Iterable[str]) -> str:
    """Return parts of a sentence as a list, such as "a and b and c"."""
    # Translators: the blanks belong to it
    return pgettext("between the parts of a list", " and ").join(parts)


def first_of(texts: Sequence[str], room: int, between: int = 2) -> list[str]:
    """Return as many texts as fit into so many characters, at least one, then how many more there are.

    `between`: characters that stand around each.
    """
    shown: list[str] = []
    for text in texts:
        room -= len(text) + between
        if shown and room < 0:
            break
        shown.append(text)
    left = len(texts) - len(shown)
    return [*shown, ngettext("{count} more", "{count} more", left)] if left else shown


async def reply_with_list(
    interaction: Interaction,
    heading: str,
    lines: Sequence[str],
    *,
    file_lines: Sequence[str],
    file_name: str,
) -> None:
    """Answer with a list that only the person who used the command sees.

    `lines` are as Discord shows them, `file_lines` for a file.
    """
    text = "\n".join([heading, *lines])
    if len(text) <= MESSAGE_MAX_LENGTH:
        await interaction.response.send_message(text, ephemeral=True)
        return
    content = io.BytesIO("\n".join(file_lines).encode())
    amount = ngettext("{count} line of text.", "{count} lines of text.", len(file_lines))
    file = discord.File(content, file_name, description=f"{heading} {amount}")
    where = _("The list is long, so I attached it as a file.")
    await interaction.response.send_message(f"{heading} {where}", file=file, ephemeral=True)
