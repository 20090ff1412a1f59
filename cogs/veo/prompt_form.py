"""The form that a message's menu opens: the prompt, and the options that have a list of choices."""

from collections.abc import Sequence

import discord

from bot.i18n import _, pgettext, translate_stored
from bot.media.images import ImageInput
from bot.provider.catalogue import PROMPT_MAX_LENGTH, Model, OptionValue
from bot.provider.choosing import heads_for, kind_for
from bot.requests.spec import RequestSpec
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form
from cogs.veo.options import MODEL, OPTIONS, PROMPT, default_of
from cogs.veo.request import ask

# A form holds five parts; the prompt is one of them.
CHOSEN = ("model", "duration", "aspect_ratio", "resolution")


class PromptForm(Form):
    """Takes the request, and requests the video as /veo does.

    Args:
        models: those that can be chosen.
        prompt: what the field holds at first.
        images: what the video is made from.
    """

    def __init__(self, models: Sequence[Model], prompt: str, images: tuple[ImageInput, ...] = ()) -> None:
        super().__init__(pgettext("title", "Make a video"))
        self._images = images
        words = prompt[:PROMPT_MAX_LENGTH] or None
        label = pgettext("label", "Prompt")
        self._prompt = self.add_text("prompt", label, PROMPT_MAX_LENGTH, description=_(PROMPT), default=words)
        heads = heads_for(models, kind_for(len(images)))
        self._selects = {name: _select(name, _offered(name, heads)) for name in CHOSEN}
        for name, select in self._selects.items():
            description = translate_stored(OPTIONS[name].description) if name in OPTIONS else _(MODEL)
            self.add_item(discord.ui.Label(text=_label(name), description=description, component=select))

    async def act(self, interaction: Interaction) -> None:
        """Ask for the video."""
        chosen = {name: _value(name, select) for name, select in self._selects.items()}
        model = chosen.pop("model")
        spec = RequestSpec(None if model is None else str(model), self._prompt.value, chosen, self._images)
        await ask(interaction, spec)


def _select(name: str, offered: list[discord.SelectOption]) -> discord.ui.Select[discord.ui.View]:
    return discord.ui.Select(
        custom_id=name, placeholder=_placeholder(default_of(name)), options=offered, required=False
    )


def _offered(name: str, heads: Sequence[Model]) -> list[discord.SelectOption]:
    if name == "model":
        return [
            discord.SelectOption(
                label=head.family, value=head.id, description=translate_stored(head.description)
            )
            for head in heads
        ]
    return [discord.SelectOption(label=str(value), value=str(value)) for value in OPTIONS[name].choices]


def _label(name: str) -> str:
    match name:
        case "model":
            return pgettext("label", "Model")
        case "duration":
            return pgettext("label", "Duration")
        case "aspect_ratio":
            return pgettext("label", "Aspect ratio")
        case "resolution":
            return pgettext("label", "Resolution")
        case _:
            return name.replace("_", " ").capitalize()


def _placeholder(default: str) -> str:
    if not default:
        return pgettext("placeholder", "Default")
    return pgettext("placeholder", "Default: {default}", default=default)


def _value(name: str, select: discord.ui.Select[discord.ui.View]) -> OptionValue | None:
    """Return what was chosen, as the option has it: a form knows text only."""
    text = select.values[0] if select.values else None
    option = OPTIONS.get(name)
    values = {str(value): value for value in option.choices} if option else {}
    return None if text is None else values.get(text, text)
