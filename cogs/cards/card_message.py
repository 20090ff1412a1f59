"""The card as a message: its text, and its button, which stops it, leads to the video or asks a moderator."""

from collections.abc import Callable
from typing import ClassVar

import discord
import structlog

from bot.db.film_models import FilmRow
from bot.db.models import OPEN, Generation
from bot.db.review_models import is_in_review
from bot.eta.eta import NO_ETA, Eta
from bot.i18n import NC_, locale_used
from cogs.cards.card import Card, render_card, state_line
from cogs.moderation.owners import find_manageable
from cogs.moderation.targets import moderator_of
from cogs.ui.discord_errors import CALL_ERRORS
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form, VideoButton, view_of, watch_button

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class CardMessage(Card):
    """A card as discord.py's send and edit methods take it."""

    view: discord.ui.View


class StopButton(VideoButton):
    """Cancels the request: for free before it was sent, else it counts."""

    action = "stop"
    label = NC_("button", "Cancel")

    async def act(self, interaction: Interaction) -> None:
        """Cancel it, and let the card say whether it counts; a second click is told that it is too late."""
        await interaction.response.defer()
        found = await find_manageable(interaction, self.generation_id)
        cancelled = await interaction.client.services.cancellation.cancel(
            found.guild_id, found.id, interaction.user.id
        )
        generation = cancelled.generation
        try:
            await interaction.edit_original_response(**card_message(generation))
        except CALL_ERRORS as error:
            log.warning("could not edit the card", generation=generation.id, error=str(error))
            await interaction.followup.send(state_line(generation), ephemeral=True)


def card_nonce(subject: Generation | FilmRow) -> str:
    """Return what lets Discord post the card of a generation or a film once, though several send it."""
    return f"{subject.id}-c"


def card_message(generation: Generation, eta: Eta = NO_ETA) -> CardMessage:
    """Return the card as it stands, in the member's language; discord.py keeps nothing of the button."""
    with locale_used(generation.locale):
        is_open = generation.status in OPEN or is_in_review(generation)
        view = view_of(StopButton(generation.id) if is_open else watch_button(generation))
    card = render_card(generation, eta)
    return CardMessage(content=card["content"], embeds=card["embeds"], view=view)


class AskAboutVideoButton(VideoButton):
    """Asks the member why their video or film shouldn't have been deleted; its ID is in the custom ID.

    Attributes:
        form: takes what they say, about the appeal with an ID; `cogs.appeals` gives it.
    """

    action = "appeal-video"
    label = NC_("button", "Ask a moderator")
    emoji = "🙋"
    form: ClassVar[Callable[[str], Form]]

    async def act(self, interaction: Interaction) -> None:
        """Show the form, if they can ask."""
        appeals, member = interaction.client.services.appeals, moderator_of(interaction)
        appeal_id = await appeals.offer_deletion(member, self.generation_id)
        await interaction.response.send_modal(AskAboutVideoButton.form(appeal_id))
