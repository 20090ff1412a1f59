"""The text of /veo-admin queue, and its buttons. Their ids hold all they need, so they outlive a restart."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import discord

from bot.db.models import OPEN, Generation, Status, is_being_sent, sent_at
from bot.db.review_models import is_in_review, was_ready
from bot.errors import UserError
from bot.escape import plain
from bot.i18n import _, ngettext, number, pgettext
from bot.jobs.cancellation import Cancelled
from bot.markup import relative_time
from cogs.cards.card import number_line
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.targets import moderator_of
from cogs.ui.interaction import Interaction
from cogs.ui.items import Content, Item, view_of
from cogs.ui.lists import page_buttons

PAGE_SIZE = 5  # requests; Discord puts five buttons into a row
PROMPT_LENGTH = 80  # characters of a prompt's beginning
NAVIGATION_ROW = 1  # below the buttons that cancel
FORMER_REFRESH = "Refresh"  # its label before it had a "here", when there was no other language


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Some of the requests that are waited for.

    Attributes:
        number: of the page, from 0 on.
        count: how many pages there are, at least 1.
        total: how many requests are queued or in progress, on all pages.
        in_review: how many more wait for moderators, and aren't in the queue.
        shown: those of this page; some may have ended since it was first shown.
    """

    number: int
    count: int
    total: int
    shown: Sequence[Generation]
    in_review: int = 0


def queue_page(waiting: Sequence[Generation], page: int) -> QueuePage:
    """Return a page of what is `waiting`; the last one where there are not so many any more."""
    count = _count_pages(waiting)
    page = min(max(page, 0), count - 1)
    in_review = sum(map(is_in_review, waiting))
    shown = waiting[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]
    return QueuePage(page, count, len(waiting) - in_review, shown, in_review)


def render_queue(page: QueuePage) -> str:
    """Return the page as text."""
    heading = (
        ngettext(
            "**{count} video is queued or in progress on this server.**",
            "**{count} videos are queued or in progress on this server.**",
            page.total,
        )
        if page.total
        else _("**No videos are queued or in progress on this server.**")
    )
    if page.in_review:
        reviews = ngettext(
            "{count} request is waiting for approval.",
            "{count} requests are waiting for approval.",
            page.in_review,
        )
        heading = f"{heading} {reviews}"
    if page.count > 1:
        page_line = _(
            "Page {number} of {count}, oldest first.",
            number=number(page.number + 1),
            count=number(page.count),
        )
        heading = f"{heading} {page_line}"
    return "\n".join([heading, *(_entry(position, row) for position, row in enumerate(page.shown, start=1))])


def render_cancelled(cancelled: Cancelled) -> str:
    """Return what is said about a request that was just cancelled."""
    generation = cancelled.generation
    counts = _("It wasn't sent yet, so it doesn't count.")
    if is_being_sent(generation):
        counts = _("It was being sent, so it counts unless the video service didn't accept it.")
    elif was_ready(generation):
        counts = _("It was made, so it counts. I won't post it.")
    elif cancelled.counts:
        counts = _("The video service already has it and can't take it back, so it counts.")
    what = _(
        "🚫 **Cancelled:** {member}'s video `{number}`.",
        member=f"<@{generation.user_id}>",
        number=generation.id,
    )
    return f"{what} {counts}"


def is_waited_for(generation: Generation) -> bool:
    """Whether there is something to cancel."""
    return generation.status in OPEN or is_in_review(generation)


def _entry(position: int, generation: Generation) -> str:
    prompt = plain(generation.prompt, PROMPT_LENGTH) or _("(no prompt)")
    what = _(
        "{member} in {channel}: {state}",
        member=f"<@{generation.user_id}>",
        channel=f"<#{generation.channel_id}>",
        state=_state(generation),
    )
    return f"**{position}.** {what}\n> {prompt}\n{number_line(generation)}"


def _state(generation: Generation) -> str:
    if is_in_review(generation):
        return _in_review(generation)
    match generation.status:
        case Status.PREPARING | Status.QUEUED:
            asked_at = relative_time(generation.created_at)
            return _("⏳ queued, requested {when}", when=asked_at)
        case Status.SUBMITTING:
            return _("📨 being sent, requested {when}", when=relative_time(generation.created_at))
        case Status.RUNNING:
            return _("⚙️ in progress, sent {when}", when=relative_time(sent_at(generation)))
        case Status.CANCELLED:
            return _("🚫 cancelled")
        case Status.SUCCEEDED:
            return _("✅ made")
        case Status.FAILED:
            return _("❌ failed")


def _in_review(generation: Generation) -> str:
    if generation.status is Status.SUCCEEDED:
        ready_at = relative_time(generation.finished_at or generation.created_at)
        return _("👀 ready and waiting for approval, finished {when}", when=ready_at)
    return _("👀 waiting for approval, requested {when}", when=relative_time(generation.created_at))


def _count_pages(waiting: Sequence[Generation]) -> int:
    return max(1, -(-len(waiting) // PAGE_SIZE))


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


async def queue_content(interaction: Interaction) -> Content:
    """Return the first page of what is waited for on this server."""
    page = queue_page(await _list_open(interaction), 0)
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
    generations = interaction.client.services.generations
    found = {row.id: row for row in waiting}
    rows = [found.get(generation_id) or await generations.get(generation_id) for generation_id in ids]
    shown = [row for row in rows if row is not None and row.guild_id == interaction.guild_id]
    return QueuePage(number, max(_count_pages(waiting), number + 1), len(waiting), shown)


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
