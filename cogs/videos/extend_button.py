"""The button that extends a video: the video service goes on from the whole of it for some seconds."""

from collections.abc import Sequence

from bot.db.models import Generation
from bot.errors import uncounted
from bot.i18n import NC_, _, pgettext
from bot.provider.catalogue import Model, get_model
from bot.provider.input_kinds import InputKind
from bot.requests.continuing import CannotContinueError, extended_spec
from cogs.ui.interaction import Interaction
from cogs.ui.markup_names import spec_in_words
from cogs.ui.requester import requester_of
from cogs.veo.request import ask
from cogs.videos.next_form import NextButton, NextForm, attachment_of


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
