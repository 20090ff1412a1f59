"""The text of /videos: one of the member's own generations. Pure text."""

from bot.db.models import OPEN, Generation, Status
from bot.i18n import N_, _, format_and, number
from bot.library.history import HistoryPage
from bot.money import show_money
from bot.timestamps import absolute_time
from cogs.cards.card import lineage_lines, number_line, parameter_lines, shown_prompt, state_line
from cogs.ui.links import linked, message_link

NONE_YET = N_("**You haven't requested a video on this server yet.** Use `/veo` to make one.")


def render_history(page: HistoryPage) -> str:
    """Return the page as text; the whole of it fits into a message."""
    generation = page.generation
    lines = [
        _(
            "**Your videos on this server:** {number} of {count}, newest first.",
            number=number(page.number),
            count=number(page.count),
        ),
        state_line(generation),
        *parameter_lines(generation),
        *lineage_lines(generation),
        _("Requested {date}.", date=absolute_time(generation.created_at)),
        _cost_line(generation),
        f"> {shown_prompt(generation)}",
        number_line(generation),
    ]
    if page.continued_in:
        videos = (linked(other.id, message_link(other)) for other in page.continued_in)
        lines.append(_("↪️ Continued in {videos}", videos=format_and(videos)))
    if generation.source_id not in {None, generation.continues_id}:
        lines.append(f"-# {_('Based on {number}', number=generation.source_id)}")
    return "\n".join([*lines, f"-# {_('Only you can see this list.')}"])


def _cost_line(generation: Generation) -> str:
    """Say what it took of the server's money, as far as that is known."""
    if generation.credits_used is not None:
        return _("Cost: {money}", money=show_money(generation.credits_used))
    is_unsent = generation.submitted_at is None and generation.status is Status.CANCELLED
    if generation.status is Status.FAILED or is_unsent:
        return _("Cost: nothing.")
    if generation.estimated_credits is None:
        return _("Cost: not known yet.") if generation.status in OPEN else _("Cost: unknown.")
    return _("Cost: about {money}.", money=show_money(generation.estimated_credits))
