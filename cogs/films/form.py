"""The form of /film: the title, and a line for each shot."""

from dataclasses import replace
from typing import Self

import discord

from bot.discord_client.replies import note_shown
from bot.errors import UserError
from bot.films.script import MAX_SHOTS, TITLE_MAX_LENGTH, FilmSpec, parse_prompts
from bot.i18n import _, pgettext
from bot.markup import in_words
from cogs.films.offer_buttons import offer_message
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form
from cogs.ui.requester import ensure_inside, requester_of
from cogs.veo.markup_names import names_of
from cogs.veo.request_form import words_to_copy

TEXT_MAX_LENGTH = 4000  # characters that Discord takes in one field


class FilmForm(Form):
    """Takes the words, and answers with the offer.

    Args:
        spec: what the command said; its title and prompts are still empty.
    """

    def __init__(self, spec: FilmSpec) -> None:
        super().__init__(pgettext("title", "Make a film"))
        self._spec = spec
        self._title = discord.ui.TextInput[Self](custom_id="title", min_length=1, max_length=TITLE_MAX_LENGTH)
        self._shots = discord.ui.TextInput[Self](
            custom_id="shots",
            style=discord.TextStyle.paragraph,
            min_length=1,
            max_length=TEXT_MAX_LENGTH,
        )
        self.add_item(discord.ui.Label(text=pgettext("label", "Title"), component=self._title))
        self.add_item(
            discord.ui.Label(
                text=pgettext("label", "Shots"),
                description=_("One shot per line, up to {most}. Each is one video.", most=MAX_SHOTS),
                component=self._shots,
            )
        )

    async def act(self, interaction: Interaction) -> None:
        """Offer the film; a refusal gives the words back, since the form is gone."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            await self._offer(interaction)
        except UserError as error:
            words, view = words_to_copy(self._shots.value), interaction.client.way_on(error)
            await interaction.edit_original_response(content=str(error), embed=words, view=view)
            await note_shown(interaction, error)

    async def _offer(self, interaction: Interaction) -> None:
        requester, names = requester_of(interaction), names_of(interaction)
        await ensure_inside(interaction)
        prompts = tuple(in_words(line, names) for line in parse_prompts(self._shots.value))
        title = in_words(self._title.value, names)[:TITLE_MAX_LENGTH]
        spec = replace(self._spec, title=title, prompts=prompts)
        quote = await interaction.client.services.films.offer(requester, spec)
        await interaction.edit_original_response(**offer_message(quote))
