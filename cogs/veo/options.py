"""The options of /veo, read from the catalogue, so that Discord shows and checks what the provider takes.

For `model`, Discord suggests what goes with what the member has entered so far.
"""

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from typing import Any, LiteralString

from discord.app_commands import Choice, Command

from bot.i18n import N_, _, format_or, pgettext
from bot.media.images import KINDS, MAX_SIZE
from bot.money import show_usd
from bot.provider.catalogue import CATALOGUE, Model, Option, OptionValue
from bot.provider.choosing import PART, kind_for, names_of
from bot.provider.input_kinds import BY_IMAGES, MAX_REFERENCES, InputKind
from bot.requests.model_choices import ModelChoice
from cogs.ui.interaction import Interaction

# The options that are no fields of the catalogue.
PROMPT = N_("Describe the video")
MODEL = N_("Which model makes it")
IMAGES = {
    "image": f"An image to start from: {KINDS.replace(' and', ' or')}, up to {MAX_SIZE // 2**20} MiB",
    "last_image": "An image to end with; needs the first image too",
}
REFERENCES = {
    "reference_1": "A reference image: who or what to show; not together with an image to start from",
    **{f"reference_{number}": "Another reference image" for number in range(2, MAX_REFERENCES + 1)},
}
FILES = {**IMAGES, **REFERENCES}
NAME_MAX_LENGTH = 100  # characters of a choice that Discord shows

TAKEN: Mapping[InputKind, LiteralString] = {
    InputKind.TEXT: N_("text"),
    InputKind.IMAGE: N_("one image"),
    InputKind.FRAMES: N_("two images"),
    InputKind.REFERENCES: N_("reference images"),
}


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


async def complete_model(
    interaction: Interaction,
    typed: str,
    images: int = 0,
    kinds: Collection[InputKind] = tuple(InputKind),
    needed: Collection[InputKind] = (),
) -> list[Choice[str]]:
    """Return the models that can make the video, each with its price; nothing outside of a server.

    `images`: that the model has to take, whatever was entered. `kinds`: what the command can give it;
    `needed`: what it will be given, one after the other.
    """
    if interaction.guild_id is None:
        return []
    entered = dict(iter(interaction.namespace))
    options = {name: value for name, value in entered.items() if name in OPTIONS}
    given = given_kind(entered, images)
    model_choices = interaction.client.services.model_choices
    choices = await model_choices.list(interaction.guild_id, options, given, kinds, needed)
    return [Choice(name=model_text(choice), value=choice.id) for choice in choices if fits(choice, typed)]


def given_kind(entered: Container[str], images: int = 0) -> InputKind:
    """Return what was given so far; a file counts by its name, as Discord describes none while one types."""
    if any(name in entered for name in REFERENCES):
        return InputKind.REFERENCES
    return kind_for(max(images, sum(name in entered for name in IMAGES)))


def fits(choice: ModelChoice, typed: str) -> bool:
    """Whether what was typed is a part of the model's name; a whole suggested line is one, too."""
    wanted = typed.partition(PART)[0].strip().casefold()
    return any(
        wanted in name for model in choice.models for name in (model.family.casefold(), *names_of(model))
    )


def model_text(choice: ModelChoice) -> str:
    """Return a choice in a line, such as "Veo 3.1 Fast · 8 s · about $0.80 · text or one image".

    It fits into what Discord shows: what doesn't is left out from the end.
    """
    text = ""
    for part in _parts(choice):
        longer = f"{text}{PART}{part}" if text else part[:NAME_MAX_LENGTH]
        if len(longer) > NAME_MAX_LENGTH:
            break
        text = longer
    return text


def _parts(choice: ModelChoice) -> Iterator[str]:
    yield choice.family
    if choice.seconds is not None:
        yield pgettext("model", "{seconds} s", seconds=choice.seconds)
    if choice.price is not None:
        yield pgettext("model", "about {price}", price=show_usd(choice.price))
    if choice.is_cheapest:
        yield pgettext("model", "cheapest")
    if choice.to_set:
        values = ", ".join(f"{name}: {value}" for name, value in choice.to_set.items())
        yield pgettext("model", "set {values}", values=values)
    yield format_or(_(TAKEN[kind]) for kind in choice.kinds)
