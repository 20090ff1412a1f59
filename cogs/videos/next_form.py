"""The common part of the buttons that go on from a video: the form, and finding the video."""

from collections.abc import Iterable

import discord
import structlog

from bot.db.models import Generation
from bot.errors import OutcomeUnknownError, UserError
from bot.i18n import pgettext
from bot.provider.catalogue import PROMPT_MAX_LENGTH, Model, get_model
from cogs.cards.video_posts import find_posts
from cogs.moderation.owners import find_manageable
from cogs.ui.discord_errors import CALL_ERRORS
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form, VideoButton
from cogs.ui.requester import requester_of
from cogs.veo.answer import AnswerLostError
from cogs.veo.option_inputs import select_of
from cogs.veo.request_form import words_to_copy

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
