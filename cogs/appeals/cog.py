"""The buttons of appeals, and the form that asks a moderator; they answer also under older messages."""

from functools import partial

import discord

from bot.admission.denials import RefusedError
from bot.discord_client.client import VeoBot
from bot.i18n import NC_, _, pgettext
from bot.moderation.decisions import REASON_MAX_LENGTH
from cogs.appeals.answer_text import render_asked
from cogs.appeals.decision_buttons import AppealDecisionButton
from cogs.cards.card_message import AskAboutVideoButton
from cogs.moderation.targets import moderator_of
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form, Item, view_of


class AskButton(Item):
    """Asks a member why a moderator should allow what was refused."""

    action = "appeal"
    label = NC_("button", "Ask a moderator")
    pattern = r"(?P<appeal>[0-9a-f]{16})"
    emoji = "🙋"

    def __init__(self, appeal_id: str) -> None:
        super().__init__(appeal_id)
        self._appeal_id = appeal_id

    async def act(self, interaction: Interaction) -> None:
        """Show the form, if they can ask."""
        await interaction.client.services.appeals.ensure_possible(moderator_of(interaction), self._appeal_id)
        await interaction.response.send_modal(AskForm(self._appeal_id))


class AskForm(Form):
    """Takes what the member says."""

    def __init__(self, appeal_id: str, *, is_about_video: bool = False) -> None:
        super().__init__(pgettext("title", "Ask a moderator"))
        self._appeal_id = appeal_id
        self._is_about_video = is_about_video
        self._why = self.add_text(
            "why",
            pgettext("label", "Why should it be allowed?"),
            REASON_MAX_LENGTH,
            description=_("Moderators see this, your prompt and your last 10 requests on this server."),
        )

    async def act(self, interaction: Interaction) -> None:
        """Write the appeal down."""
        why = self._why.value  # before anything is awaited, in which the form could be sent again
        appeals = interaction.client.services.appeals
        member, about = moderator_of(interaction), self._is_about_video
        row = await appeals.ask(member, self._appeal_id, why, is_about_video=about)
        await interaction.response.send_message(render_asked(row, appeals.end_of(row)), ephemeral=True)


def way_on(error: Exception) -> discord.ui.View | None:
    """Return what stands under a refusal that a moderator can be asked about."""
    if isinstance(error, RefusedError) and error.appeal_id is not None:
        return view_of(AskButton(error.appeal_id))
    return None


async def setup(bot: VeoBot) -> None:
    """Register the buttons, and let refusals have theirs; discord.py calls this."""
    AskAboutVideoButton.form = partial(AskForm, is_about_video=True)
    bot.add_dynamic_items(AskButton, AskAboutVideoButton, AppealDecisionButton)
    bot.way_on = way_on
