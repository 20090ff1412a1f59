"""The buttons that go on from a video: its last frame becomes the next one's first image, or it's extended.

To extend it, the video service goes on from the whole of it for some seconds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from io import BytesIO

import discord
import structlog

from bot.db.models import Generation
from bot.errors import OutcomeUnknownError, UserError, uncounted
from bot.i18n import N_, NC_, _, pgettext
from bot.media.images import ImageInput
from bot.provider.catalogue import PROMPT_MAX_LENGTH, Model, get_model
from bot.provider.input_kinds import InputKind
from bot.requests.continuing import CannotContinueError, extended_spec
from cogs.cards.video_posts import find_posts
from cogs.moderation.owners import find_manageable
from cogs.ui.discord_errors import CALL_ERRORS
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form, VideoButton
from cogs.ui.markup_names import spec_in_words
from cogs.ui.requester import requester_of
from cogs.veo.answer import AnswerLostError
from cogs.veo.images import from_attachment
from cogs.veo.option_inputs import select_of
from cogs.veo.request import ask
from cogs.veo.request_form import words_to_copy

AWAY = N_("Discord is having trouble right now. Try again in a minute. This didn't count toward your limit.")

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class NextButton(VideoButton):
    """Base of the buttons: give `form`."""

    async def act(self, interaction: Interaction) -> None:
        """Show the form, unless it is clear already that nothing can go on from the video."""
        source = await find_source(interaction, self.generation_id)
        requester_of(interaction)  # who cannot have a video here should not have to fill in the form first
        await interaction.response.send_modal(self.form(interaction, source))

    def form(self, interaction: Interaction, source: Generation) -> "NextForm":
        """Return the form; raises `CannotContinueError` where no model can."""
        raise NotImplementedError


class NextForm(Form):
    """Base of the forms that take the prompt of the next video: give `go_on`.

    Args:
        title: of the form.
        description: how the next video begins.
        source: the video that it goes on from.
        models: names and ids of those that can make the next one; the first one is chosen already. Without
            any, the form still opens, and what it sends is refused in words.
    """

    def __init__(
        self, title: str, description: str, source: Generation, models: Iterable[tuple[str, str]]
    ) -> None:
        super().__init__(title)
        self._source_id = source.id
        label = pgettext("label", "What happens next?")
        self._prompt = self.add_text("prompt", label, PROMPT_MAX_LENGTH, description=description)
        choices = [*models]
        self._model = select_of("model", choices, choices[0][1]) if choices else None
        if self._model is not None:
            self.add_item(discord.ui.Label(text=pgettext("label", "Model"), component=self._model))

    async def act(self, interaction: Interaction) -> None:
        """Look for the video, which takes seconds, and ask for the next; a refusal gives the words back."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        model = None if self._model is None else get_model(self._model.values[0])
        interaction.client.keep_open()
        try:
            source = await find_source(interaction, self._source_id)
            await self.go_on(interaction, source, self._prompt.value, model)
        except (AnswerLostError, OutcomeUnknownError):
            raise  # it may be accepted, and may begin with what this answer shows
        except UserError as error:
            log.info(
                "could not continue or extend a video", kind=type(error).__name__, generation=self._source_id
            )
            words = words_to_copy(self._prompt.value)
            await self.give_back(interaction, error, embed=words, attachments=[])

    async def go_on(
        self, interaction: Interaction, source: Generation, prompt: str, model: Model | None
    ) -> None:
        """Ask for the next video, by the same way as /veo; raises as `cogs.veo.request.ask`."""
        raise NotImplementedError


async def find_source(interaction: Interaction, generation_id: str) -> Generation:
    """Return the video that a click wants to go on from; raises as `Continuations.find`."""
    found = await find_manageable(interaction, generation_id)
    return await interaction.client.services.continuations.find(found.guild_id, found.id)


async def attachment_of(interaction: Interaction, generation: Generation) -> str | None:
    """Return the address of the file in a message that shows the video; None: none that can be read now."""
    try:
        attachment = (await find_posts(interaction.client, generation)).attachment
    except CALL_ERRORS as error:  # it may be found elsewhere
        log.warning("could not fetch a video's message", generation=generation.id, error=str(error))
        return None
    return None if attachment is None else attachment.url


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
