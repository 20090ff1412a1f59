"""The common parts of moderators' messages about appeals and reviews: the form, and the edits."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import discord
import structlog

from bot.i18n import pgettext
from bot.moderation.decisions import REASON_MAX_LENGTH
from cogs.moderation.shapes import KEEP_ALL
from cogs.ui.discord_errors import CALL_ERRORS, Remedy, classify_error
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form

Decline = Callable[[Interaction, str], Awaitable[None]]  # declines with these words

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class DeclineForm(Form):
    """Takes what the moderator says to the member; `where`: how they will read it."""

    def __init__(self, where: str, decline: Decline) -> None:
        super().__init__(pgettext("title", "Decline"))
        self._decline = decline
        label = pgettext("label", "What should I tell them?")
        self._words = self.add_text("words", label, REASON_MAX_LENGTH, description=where, required=False)

    async def act(self, interaction: Interaction) -> None:
        """Decline."""
        words = self._words.value  # before anything is awaited, in which the form could be sent again
        await interaction.response.defer()
        await self._decline(interaction, words)


async def edit_case(
    interaction: Interaction,
    case_id: str,
    forms: Sequence[str],
    view: discord.ui.View | None,
    *,
    left_out: Mapping[str, Any] = KEEP_ALL,
) -> bool:
    """Edit the moderators' message to the first of `forms` that a filter lets through; return whether.

    `left_out`: what else goes (`cogs.moderation.shapes`).
    """
    for text in forms:
        try:
            await interaction.edit_original_response(content=text, view=view, **left_out)
        except CALL_ERRORS as error:
            if classify_error(error) is not Remedy.NOT_THE_WORDS:
                log.warning("could not show a decision", case=case_id, error=str(error))
                return False
        else:
            return True
    return False
