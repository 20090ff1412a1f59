"""Lists of any length: as text, or as an attached file where a message cannot hold them."""

import io
from collections.abc import Sequence

import discord

MESSAGE_MAX_LENGTH = 2000  # characters of one Discord message


async def reply_with_list(
    interaction: discord.Interaction,
    heading: str,
    lines: Sequence[str],
    *,
    file_lines: Sequence[str],
    file_name: str,
) -> None:
    """Answer, for the asker alone, with a list: `lines` as Discord shows them, `file_lines` for a file."""
    text = "\n".join([heading, *lines])
    if len(text) <= MESSAGE_MAX_LENGTH:
        await interaction.response.send_message(text, ephemeral=True)
        return
    content = io.BytesIO("\n".join(file_lines).encode())
    file = discord.File(content, file_name, description=f"{heading} {len(file_lines):,} lines of text.")
    await interaction.response.send_message(
        f"{heading} The list is long, so it is in the file.", file=file, ephemeral=True
    )
