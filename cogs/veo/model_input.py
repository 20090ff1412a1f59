"""The option `model` of /veo: what Discord suggests while a member types, from what they entered so far."""

from collections.abc import Collection, Container, Iterator, Mapping
from typing import LiteralString

from discord.app_commands import Choice

from bot.i18n import N_, _, format_or, pgettext
from bot.money import show_usd
from bot.provider.choosing import PART, kind_for, names_of
from bot.provider.input_kinds import InputKind
from bot.requests.model_choices import ModelChoice
from cogs.ui.interaction import Interaction
from cogs.veo.options import IMAGES, OPTIONS, REFERENCES

NAME_MAX_LENGTH = 100  # characters of a choice that Discord shows

TAKEN: Mapping[InputKind, LiteralString] = {
    InputKind.TEXT: N_("text"),
    InputKind.IMAGE: N_("one image"),
    InputKind.FRAMES: N_("two images"),
    InputKind.REFERENCES: N_("reference images"),
}


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
