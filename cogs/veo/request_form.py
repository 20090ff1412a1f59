"""A form with all of a request's fields filled in, whatever is done with them when it is sent."""

from collections.abc import Sequence

import discord

from bot.discord_client.replies import record_shown
from bot.errors import UserError
from bot.escape import escape
from bot.i18n import pgettext
from bot.provider.catalogue import PROMPT_MAX_LENGTH, Model
from bot.requests.spec import RequestSpec
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form
from cogs.ui.markup_names import spec_in_words
from cogs.veo.remix_input import RemixInputs


class RequestForm(Form):
    """Base of such forms: give `use`. What the form does not show stays as it was.

    Args:
        title: in the language of the person who opens it.
        models: those that can be chosen.
    """

    def __init__(self, title: str, models: Sequence[Model], spec: RequestSpec) -> None:
        super().__init__(title)
        self._inputs = RemixInputs(models, spec)
        for label in self._inputs.labels:
            self.add_item(label)

    async def act(self, interaction: Interaction) -> None:
        """Use the request; a refusal gives the words back, since the form is gone."""
        spec = spec_in_words(interaction, self._inputs.read())
        try:
            await self.use(interaction, spec)
        except UserError as error:
            if interaction.response.is_done():
                raise
            words = words_to_copy(spec.prompt)
            way_on = interaction.client.way_on(error) or discord.utils.MISSING
            await interaction.response.send_message(str(error), embed=words, view=way_on, ephemeral=True)
            await record_shown(interaction, error)

    async def use(self, interaction: Interaction, spec: RequestSpec) -> None:
        """Do what the form is for; every error becomes a reply."""
        raise NotImplementedError


def words_to_copy(prompt: str) -> discord.Embed:
    """Return a prompt as an embed, so that nobody has to write it again."""
    said = prompt[:PROMPT_MAX_LENGTH]  # twice as long when escaped, which still fits
    return discord.Embed(title=pgettext("title", "Your prompt, to copy"), description=escape(said))
