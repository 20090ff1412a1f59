"""The /veo command, and the commands in the menu of a message: a video of its image, or of its text."""

from collections.abc import Sequence

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.discord_client.client import VeoBot
from bot.errors import BadRequestError
from bot.i18n import _, pgettext, translate_stored
from bot.media.images import ImageInput
from bot.provider.catalogue import PROMPT_MAX_LENGTH, Model, OptionValue
from bot.provider.choosing import heads_for, kind_for
from bot.provider.options import NEGATIVE_PROMPT_MAX_LENGTH, SEED_MAX
from bot.requests.spec import RequestSpec
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form
from cogs.ui.message_menus import NO_TEXT, MessageMenus, text_of
from cogs.ui.requester import requester_of
from cogs.veo.images import image_in, with_files
from cogs.veo.options import (
    MODEL,
    OPTIONS,
    PROMPT,
    choices,
    complete_model,
    default_of,
    descriptions,
    leave_out,
)
from cogs.veo.quote_buttons import ChangeButton, DropButton, GenerateButton
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


class VeoCog(commands.Cog):
    """Lets members ask for videos."""

    @app_commands.command(name="veo", description="Make a short video with Google's Veo")
    @app_commands.describe(**descriptions())
    @app_commands.choices(**choices())
    async def veo(
        self,
        interaction: Interaction,
        prompt: Range[str, 1, PROMPT_MAX_LENGTH],
        model: str | None = None,
        image: discord.Attachment | None = None,
        last_image: discord.Attachment | None = None,
        reference_1: discord.Attachment | None = None,
        reference_2: discord.Attachment | None = None,
        reference_3: discord.Attachment | None = None,
        duration: int | None = None,
        aspect_ratio: str | None = None,
        resolution: str | None = None,
        negative_prompt: Range[str, 1, NEGATIVE_PROMPT_MAX_LENGTH] | None = None,
        seed: Range[int, 0, SEED_MAX] | None = None,
        enhance_prompt: bool | None = None,
        generate_audio: bool | None = None,
        auto_fix: bool | None = None,
    ) -> None:
        """Ask for the video."""
        options = {
            "duration": duration,
            "aspect_ratio": aspect_ratio,
            "resolution": resolution,
            "negative_prompt": negative_prompt,
            "seed": seed,
            "enhance_prompt": enhance_prompt,
            "generate_audio": generate_audio,
            "auto_fix": auto_fix,
        }
        references = (reference_1, reference_2, reference_3)
        spec = with_files(RequestSpec(model, prompt, options), (image, last_image), references)
        await ask(interaction, spec)

    @veo.autocomplete("model")
    async def complete_model(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        """Offer the models that can make such a video here, each with its price."""
        return await complete_model(interaction, typed)


async def animate(interaction: Interaction, message: discord.Message) -> None:
    """Ask what the message's image should do."""
    requester_of(interaction)  # who cannot have a video here should not have to fill in the form first
    image, models = image_in(message), interaction.client.services.model_choices.living
    await interaction.response.send_modal(PromptForm(models, text_of(interaction, message), (image,)))


async def make_video(interaction: Interaction, message: discord.Message) -> None:
    """Offer the message's text as the prompt."""
    requester_of(interaction)
    text = text_of(interaction, message)
    if not text:
        raise BadRequestError(_(NO_TEXT))
    await interaction.response.send_modal(PromptForm(interaction.client.services.model_choices.living, text))


class MenusCog(MessageMenus):
    """Offers the two commands; what the form sends goes the way of /veo."""

    menus = (
        ("Animate this image", animate, "Make a video from a message's image"),
        ("Make a video of this", make_video, "Make a video with a message's text as the prompt"),
    )


async def setup(bot: VeoBot) -> None:
    """Add the cog, and the buttons of offers; discord.py calls this."""
    bot.add_dynamic_items(GenerateButton, ChangeButton, DropButton)
    cog = VeoCog()
    leave_out(cog.veo, bot.services.models)
    await bot.add_cog(cog)
    await bot.add_cog(MenusCog(bot))
