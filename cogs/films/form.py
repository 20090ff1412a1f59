"""The form of /film: the title, and a line for each shot."""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any, Self

import discord

from bot.errors import UserError
from bot.escape import escape
from bot.films.script import (
    MAX_SHOTS,
    SCRIPT_MAX_LENGTH,
    TITLE_MAX_LENGTH,
    FilmSpec,
    first_models,
    parse_prompts,
)
from bot.i18n import N_, _, pgettext
from bot.markup import in_words
from bot.provider.catalogue import Model
from bot.provider.choosing import find_model
from bot.text import cut
from cogs.films.offer_buttons import offer_message
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form
from cogs.ui.markup_names import names_of
from cogs.ui.requester import ensure_inside, requester_of
from cogs.veo.option_inputs import OptionInputs

EMBED_MAX_LENGTH = 4096  # characters of a description, as Discord counts them
REST = N_("Everything else stays the same")


class FilmForm(Form):
    """Takes the words, and answers with the offer.

    Args:
        spec: what is known of the film; the form is filled in with it.
        models: those that can be chosen in the form, with the options; none: the command has said that.
        title: of the form.
        rest: says what becomes of all that the form doesn't show; None: nothing needs to be said.
    """

    def __init__(
        self,
        spec: FilmSpec,
        models: Sequence[Model] = (),
        *,
        title: str | None = None,
        rest: str | None = None,
    ) -> None:
        super().__init__(title or pgettext("title", "Make a film"))
        self._spec = spec
        self._title = discord.ui.TextInput[Self](
            custom_id="title", default=spec.title or None, min_length=1, max_length=TITLE_MAX_LENGTH
        )
        self._options = _option_inputs(spec, models, rest) if models else None
        self.add_item(discord.ui.Label(text=pgettext("label", "Title"), component=self._title))
        self._shots = self.add_text(
            "shots",
            pgettext("label", "Shots"),
            SCRIPT_MAX_LENGTH,
            description=_("One shot per line, up to {most}. Each is one video.", most=MAX_SHOTS),
            default="\n".join(spec.prompts) or None,
        )
        for label in () if self._options is None else self._options.labels:
            self.add_item(label)

    async def act(self, interaction: Interaction) -> None:
        """Offer the film; a refusal gives the words back, since the form is gone."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            await self._offer(interaction)
        except UserError as error:
            await self.give_back(interaction, error, **_to_copy(self._title.value, self._shots.value))

    async def _offer(self, interaction: Interaction) -> None:
        requester, names = requester_of(interaction), names_of(interaction)
        await ensure_inside(interaction)
        prompts = tuple(in_words(line, names) for line in parse_prompts(self._shots.value))
        title = cut(in_words(self._title.value, names), TITLE_MAX_LENGTH)
        spec = replace(self._spec, title=title, prompts=prompts)
        if self._options is not None:
            model, options = self._options.read()
            spec = replace(spec, model=model, options=options)
        quote = await interaction.client.services.films.offer(requester, spec)
        await interaction.edit_original_response(**offer_message(quote))


def remix_form(spec: FilmSpec, models: Sequence[Model]) -> FilmForm:
    """Return the form with everything filled in that a film was made from."""
    return FilmForm(spec, models, title=pgettext("title", "Remix this film"), rest=_(REST))


def _to_copy(title: str, script: str) -> dict[str, Any]:
    """Return the parts of a message that give the words back: an embed, or a file where they're too long."""
    words, heading = f"{title}\n\n{script}", pgettext("title", "Your film, to copy")
    if not words.strip():
        return {}
    said = escape(words)
    if len(said) <= EMBED_MAX_LENGTH:
        return {"embed": discord.Embed(title=heading, description=said)}
    return {
        "embed": discord.Embed(title=heading, description=_("It's in the attached file.")),
        "attachments": [discord.File(BytesIO(words.encode()), "film.txt")],
    }


def _option_inputs(spec: FilmSpec, models: Sequence[Model], rest: str | None) -> OptionInputs:
    able = first_models(spec, models)
    model = find_model(able, spec.model or "") or able[0]
    return OptionInputs(able, model, spec.options, has_images=bool(spec.images), rest=rest)
