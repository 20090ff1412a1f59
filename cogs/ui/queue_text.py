"""What /veo-admin queue shows. Pure text."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import relative_time
from bot.escape import plain
from bot.models import OPEN, Generation, Status
from bot.work.cancellation import Cancelled

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


def queue_page(waiting: Sequence[Generation], number: int) -> QueuePage:
    """Return a page of what is `waiting`; the last one where there are not so many any more."""
    count = _count_pages(waiting)
    number = min(max(number, 0), count - 1)
    return QueuePage(number, count, len(waiting), waiting[number * PAGE_SIZE : (number + 1) * PAGE_SIZE])


def same_page(waiting: Sequence[Generation], number: int, shown: Sequence[Generation]) -> QueuePage:
    """Return a page with what it showed before, so that everything stays in its place."""
    return QueuePage(number, max(_count_pages(waiting), number + 1), len(waiting), shown)


def render_queue(page: QueuePage) -> str:
    """Return the page as text."""
    amount = {0: "Nothing is", 1: "1 video is"}.get(page.total, f"{page.total:,} videos are")
    heading = f"**{amount} waiting or being made on this server.**"
    if page.count > 1:
        heading += f" Page {page.number + 1} of {page.count}, the oldest first."
    return "\n".join([heading, *(_entry(place, row) for place, row in enumerate(page.shown, start=1))])


def render_cancelled(cancelled: Cancelled) -> str:
    """Return what is said about a request that was just cancelled."""
    generation = cancelled.generation
    counts = (
        "The video service has it already and cannot take it back, so it counts."
        if cancelled.counts
        else "It was not sent yet, so it does not count."
    )
    return f"🚫 **Cancelled:** <@{generation.user_id}>'s video `{generation.id}`. {counts}"


def is_waited_for(generation: Generation) -> bool:
    """Whether there is something to cancel."""
    return generation.status in OPEN


def _entry(place: int, generation: Generation) -> str:
    prompt = plain(generation.prompt, PROMPT_LENGTH) or "(no words)"
    return (
        f"**{place}.** <@{generation.user_id}> in <#{generation.channel_id}>: {_state(generation)}\n"
        f"> {prompt}\n"
        f"-# Number {generation.id}"
    )


def _state(generation: Generation) -> str:
    match generation.status:
        case Status.PREPARING | Status.QUEUED:
            return f"⏳ waiting, asked for {relative_time(generation.created_at)}"
        case Status.SUBMITTING:
            return f"📨 being sent, asked for {relative_time(generation.created_at)}"
        case Status.RUNNING:
            return f"⚙️ being made, sent {relative_time(generation.submitted_at or generation.created_at)}"
        case Status.CANCELLED:
            return "🚫 cancelled"
        case Status.SUCCEEDED:
            return "✅ made"
        case Status.FAILED:
            return "❌ failed"


def _count_pages(waiting: Sequence[Generation]) -> int:
    return max(1, -(-len(waiting) // PAGE_SIZE))
