"""The list of /veo-admin queue with its buttons. Their ids hold all they need, so they outlive a restart."""

import re
from collections.abc import Sequence
from typing import Self

import discord

from bot.db.models import Generation
from bot.errors import UserError
from bot.i18n import pgettext
from bot.jobs.cancellation import Cancelled
from bot.requests.service import GenerationService
from cogs.admin.queue_text import (
    QueuePage,
    is_waited_for,
    queue_page,
    render_cancelled,
    render_queue,
    same_page,
)
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.targets import moderator_of
from cogs.ui.interaction import Interaction
from cogs.ui.items import Content, Item, view_of
from cogs.ui.paging import page_buttons

NAVIGATION_ROW = 1  # below the buttons that cancel
FORMER_REFRESH = "Refresh"  # its label before it had a "here", when there was no other language


class QueueButton(Item):
    """Shows a page of the list as it is now."""

    action = "queue"
    # "here" stands in the button that shows the same page again, by which the page is known.
    pattern = r"(?P<page>[0-9]{1,4})(?P<here>:here)?"

    def __init__(self, page: int, label: str = "", *, is_here: bool = False) -> None:
        """`is_here`: the page is the one that the message shows already."""
        super().__init__(page, *(["here"] if is_here else []), label=label, row=NAVIGATION_ROW)
        self._page = page

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Return what was clicked."""
        return cls(int(match["page"]), is_here=match["here"] is not None)

    async def act(self, interaction: Interaction) -> None:
        """Turn the page."""
        await interaction.response.defer()
        await ensure_moderator(interaction)
        await _edit(interaction, queue_page(await _list_open(interaction), self._page))


class CancelButton(Item):
    """Cancels a request of this server; `position`: its number on the page."""

    action = "cancel"
    pattern = r"(?P<id>[0-9a-z]{1,16})"
    style = discord.ButtonStyle.danger

    def __init__(self, generation_id: str, position: int = 1, *, is_disabled: bool = False) -> None:
        super().__init__(generation_id, label=pgettext("button", "Cancel {place}", place=position))
        self.item.disabled = is_disabled
        self._generation_id = generation_id

    async def act(self, interaction: Interaction) -> None:
        """Cancel it and show how the page is then, whether that worked or came too late."""
        await interaction.response.defer()
        await ensure_moderator(interaction)
        by, services = moderator_of(interaction), interaction.client.services
        try:
            cancelled = await services.cancellation.cancel(by.guild_id, self._generation_id, by.user_id)
        except UserError:
            await _edit(interaction, await _same_page(interaction))
            raise
        await _edit(interaction, await _same_page(interaction), cancelled)


async def queue_content(interaction: Interaction, generations: GenerationService) -> Content:
    """Return the first page of what is waited for on this server."""
    page = queue_page(await generations.list_open(moderator_of(interaction).guild_id), 0)
    return Content(content=render_queue(page), view=view_of_page(page))


async def _list_open(interaction: Interaction) -> Sequence[Generation]:
    return await interaction.client.services.generations.list_open(moderator_of(interaction).guild_id)


async def _edit(interaction: Interaction, page: QueuePage, cancelled: Cancelled | None = None) -> None:
    notice = f"{render_cancelled(cancelled)}\n" if cancelled else ""
    await interaction.edit_original_response(content=notice + render_queue(page), view=view_of_page(page))


async def _same_page(interaction: Interaction) -> QueuePage:
    """Return the page that the message shows, as it is now.

    Everything keeps its place: a second click must not hit what has moved under the pointer.
    """
    number, ids = shown_on(interaction.message)
    waiting = await _list_open(interaction)
    generations: GenerationService = interaction.client.services.generations
    found = {row.id: row for row in waiting}
    rows = [found.get(generation_id) or await generations.get(generation_id) for generation_id in ids]
    shown = [row for row in rows if row is not None and row.guild_id == interaction.guild_id]
    return same_page(waiting, number, shown)


def shown_on(message: discord.Message | None) -> tuple[int, list[str]]:
    """Return the number of the page that a message shows, and the ids of its requests, in any language."""
    items = discord.ui.View.from_message(message).children if message else []
    buttons = [item for item in items if isinstance(item, discord.ui.Button)]
    ids = [match["id"] for button in buttons if (match := CancelButton.match(button.custom_id))]
    pages = [(QueueButton.match(button.custom_id), button.label) for button in buttons]
    here = (
        int(match["page"]) for match, label in pages if match and (match["here"] or label == FORMER_REFRESH)
    )
    return next(here, 0), ids


def view_of_page(page: QueuePage) -> discord.ui.View:
    """Return the buttons of a page."""
    cancel = [
        CancelButton(generation.id, position, is_disabled=not is_waited_for(generation))
        for position, generation in enumerate(page.shown, start=1)
    ]
    refresh = QueueButton(page.number, pgettext("button", "Refresh"), is_here=True)
    return view_of(*cancel, *page_buttons(page.number, page.count, QueueButton, refresh))
