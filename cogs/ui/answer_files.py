"""An answer with files, which must not fail where Discord doesn't take them."""

from collections.abc import Sequence

import discord

from cogs.ui.discord_errors import Remedy, classify_error
from cogs.ui.interaction import Interaction


async def edit_with_files(
    interaction: Interaction,
    content: str,
    files: Sequence[discord.File],
    view: discord.ui.View | None,
    *,
    without: str = "",
) -> None:
    """Let the answer be this, in place of what it was; where Discord takes no files, without them.

    `without`: what is said then.
    """
    edit = interaction.edit_original_response
    try:
        await edit(content=content, attachments=files, view=view)
    except discord.HTTPException as error:
        if not files or classify_error(error) is Remedy.LATER:
            raise
        await edit(content=f"{content}\n{without}" if without else content, attachments=[], view=view)
