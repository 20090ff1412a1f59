"""The fields of the Remix form, from the catalogue, and what they make of the request. A form holds five."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import discord

from bot.errors import BadRequestError
from bot.i18n import _, ngettext, pgettext
from bot.policy.phrases import seconds
from bot.provider.catalogue import CATALOGUE, PROMPT_MAX_LENGTH, Model, OptionValue, get_model
from bot.provider.choosing import models_for, none_for
from bot.provider.options import NEGATIVE_PROMPT_MAX_LENGTH
from bot.requests.spec import RequestSpec

IMAGE = ("aspect_ratio", "resolution")  # two options in one field, since a form has room for five
OWN_RATIO = "auto"  # with an image the ratio may be left to the provider

Label = discord.ui.Label[Any]
Select = discord.ui.Select[Any]


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
            raise BadRequestError(
                f"{none_for(spec.kind, models)} " + _("This didn't count toward your limit.")
            )
        model = get_model(spec.model or "") or models[0]
        self._prompt = _text("prompt", spec.prompt, PROMPT_MAX_LENGTH)
        negative = _current(spec, model, "negative_prompt")
        self._negative = (
            _text("negative_prompt", negative, NEGATIVE_PROMPT_MAX_LENGTH)
            if any(other.option("negative_prompt") for other in models)
            else None
        )
        self._model = select_of("model", [(other.label, other.id) for other in models], model.id)
        durations = [str(value) for value in _choices(models, "duration")]
        self._duration = select_of(
            "duration",
            [(seconds(int(value)), value) for value in durations],
            _current(spec, model, "duration"),
        )
        ratios, heights = (_choices(models, name) for name in IMAGE)
        if spec.images:
            ratios = [OWN_RATIO, *ratios]
        images = [
            (f"{_shown_ratio(ratio)} {height}", f"{ratio} {height}") for ratio in ratios for height in heights
        ]
        ratio, height = (_current(spec, model, name) for name in IMAGE)
        current = f"{ratio or OWN_RATIO} {height}"
        self._image = select_of("picture", images, current)

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
            Label(text=pgettext("label", "Model"), component=self._model),
            Label(text=pgettext("label", "Duration"), component=self._duration),
            Label(
                text=pgettext("label", "Image"),
                description=ngettext(
                    "The image, sound and everything else stay the same",
                    "The images, sound and everything else stay the same",
                    len(self._spec.images),
                )
                if self._spec.images
                else _("Sound, seed and everything else stay the same"),
                component=self._image,
            ),
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
        model_id = self._model.values[0]
        ratio, _, height = self._image.values[0].partition(" ")
        chosen: dict[str, OptionValue | None] = {
            "duration": int(self._duration.values[0]),
            "aspect_ratio": None if ratio == OWN_RATIO else ratio,
            "resolution": height,
            "negative_prompt": None if self._negative is None else self._negative.value.strip() or None,
        }
        options = _merge(self._spec, get_model(model_id), chosen)
        return replace(self._spec, model=model_id, prompt=self._prompt.value, options=options)


def _merge(
    spec: RequestSpec, model: Model | None, chosen: dict[str, OptionValue | None]
) -> dict[str, OptionValue]:
    """Return the options to ask with, as the model spells them.

    A default stays unsent, as does what the model has no option for.
    """
    merged: dict[str, OptionValue] = {}
    for name, wish in {**spec.options, **chosen}.items():
        option = model and model.option(name)
        if option is None or wish is None:
            continue
        value = option.spelled(wish)
        if value is None:
            value = wish
        if value != option.default or name in spec.options:
            merged[name] = value
    return merged


def _current(spec: RequestSpec, model: Model, name: str) -> str:
    """Return what the video was made with, as text; empty where that was left to the provider."""
    option = model.option(name)
    value = spec.options.get(name, None if option is None else option.default)
    return "" if value is None else str(value)


def _shown_ratio(ratio: int | str) -> str:
    return pgettext("aspect ratio", "auto") if ratio == OWN_RATIO else str(ratio)


def _choices(models: Sequence[Model], name: str) -> list[int | str]:
    """Return the values that any of the models takes, each once and as the first one spells it."""
    options = [option for model in models if (option := model.option(name))]
    found: dict[str, int | str] = {}
    for choice in (choice for option in options for choice in option.choices):
        found.setdefault(str(choice).casefold(), choice)
    return list(found.values())


def _text(name: str, value: str, most: int) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(
        custom_id=name,
        style=discord.TextStyle.paragraph,
        default=value[:most] or None,
        required=name == "prompt",
        max_length=most,
    )


def select_of(name: str, choices: Iterable[tuple[str, str]], current: str) -> Select:
    """Return a field with pairs of a label and a value, of which one is chosen already."""
    options = [
        discord.SelectOption(label=label, value=value, default=value.casefold() == current.casefold())
        for label, value in choices
    ]
    return Select(custom_id=name, options=options, required=True)
