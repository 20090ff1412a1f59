"""The buttons under a message with a video or an error."""

import discord

from bot.models import Generation, Status
from cogs.ui.delete_items import DeleteButton
from cogs.ui.repeat_items import RemixButton, RerollButton
from cogs.ui.report_items import ReportButton
from cogs.ui.video_button import view_of

TRY_AGAIN = "Try again"


def result_view(generation: Generation) -> discord.ui.View:
    """Return the buttons for what became of the request; none where a moderator stopped it."""
    match generation.status:
        case Status.SUCCEEDED:
            return view_of(
                RerollButton(generation.id),
                RemixButton(generation.id),
                DeleteButton(generation.id),
                ReportButton(generation.id),
            )
        case Status.FAILED:
            return view_of(RerollButton(generation.id, TRY_AGAIN), RemixButton(generation.id))
        case _:
            return view_of()
