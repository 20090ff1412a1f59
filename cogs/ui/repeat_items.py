"""The buttons that make a video anew: Re-roll with another seed, Remix from a form."""

import discord

from bot.client import VeoBot
from bot.errors import UserError
from bot.escape import escape
from bot.language import pgettext
from bot.results.repeats import Wishes, wishes_of, with_new_seed
from cogs.ui.answer import answer_with_card
from cogs.ui.asker import asker_of
from cogs.ui.items import Form
from cogs.ui.owners import Interaction, find_manageable
from cogs.ui.remix_input import RemixInputs
from cogs.ui.video_button import VideoButton, template_of


class RerollButton(VideoButton, template=template_of("reroll")):
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
        await _ask(interaction, with_new_seed(wishes_of(source)), source.id)


class RemixButton(VideoButton, template=template_of("remix")):
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
        await interaction.response.send_modal(RemixForm(wishes_of(source), source.id))


class RemixForm(Form):
    """Takes changed wishes; what it does not show stays as it was."""

    def __init__(self, wishes: Wishes, source_id: str) -> None:
        super().__init__(pgettext("title", "Remix this video"))
        self._source_id = source_id
        self._inputs = RemixInputs(wishes)
        for label in self._inputs.labels:
            self.add_item(label)

    async def act(self, interaction: discord.Interaction[VeoBot]) -> None:
        """Ask for the video; a refusal gives the words back, since the form is gone."""
        wishes = self._inputs.read()
        try:
            await _ask(interaction, wishes, self._source_id)
        except UserError as error:
            if interaction.response.is_done():
                raise
            title = pgettext("title", "Your prompt, to copy")
            words = discord.Embed(title=title, description=escape(wishes.prompt))
            await interaction.response.send_message(str(error), embed=words, ephemeral=True)


async def _ask(interaction: discord.Interaction[VeoBot], wishes: Wishes, source_id: str) -> None:
    generations = interaction.client.services.generations
    generation = await generations.request(
        asker_of(interaction),
        model=wishes.model,
        prompt=wishes.prompt,
        options=wishes.options,
        source_id=source_id,
    )
    await answer_with_card(interaction, generations, generation)
