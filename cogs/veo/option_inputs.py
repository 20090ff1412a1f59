"""The fields of a filled-in form for the model and the options that have a list of choices."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import discord

from bot.i18n import pgettext
from bot.policy.phrases import seconds
from bot.provider.catalogue import Model, OptionValue, get_model

IMAGE = ("aspect_ratio", "resolution")  # two options in one field, since a form has room for five
OWN_RATIO = "auto"  # with an image the ratio may be left to the provider

Label = discord.ui.Label[Any]
Select = discord.ui.Select[Any]


class OptionInputs:
    """Three fields: the model, the duration, and the ratio with the resolution.

    Args:
        models: those that can be chosen, at least one.
        model: that is chosen already.
        options: as they were chosen.
        has_images: the video is made from images, so that its ratio can be left to the provider.
        rest: says what becomes of all that the form doesn't show; None: nothing needs to be said.
    """

    def __init__(
        self,
        models: Sequence[Model],
        model: Model,
        options: Mapping[str, OptionValue | None],
        *,
        has_images: bool,
        rest: str | None,
    ) -> None:
        self._options = options
        self._rest = rest
        self._model = select_of("model", [(other.label, other.id) for other in models], model.id)
        durations = [str(value) for value in _choices(models, "duration")]
        self._duration = select_of(
            "duration",
            [(seconds(int(value)), value) for value in durations],
            current_text(options, model, "duration"),
        )
        ratios, heights = (_choices(models, name) for name in IMAGE)
        if has_images:
            ratios = [OWN_RATIO, *ratios]
        images = [
            (f"{_shown_ratio(ratio)} {height}", f"{ratio} {height}") for ratio in ratios for height in heights
        ]
        ratio, height = (current_text(options, model, name) for name in IMAGE)
        current = f"{ratio or OWN_RATIO} {height}"
        self._image = select_of("picture", images, current)

    @property
    def labels(self) -> list[Label]:
        """The fields as the form shows them."""
        return [
            Label(text=pgettext("label", "Model"), component=self._model),
            Label(text=pgettext("label", "Duration"), component=self._duration),
            Label(text=pgettext("label", "Image"), description=self._rest, component=self._image),
        ]

    def read(self, **written: OptionValue | None) -> tuple[str, dict[str, OptionValue]]:
        """Return the model's ID, and the options to ask with; `written`: those of other fields."""
        model_id = self._model.values[0]
        ratio, _, height = self._image.values[0].partition(" ")
        chosen: dict[str, OptionValue | None] = {
            "duration": int(self._duration.values[0]),
            "aspect_ratio": None if ratio == OWN_RATIO else ratio,
            "resolution": height,
            **written,
        }
        return model_id, _merge(self._options, get_model(model_id), chosen)


def _merge(
    options: Mapping[str, OptionValue | None],
    model: Model | None,
    chosen: Mapping[str, OptionValue | None],
) -> dict[str, OptionValue]:
    """Return the options to ask with, as the model spells them.

    A default stays unsent, as does what the model has no option for.
    """
    merged: dict[str, OptionValue] = {}
    for name, wish in {**options, **chosen}.items():
        option = model and model.option(name)
        if option is None or wish is None:
            continue
        value = option.spelled(wish)
        if value is None:
            value = wish
        if value != option.default or name in options:
            merged[name] = value
    return merged


def current_text(options: Mapping[str, OptionValue | None], model: Model, name: str) -> str:
    """Return what was chosen, or else the model's default, as text; empty where the provider decides."""
    option = model.option(name)
    value = options.get(name, None if option is None else option.default)
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


def select_of(name: str, choices: Iterable[tuple[str, str]], current: str) -> Select:
    """Return a field with pairs of a label and a value, of which one is chosen already."""
    options = [
        discord.SelectOption(label=label, value=value, default=value.casefold() == current.casefold())
        for label, value in choices
    ]
    return Select(custom_id=name, options=options, required=True)
