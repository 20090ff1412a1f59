"""A form with all of a request's fields filled in, whatever is done with them when it is sent."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import discord

from bot.discord_client.replies import record_shown
from bot.errors import BadRequestError, UserError, uncounted
from bot.escape import escape
from bot.i18n import _, ngettext, pgettext
from bot.provider.catalogue import CATALOGUE, PROMPT_MAX_LENGTH, Model, get_model
from bot.provider.choosing import models_for, none_for
from bot.provider.options import NEGATIVE_PROMPT_MAX_LENGTH
from bot.requests.spec import RequestSpec
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form
from cogs.ui.markup_names import spec_in_words
from cogs.veo.option_inputs import Label, OptionInputs, current_text


class RemixInputs:
    """The fields, filled in with `spec`; `models`: those that can be chosen.

    Raises:
        BadRequestError: the catalogue has no model any more that makes a video from the same.
    """

    def __init__(self, models: Sequence[Model], spec: RequestSpec) -> None:
        self._spec = spec
        # Where none of them can, the form still opens, and what it sends is refused in words.
        models = models_for(models, spec.kind) or models_for(CATALOGUE, spec.kind)
        if not models:
            raise BadRequestError(uncounted(none_for(spec.kind, models)))
        model = get_model(spec.model or "") or models[0]
        self._prompt = _text("prompt", spec.prompt, PROMPT_MAX_LENGTH)
        negative = current_text(spec.options, model, "negative_prompt")
        self._negative = (
            _text("negative_prompt", negative, NEGATIVE_PROMPT_MAX_LENGTH)
            if any(other.option("negative_prompt") for other in models)
            else None
        )
        images = len(spec.images)
        rest = (
            ngettext(
                "The image, sound and everything else stay the same",
                "The images, sound and everything else stay the same",
                images,
            )
            if images
            else _("Sound, seed and everything else stay the same")
        )
        self._options = OptionInputs(models, model, spec.options, has_images=images > 0, rest=rest)

    @property
    def labels(self) -> list[Label]:
        """The fields as the form shows them."""
        return [
            Label(
                text=pgettext("label", "Prompt"),
                description=_("Describe the video"),
                component=self._prompt,
            ),
            *self._negative_labels,
            *self._options.labels,
        ]

    @property
    def _negative_labels(self) -> list[Label]:
        """The field, unless no model has the option: what is written there would be lost."""
        if self._negative is None:
            return []
        return [
            Label(
                text=pgettext("label", "Negative prompt"),
                description=_("What the video should not show"),
                component=self._negative,
            )
        ]

    def read(self) -> RequestSpec:
        """Return the spec as the form was sent; its fields are checked later."""
        negative = None if self._negative is None else self._negative.value.strip() or None
        model_id, options = self._options.read(negative_prompt=negative)
        return replace(self._spec, model=model_id, prompt=self._prompt.value, options=options)


def _text(name: str, value: str, max_length: int) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(
        custom_id=name,
        style=discord.TextStyle.paragraph,
        default=value[:max_length] or None,
        required=name == "prompt",
        max_length=max_length,
    )


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
