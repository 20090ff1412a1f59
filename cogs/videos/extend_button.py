"""The button that extends a video: the video service goes on from the whole of it for some seconds."""

from collections.abc import Sequence
from typing import Self

import discord
import structlog

from bot.db.models import Generation
from bot.discord_client.replies import note_shown
from bot.errors import OutcomeUnknownError, UserError
from bot.i18n import _, pgettext
from bot.provider.catalogue import PROMPT_MAX_LENGTH, Model, get_model
from bot.provider.input_kinds import InputKind
from bot.requests.continuing import CannotContinueError, extended_spec
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form
from cogs.ui.requester import requester_of
from cogs.ui.video_button import VideoButton
from cogs.veo.answer import AnswerLostError
from cogs.veo.markup_names import spec_in_words
from cogs.veo.remix_input import select_of
from cogs.veo.request import ask
from cogs.veo.request_form import words_to_copy
from cogs.videos.continue_button import attachment_of, find_source

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class ExtendButton(VideoButton):
    """Asks what happens next, and lets the video go on with that."""

    action = "extend"
    emoji = "➕"

    @classmethod
    def label(cls) -> str:
        """Return the usual label."""
        return pgettext("button", "Extend")

    async def act(self, interaction: Interaction) -> None:
        """Show the form, unless it is clear already that the video cannot be extended."""
        source = await find_source(interaction, self.generation_id)
        requester_of(interaction)  # who cannot have a video here should not have to fill in the form first
        models = extenders_for(interaction, source)
        await interaction.response.send_modal(ExtendForm(self.generation_id, models))


class ExtendForm(Form):
    """Takes the prompt of what comes next.

    Args:
        generation_id: the video that is extended.
        models: those that can, at least one; the first one is chosen already.
    """

    def __init__(self, generation_id: str, models: Sequence[Model]) -> None:
        super().__init__(pgettext("title", "Extend this video"))
        self._generation_id = generation_id
        self._prompt = discord.ui.TextInput[Self](
            custom_id="prompt",
            style=discord.TextStyle.paragraph,
            min_length=1,
            max_length=PROMPT_MAX_LENGTH,
        )
        self.add_item(
            discord.ui.Label(
                text=pgettext("label", "What happens next?"),
                description=_("The video service sees the whole video and goes on for 7 seconds, in 720p."),
                component=self._prompt,
            )
        )
        self._model = select_of("model", [(model.family, model.id) for model in models], models[0].id)
        self.add_item(discord.ui.Label(text=pgettext("label", "Model"), component=self._model))

    async def act(self, interaction: Interaction) -> None:
        """Look whether the video is still there, which takes seconds, and ask for the next one."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            await self._extend(interaction)
        except (AnswerLostError, OutcomeUnknownError):
            raise  # it may be accepted
        except UserError as error:
            log.info("not extended", kind=type(error).__name__, generation=self._generation_id)
            words = words_to_copy(self._prompt.value)
            view = interaction.client.way_on(error)
            await interaction.edit_original_response(content=str(error), embed=words, view=view)
            await note_shown(interaction, error)

    async def _extend(self, interaction: Interaction) -> None:
        services = interaction.client.services
        source = await find_source(interaction, self._generation_id)
        model = get_model(self._model.values[0]) or extenders_for(interaction, source)[0]
        spec = spec_in_words(interaction, extended_spec(source, self._prompt.value, model))
        await services.generations.ensure_allowed(requester_of(interaction), spec)
        await services.continuations.ensure_there(source, await attachment_of(interaction, source))
        await ask(interaction, spec)


def is_extension(generation: Generation) -> bool:
    """Whether a video extends another one: the form of Remix has nothing to choose for it."""
    model = get_model(generation.model)
    return model is not None and model.kind is InputKind.VIDEO


def extenders_for(interaction: Interaction, source: Generation) -> Sequence[Model]:
    """Return the models that can extend a video.

    Raises:
        CannotContinueError: the bot offers none.
    """
    models = interaction.client.services.continuations.extenders_after(source)
    if not models:
        reason = _("None of this bot's models can extend videos. Use *Continue* instead.")
        uncounted = _("This didn't count toward your limit.")
        raise CannotContinueError(f"{reason} {uncounted}")
    return models
