"""The pages of /videos. A button's id names the generation that it leads to, so it outlives a restart."""

import discord

from bot.clock import utc_now
from bot.db.models import NOBODY, OPEN, Generation, Status
from bot.errors import BadInputError
from bot.i18n import N_, NC_, _, format_and, number, pgettext
from bot.library.history import HistoryPage
from bot.library.removal import is_shown
from bot.markup import absolute_time
from bot.money import show_money
from bot.requests.continuing import is_continuable
from bot.requests.repeats import can_be_repeated
from cogs.cards.card import full_prompt, lineage_lines, number_line, parameter_lines, shown_prompt, state_line
from cogs.ui.interaction import Interaction
from cogs.ui.items import Item, VideoButton, card_button, linked, message_link, view_of, watch_button
from cogs.videos.continue_button import ContinueButton, ExtendButton, is_extension
from cogs.videos.delete_buttons import DeleteButton
from cogs.videos.repeat_buttons import RemixButton, RerollButton
from cogs.videos.repost import RepostButton

NONE_YET = N_("**You haven't requested a video on this server yet.** Use `/veo` to make one.")
NAVIGATION_ROW = 2  # below the buttons for the video


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


class HistoryButton(VideoButton):
    """Leads to one of the member's generations."""

    action = "video"
    label = NC_("button", "Refresh")

    async def act(self, interaction: Interaction) -> None:
        """Show it as it stands."""
        await interaction.response.defer()
        page = await interaction.client.services.history.read(*_reader(interaction), self.generation_id)
        if page is not None:
            await interaction.edit_original_response(
                content=render_history(page), embeds=full_prompt(page.generation), view=_view(page)
            )


async def show_history(interaction: Interaction) -> None:
    """Answer, for the requester alone, with the newest of their generations."""
    page = await interaction.client.services.history.read(*_reader(interaction))
    if page is None:
        await interaction.response.send_message(_(NONE_YET), ephemeral=True)
        return
    await interaction.response.send_message(
        render_history(page), embeds=full_prompt(page.generation), view=_view(page), ephemeral=True
    )


def _reader(interaction: Interaction) -> tuple[int, int]:
    """Return the server and the member.

    Raises:
        BadInputError: the command was not used in a server.
    """
    if interaction.guild_id is None or interaction.user.id == NOBODY:
        raise BadInputError(_("This only works in servers."))
    return interaction.guild_id, interaction.user.id


def _view(page: HistoryPage) -> discord.ui.View:
    generation = page.generation
    actions: list[Item] = []
    if can_be_repeated(generation, utc_now()):
        actions.append(RerollButton(generation.id))
        if not is_extension(generation):
            actions.append(RemixButton(generation.id))
    if is_continuable(generation):
        actions += [ContinueButton(generation.id), ExtendButton(generation.id)]
    if is_shown(generation):
        actions.append(DeleteButton(generation.id))
        if generation.erased_at is None and generation.delivered_at is not None:
            actions.append(RepostButton(generation.id))
    targets = [
        (page.newer_id, pgettext("button", "Newer")),
        (generation.id, None),
        (page.older_id, pgettext("button", "Older")),
    ]
    buttons = [HistoryButton(target, label, row=NAVIGATION_ROW) for target, label in targets if target]
    card = card_button(generation, generation.card_id, row=NAVIGATION_ROW)
    return view_of(*actions, watch_button(generation), *buttons, card)
