"""The buttons that make a video anew: Re-roll with another seed, Remix from a form."""

from collections.abc import Sequence

from bot.clock import utc_now
from bot.i18n import pgettext
from bot.provider.catalogue import Model
from bot.requests.repeats import spec_of, with_new_seed
from bot.requests.spec import RequestSpec
from cogs.moderation.owners import find_manageable
from cogs.ui.interaction import Interaction
from cogs.ui.video_button import VideoButton
from cogs.veo.request import ask
from cogs.veo.request_form import RequestForm


class RerollButton(VideoButton):
    """Asks for the same video with another seed, in the name of whoever clicks."""

    action = "reroll"
    emoji = "🎲"

    @classmethod
    def label(cls) -> str:
        """Return the usual label."""
        return pgettext("button", "Re-roll")

    async def act(self, interaction: Interaction) -> None:
        """Ask for it, by the same way as /veo."""
        source = await find_manageable(interaction, self.generation_id)
        await ask(interaction, with_new_seed(spec_of(source, utc_now())))


class RemixButton(VideoButton):
    """Shows a form with everything filled in."""

    action = "remix"
    emoji = "✏️"

    @classmethod
    def label(cls) -> str:
        """Return the usual label."""
        return pgettext("button", "Remix")

    async def act(self, interaction: Interaction) -> None:
        """Show the form."""
        source = await find_manageable(interaction, self.generation_id)
        models = interaction.client.services.models
        await interaction.response.send_modal(RemixForm(models, spec_of(source, utc_now())))


class RemixForm(RequestForm):
    """Takes a changed request, and asks for that video."""

    def __init__(self, models: Sequence[Model], spec: RequestSpec) -> None:
        super().__init__(pgettext("title", "Remix this video"), models, spec)

    async def use(self, interaction: Interaction, spec: RequestSpec) -> None:
        """Ask for it, by the same way as /veo."""
        await ask(interaction, spec)
