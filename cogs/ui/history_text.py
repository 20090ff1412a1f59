"""What /videos shows: one of the member's own generations. Pure text."""

from bot.models import OPEN, Generation, Status
from bot.money import show_money
from bot.results.history import HistoryPage
from cogs.ui.card import number_line, parameter_lines, shown_prompt, state_line

NONE_YET = "**You have not asked for a video on this server yet.** Use `/veo` to make one."
ONLY_YOU = "-# Only you can see this list."


def render_history(page: HistoryPage) -> str:
    """Return the page as text; the whole of it fits into a message."""
    generation = page.generation
    lines = [
        f"**Your videos on this server:** {page.number:,} of {page.count:,}, the newest first.",
        state_line(generation),
        *parameter_lines(generation),
        _asked_line(generation),
        f"Cost: {_cost(generation)}",
        f"> {shown_prompt(generation)}",
        number_line(generation),
    ]
    if generation.source_id is not None:
        lines.append(f"-# Made anew from number {generation.source_id}")
    return "\n".join([*lines, ONLY_YOU])


def _asked_line(generation: Generation) -> str:
    moment = int(generation.created_at.timestamp())
    line = f"Asked for <t:{moment}:f> (<t:{moment}:R>)"
    if generation.card_id is None:
        return f"{line}."
    place = f"{generation.guild_id}/{generation.channel_id}/{generation.card_id}"
    return f"{line}: https://discord.com/channels/{place}"


def _cost(generation: Generation) -> str:
    """Say what it took of the server's money, as far as that is known."""
    if generation.credits_used is not None:
        return show_money(generation.credits_used)
    is_unsent = generation.submitted_at is None and generation.status is Status.CANCELLED
    if generation.status is Status.FAILED or is_unsent:
        return "nothing."
    if generation.estimated_credits is None:
        return "not known yet." if generation.status in OPEN else "not known."
    return f"about {show_money(generation.estimated_credits)}."
