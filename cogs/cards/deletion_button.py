"""The button under the card of what a moderator deleted after a report."""

from collections.abc import Callable
from typing import ClassVar

from bot.i18n import NC_
from cogs.moderation.targets import moderator_of
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form, VideoButton


class AskAboutVideoButton(VideoButton):
    """Asks the member why their video or film shouldn't have been deleted; its ID is in the custom ID.

    Attributes:
        form: takes what they say, about the appeal with an ID; `cogs.appeals` gives it.
    """

    action = "appeal-video"
    label = NC_("button", "Ask a moderator")
    emoji = "🙋"
    form: ClassVar[Callable[[str], Form]]

    async def act(self, interaction: Interaction) -> None:
        """Show the form, if they can ask."""
        appeals, member = interaction.client.services.appeals, moderator_of(interaction)
        appeal_id = await appeals.offer_deletion(member, self.generation_id)
        await interaction.response.send_modal(AskAboutVideoButton.form(appeal_id))
