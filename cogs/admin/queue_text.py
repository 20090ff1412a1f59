"""The text of /veo-admin queue. Pure text."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.db.models import OPEN, Generation, Status, is_being_sent, sent_at
from bot.db.review_models import is_in_review, was_ready
from bot.escape import plain
from bot.i18n import _, ngettext, number
from bot.jobs.cancellation import Cancelled
from bot.timestamps import relative_time
from cogs.cards.card import number_line

PAGE_SIZE = 5  # requests; Discord puts five buttons into a row
PROMPT_LENGTH = 80  # characters of a prompt's beginning


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Some of the requests that are waited for.

    Attributes:
        number: of the page, from 0 on.
        count: how many pages there are, at least 1.
        total: how many requests are waited for on all pages.
        shown: those of this page; some may have ended since it was first shown.
    """

    number: int
    count: int
    total: int
    shown: Sequence[Generation]


def queue_page(waiting: Sequence[Generation], page: int) -> QueuePage:
    """Return a page of what is `waiting`; the last one where there are not so many any more."""
    count = _count_pages(waiting)
    page = min(max(page, 0), count - 1)
    return QueuePage(page, count, len(waiting), waiting[page * PAGE_SIZE : (page + 1) * PAGE_SIZE])


def same_page(waiting: Sequence[Generation], page: int, shown: Sequence[Generation]) -> QueuePage:
    """Return a page with what it showed before, so that everything stays in its place."""
    return QueuePage(page, max(_count_pages(waiting), page + 1), len(waiting), shown)


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
