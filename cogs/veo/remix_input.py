"""The fields of the Remix form, from the catalogue, and what they make of the request. A form holds five."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import discord

from bot.errors import BadRequestError, uncounted
from bot.i18n import _, ngettext, pgettext
from bot.provider.catalogue import CATALOGUE, PROMPT_MAX_LENGTH, Model, get_model
from bot.provider.choosing import models_for, none_for
from bot.provider.options import NEGATIVE_PROMPT_MAX_LENGTH
from bot.requests.spec import RequestSpec
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
