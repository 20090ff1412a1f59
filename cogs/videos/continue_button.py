"""The button that continues a video: its last frame becomes the first image of the next one."""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO

import discord
import structlog

from bot.db.models import Generation
from bot.errors import uncounted
from bot.i18n import N_, NC_, _, pgettext
from bot.media.images import ImageInput
from bot.provider.catalogue import Model, get_model
from bot.provider.input_kinds import InputKind
from bot.requests.continuing import CannotContinueError, extended_spec
from cogs.ui.discord_errors import CALL_ERRORS
from cogs.ui.interaction import Interaction
from cogs.ui.markup_names import spec_in_words
from cogs.ui.requester import requester_of
from cogs.veo.images import from_attachment
from cogs.veo.request import ask
from cogs.videos.next_form import NextButton, NextForm, attachment_of

AWAY = N_("Discord is having trouble right now. Try again in a minute. This didn't count toward your limit.")

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


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


class ExtendButton(NextButton):
    """Asks what happens next, and lets the video go on with that."""

    action = "extend"
    label = NC_("button", "Extend")
    emoji = "➕"

    def form(self, interaction: Interaction, source: Generation) -> NextForm:
        """Return the form; raises as `extenders_for`."""
        return ExtendForm(
            pgettext("title", "Extend this video"),
            _("The video service watches the whole video and adds 7 seconds, in 720p."),
            source,
            [(model.family, model.id) for model in extenders_for(interaction, source)],
        )


class ExtendForm(NextForm):
    """Takes the prompt of what comes next."""

    async def go_on(
        self, interaction: Interaction, source: Generation, prompt: str, model: Model | None
    ) -> None:
        """Look whether the video is still there, and ask for the next one."""
        services = interaction.client.services
        chosen = model or extenders_for(interaction, source)[0]
        spec = spec_in_words(interaction, extended_spec(source, prompt, chosen))
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
        raise CannotContinueError(uncounted(reason))
    return models
