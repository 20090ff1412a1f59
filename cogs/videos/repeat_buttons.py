"""The buttons that make a video again: with another seed, from a form, or with another model."""

from collections.abc import Sequence
from dataclasses import replace

import discord

from bot.clock import utc_now
from bot.i18n import NC_, pgettext
from bot.money import show_usd
from bot.provider.catalogue import Model, get_model
from bot.requests.repeats import spec_of, with_new_seed
from bot.requests.spec import RequestSpec
from cogs.moderation.owners import find_manageable
from cogs.ui.interaction import Interaction
from cogs.ui.items import Item, VideoButton
from cogs.veo.request import ask
from cogs.veo.request_form import RequestForm


class RerollButton(VideoButton):
    """Asks for the same video with another seed, in the name of whoever clicks."""

    action = "reroll"
    label = NC_("button", "Re-roll")
    emoji = "🎲"

    async def act(self, interaction: Interaction) -> None:
        """Ask for it, by the same way as /veo."""
        source = await find_manageable(interaction, self.generation_id)
        await ask(interaction, with_new_seed(spec_of(source, utc_now())))


class SuccessorButton(Item):
    """Asks for the same video by another model, since the one that was chosen is gone."""

    action = "successor"
    pattern = r"(?P<generation>[0-9a-f]{16}):(?P<model>[a-z0-9._/#-]{1,60})"
    style = discord.ButtonStyle.primary

    def __init__(self, generation_id: str, model_id: str, price: float | None = None) -> None:
        """`price`: of the video, in credits; None: not known, or not shown any more."""
        super().__init__(generation_id, model_id, label=successor_label(model_id, price))
        self.generation_id = generation_id
        self.model_id = model_id

    async def act(self, interaction: Interaction) -> None:
        """Ask for it, by the same way as /veo."""
        source = await find_manageable(interaction, self.generation_id)
        await ask(interaction, replace(spec_of(source, utc_now()), model=self.model_id))


def successor_label(model_id: str, price: float | None) -> str:
    """Return the words on a button that makes a video with another model; `price`: as there."""
    model = get_model(model_id)
    name = model.family if model else model_id
    if price is None:
        return pgettext("button", "Make it with {model}", model=name)
    return pgettext("button", "Make it with {model} · about {price}", model=name, price=show_usd(price))


class RemixButton(VideoButton):
    """Shows a form with everything filled in."""

    action = "remix"
    label = NC_("button", "Remix")
    emoji = "✏️"

    async def act(self, interaction: Interaction) -> None:
        """Show the form."""
        source = await find_manageable(interaction, self.generation_id)
        models = interaction.client.services.model_choices.living
        await interaction.response.send_modal(RemixForm(models, spec_of(source, utc_now())))


class RemixForm(RequestForm):
    """Takes a changed request, and asks for that video."""

    def __init__(self, models: Sequence[Model], spec: RequestSpec) -> None:
        super().__init__(pgettext("title", "Remix this video"), models, spec)

    async def use(self, interaction: Interaction, spec: RequestSpec) -> None:
        """Ask for it, by the same way as /veo."""
        await ask(interaction, spec)
