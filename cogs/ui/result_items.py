"""The buttons under a message with a video or an error."""

import discord

from bot.language import pgettext, speaking
from bot.models import Generation, Status
from bot.results.repeats import is_known
from cogs.ui.delete_items import DeleteButton
from cogs.ui.items import Item
from cogs.ui.repeat_items import RemixButton, RerollButton
from cogs.ui.report_items import ReportButton
from cogs.ui.video_button import view_of


def result_view(generation: Generation) -> discord.ui.View:
    """Return the buttons for what became of the request, in the member's language.

    There are none where a moderator stopped it.
    """
    with speaking(generation.locale):
        match generation.status:
            case Status.SUCCEEDED:
                return view_of(
                    *_repeats(generation), DeleteButton(generation.id), ReportButton(generation.id)
                )
            case Status.FAILED:
                return view_of(*_repeats(generation, pgettext("button", "Try again")))
            case _:
                return view_of()


def _repeats(generation: Generation, label: str | None = None) -> list[Item]:
    # A message outlives Discord's links to pictures; a click on a button says then that they are dead.
    if not is_known(generation):
        return []
    again = RerollButton(generation.id) if label is None else RerollButton(generation.id, label)
    return [again, RemixButton(generation.id)]
