"""The button that continues a video: its last frame becomes the first image of the next one."""

from dataclasses import replace
from io import BytesIO

import discord
import structlog

from bot.db.models import Generation
from bot.i18n import N_, NC_, _, pgettext
from bot.media.images import ImageInput
from bot.provider.catalogue import Model
from bot.requests.continuing import CannotContinueError
from cogs.ui.discord_errors import CALL_ERRORS
from cogs.ui.interaction import Interaction
from cogs.ui.markup_names import spec_in_words
from cogs.ui.requester import requester_of
from cogs.veo.images import from_attachment
from cogs.veo.request import ask
from cogs.videos.next_form import NextButton, NextForm, attachment_of

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

AWAY = N_("Discord is having trouble right now. Try again in a minute. This didn't count toward your limit.")


class ContinueButton(NextButton):
    """Asks what happens next, and makes that."""

    action = "continue"
    label = NC_("button", "Continue")
    emoji = "⏩"

    def form(self, interaction: Interaction, source: Generation) -> NextForm:
        """Return the form."""
        models = interaction.client.services.continuations.models_after(source)
        return ContinueForm(
            pgettext("title", "Continue this video"),
            _("It starts with this video's last frame. Options stay the same where possible."),
            source,
            [(model.label, model.id) for model in models],
        )


class ContinueForm(NextForm):
    """Takes the prompt of the next video."""

    async def go_on(
        self, interaction: Interaction, source: Generation, prompt: str, model: Model | None
    ) -> None:
        """Find the last frame, and ask for the video that begins with it."""
        services = interaction.client.services
        spec = spec_in_words(interaction, await services.continuations.next_spec(source, prompt, model))
        await services.generations.ensure_allowed(requester_of(interaction), spec)
        attachment = await attachment_of(interaction, source)
        frame = await services.continuations.last_frame(source, attachment, spec.model)
        image = await _show(interaction, source, frame)
        await ask(interaction, replace(spec, images=(image,)))


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
        log.warning("could not post the last frame", generation=generation.id, error=str(error))
        raise CannotContinueError(_(AWAY)) from error
    if not message.attachments:
        raise CannotContinueError(_(AWAY))
    return from_attachment(message.attachments[0])
