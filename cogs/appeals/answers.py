"""The answer to a decided appeal: the member's direct message, and the moderators' message."""

import discord

from bot.i18n import _, locale_used
from bot.moderation.appeal_decisions import Appeal
from cogs.appeals.answer_text import render_decision


async def answer_member(client: discord.Client, appeal: Appeal, server: str | None) -> None:
    """Send the member what was decided, in their language; `server`: its name, if that's known.

    Raises:
        One of `CALL_ERRORS`: Discord didn't take it.
    """
    row = appeal.row
    with locale_used(row.locale):
        text = render_decision(appeal, server or _("your server"))
    channel = await client.create_dm(discord.Object(row.user_id))
    # Another nonce than the moderators' message has: Discord takes the same one for the same message.
    await channel.send(text, nonce=f"answer-{row.id}", suppress_embeds=True)
