"""The ways to show a moderators' message, from the fullest to the barest: the first that Discord takes.

The messages about appeals and reviews also share the form for a decision, and their edits.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeVar

import discord
import structlog

from bot.i18n import pgettext
from bot.jobs.ports import UndeliverableError
from bot.moderation.decisions import REASON_MAX_LENGTH
from cogs.ui.discord_errors import CALL_ERRORS, Remedy, classify_error, postponed
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form

FILE_NAME = "prompts.txt"
# What goes from beside a message's text when it's edited, in discord.py's words.
KEEP_ALL: Mapping[str, Any] = {}
DROP_FILES: Mapping[str, Any] = {"attachments": []}
DROP_ALL: Mapping[str, Any] = {"embeds": [], "attachments": []}

Answer = TypeVar("Answer")
Decline = Callable[[Interaction, str], Awaitable[None]]  # declines with these words

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shape:
    """One way to show a message.

    Attributes:
        embeds: those beside the text; None: none, and an edit leaves those that are there.
        file: what a file beside the text says; None as of `embeds`.
    """

    text: str
    embeds: Sequence[discord.Embed] | None = None
    file: str | None = None

    @property
    def is_bare(self) -> bool:
        """Whether nothing is beside the text that Discord could refuse."""
        return not self.embeds and self.file is None

    def to_send(self, *others: discord.File) -> dict[str, Any]:
        """Return what discord.py's `send` takes; a message that may get embeds later shows them then.

        `others`: files before its own.
        """
        beside: dict[str, Any] = {"embeds": [*self.embeds]} if self.embeds else {}
        if files := [*others, *([] if self.file is None else [_open(self.file)])]:
            beside["files"] = files
        return {"content": self.text, "suppress_embeds": self.embeds is None, **beside}

    def to_edit(self, *others: discord.Attachment | discord.File) -> dict[str, Any]:
        """Return what discord.py's `edit` takes; `others`: files before its own, new or there already."""
        beside: dict[str, Any] = {} if self.embeds is None else {"embeds": [*self.embeds]}
        if files := [*others, *([] if self.file is None else [_open(self.file)])]:
            beside["attachments"] = files
        return {"content": self.text, **beside}


async def show_first(shapes: Sequence[Shape], attempt: Callable[[int, Shape], Awaitable[Answer]]) -> Answer:
    """Return what `attempt` does with the first shape that Discord takes.

    Raises:
        DeliveryPostponedError: later perhaps.
        UndeliverableError: Discord refuses.
    """
    refusal: Exception | None = None
    for number, shape in enumerate(shapes):
        try:
            return await attempt(number, shape)
        except CALL_ERRORS as error:
            remedy, refusal = classify_error(error), error
            if remedy is Remedy.LATER:
                raise postponed(error) from error
            if remedy is not Remedy.NOT_THE_WORDS and shape.is_bare:
                break
    raise UndeliverableError(str(refusal)) from refusal


def _open(text: str) -> discord.File:
    """Return the file for one attempt."""
    return discord.File(BytesIO(text.encode()), filename=FILE_NAME)


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
