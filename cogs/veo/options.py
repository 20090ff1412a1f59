"""The options of /veo, read from the catalogue, so that Discord shows and checks what the provider takes."""

from collections.abc import Sequence
from typing import Any

from discord.app_commands import Choice, Command

from bot.i18n import N_, _, format_or
from bot.media.images import KINDS, MAX_SIZE
from bot.provider.catalogue import CATALOGUE, Model, Option, OptionValue
from bot.provider.input_kinds import BY_IMAGES, MAX_REFERENCES, InputKind

# The options that are no fields of the catalogue.
PROMPT = N_("Describe the video")
MODEL = N_("Which model makes it")
IMAGES = {
    "image": f"An image to start from: {KINDS.replace(' and', ' or')}, up to {MAX_SIZE // 2**20} MiB",
    "last_image": "An image to end with; needs the first image too",
}
REFERENCES = {
    "reference_1": "A reference image: who or what to show; not together with the images above",
    **{f"reference_{number}": "Another reference image" for number in range(2, MAX_REFERENCES + 1)},
}
FILES = {**IMAGES, **REFERENCES}


def _collect() -> dict[str, Option]:
    found: dict[str, Option] = {}
    for model in CATALOGUE:
        for option in model.options:
            found.setdefault(option.name, option)
    return found


# Each option once, as the first model has it; the catalogue checks it against the chosen model.
OPTIONS = _collect()


def descriptions() -> dict[str, str]:
    """Return what Discord shows beside each option, with the true default where there is one."""
    options = {name: _describe(option) for name, option in OPTIONS.items()}
    return {"prompt": PROMPT, "model": MODEL, **FILES, **options}


def choices() -> dict[str, list[Choice[str | int | float]]]:
    """Return the values that Discord offers of each option that has fixed ones."""
    options = {name: [_choice(value) for value in option.choices] for name, option in OPTIONS.items()}
    return {name: values for name, values in options.items() if values}


def leave_out(command: Command[Any, ..., None], models: Sequence[Model]) -> None:
    """Take the options away from a command that none of `models` has, so that Discord doesn't show them."""
    kinds = {model.kind for model in models}
    images = max((kind.counts[-1] for kind in kinds.intersection(BY_IMAGES)), default=0)
    unused = {name for name in OPTIONS if not any(model.option(name) for model in models)}
    unused |= {*list(IMAGES)[images:]} | (set() if InputKind.REFERENCES in kinds else {*REFERENCES})
    parameters = command._params  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]: not public
    for name in unused & parameters.keys():
        del parameters[name]


def default_of(name: str) -> str:
    """Return an option's default in words, as all models have it; empty where none has one.

    Where commands are described nobody is spoken to yet, so that these words are English, as the rest of
    what Discord is told at first.
    """
    options = [option for model in CATALOGUE if (option := model.option(name))]
    words = {_word(option.default).casefold(): _word(option.default) for option in reversed(options)}
    if all(option.default is None for option in options):
        return ""
    default = format_or(reversed(words.values()))
    return _("{default}, by model", default=default) if len(words) > 1 else default


def _word(default: OptionValue | None) -> str:
    match default:
        case None:
            return _("the video service's choice")
        case bool():
            return _("yes") if default else _("no")
        case _:
            return str(default)


def _choice(value: int | str) -> Choice[str | int | float]:
    return Choice(name=str(value), value=value)


def _describe(option: Option) -> str:
    default = default_of(option.name)
    return f"{option.description} (default: {default})" if default else option.description
