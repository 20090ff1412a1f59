"""The button that continues a video: its last frame becomes the first image of the next one."""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from typing import Self

import discord
import structlog

from bot.db.models import Generation
from bot.discord_client.replies import note_shown
from bot.errors import OutcomeUnknownError, UserError
from bot.i18n import N_, _, pgettext
from bot.media.images import ImageInput
from bot.provider.catalogue import PROMPT_MAX_LENGTH, Model, get_model
from bot.requests.continuing import CannotContinueError, continued_spec
from cogs.cards.video_posts import find_posts
from cogs.moderation.owners import find_manageable
from cogs.ui.discord_errors import CALL_ERRORS
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form
from cogs.ui.requester import requester_of
from cogs.ui.video_button import VideoButton
from cogs.veo.answer import AnswerLostError
from cogs.veo.images import from_attachment
from cogs.veo.markup_names import spec_in_words
from cogs.veo.remix_input import select_of
from cogs.veo.request import ask
from cogs.veo.request_form import words_to_copy

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

AWAY = N_("Discord is having trouble right now. Try again in a minute. This didn't count toward your limit.")


class ContinueButton(VideoButton):
    """Asks what happens next, and makes that."""

    action = "continue"
    emoji = "⏩"

    @classmethod
    def label(cls) -> str:
        """Return the usual label."""
        return pgettext("button", "Continue")

    async def act(self, interaction: Interaction) -> None:
        """Show the form, unless it is clear already that the video cannot be continued."""
        source = await find_source(interaction, self.generation_id)
        requester_of(interaction)  # who cannot have a video here should not have to fill in the form first
        models = interaction.client.services.continuations.models_after(source)
        await interaction.response.send_modal(ContinueForm(self.generation_id, models))


class ContinueForm(Form):
    """Takes the prompt of the next video.

    Args:
        generation_id: the video that is continued.
        models: those that can make the next one; the first one is chosen already.
    """

    def __init__(self, generation_id: str, models: Sequence[Model]) -> None:
        super().__init__(pgettext("title", "Continue this video"))
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
                description=_(
                    "It starts with this video's last frame. Options stay the same where possible."
                ),
                component=self._prompt,
            )
        )
        # Without any, the form still opens, and what it sends is refused in words.
        choices = [(model.label, model.id) for model in models]
        self._model = select_of("model", choices, models[0].id) if models else None
        if self._model is not None:
            self.add_item(discord.ui.Label(text=pgettext("label", "Model"), component=self._model))

    async def act(self, interaction: Interaction) -> None:
        """Find the last frame, which takes seconds, and ask for the video."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            model = None if self._model is None else get_model(self._model.values[0])
            await _continue(interaction, self._generation_id, self._prompt.value, model)
        except (AnswerLostError, OutcomeUnknownError):
            raise  # it may be accepted, and begins with the image that this answer shows
        except UserError as error:
            log.info("not continued", kind=type(error).__name__, generation=self._generation_id)
            words = words_to_copy(self._prompt.value)
            view = interaction.client.way_on(error)
            await interaction.edit_original_response(
                content=str(error), embed=words, attachments=[], view=view
            )
            await note_shown(interaction, error)


async def _continue(interaction: Interaction, generation_id: str, prompt: str, model: Model | None) -> None:
    """Ask for what happens next, by the same way as /veo; raises as `ask`."""
    services = interaction.client.services
    source = await find_source(interaction, generation_id)
    spec = spec_in_words(interaction, continued_spec(source, prompt, model))
    await services.generations.ensure_allowed(requester_of(interaction), spec)
    attachment = await attachment_of(interaction, source)
    frame = await services.continuations.last_frame(source, attachment, spec.model)
    image = await _show(interaction, source, frame)
    await ask(interaction, replace(spec, images=(image,)))


async def find_source(interaction: Interaction, generation_id: str) -> Generation:
    """Return the video that a click wants to go on from; raises as `Continuations.find`."""
    found = await find_manageable(interaction, generation_id)
    return await interaction.client.services.continuations.find(found.guild_id, found.id)


async def attachment_of(interaction: Interaction, generation: Generation) -> str | None:
    """Return the address of the file in a message that shows the video; None: none that can be read now."""
    try:
        attachment = (await find_posts(interaction.client, generation)).attachment
    except CALL_ERRORS as error:  # it may be found elsewhere
        log.warning("a message was not read", generation=generation.id, error=str(error))
        return None
    return None if attachment is None else attachment.url


async def _show(interaction: Interaction, generation: Generation, frame: bytes) -> ImageInput:
    """Show the member what it begins with, and return the image: as any other, it lies at Discord.

    So it is there for every process, for the offer, and for a re-roll a few hours later.

    Raises:
        CannotContinueError: Discord does not take it.
    """
    name, seen = f"last-frame-{generation.id}.jpg", _("The last frame of the video")
    file = discord.File(BytesIO(frame), filename=name, description=seen)
    try:
        message = await interaction.edit_original_response(attachments=[file])
    except CALL_ERRORS as error:
        log.warning("the last frame was not posted", generation=generation.id, error=str(error))
        raise CannotContinueError(_(AWAY)) from error
    if not message.attachments:
        raise CannotContinueError(_(AWAY))
    return from_attachment(message.attachments[0])
