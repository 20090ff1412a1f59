"""The button that stops a film."""

import structlog

from bot.errors import NotFoundError
from bot.i18n import pgettext
from cogs.cards.cancelled_text import cancelled_shots, stopped_takes
from cogs.moderation.owners import find_manageable
from cogs.ui.film_button import FilmButton
from cogs.ui.interaction import Interaction

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class FilmStopButton(FilmButton):
    """Cancels all shots that are waited for: for free before they were sent, else they count."""

    action = "film-stop"

    @classmethod
    def label(cls) -> str:
        """Return the words on it."""
        return pgettext("button", "Cancel the film")

    async def act(self, interaction: Interaction) -> None:
        """Cancel them, and say how many count; a second click is told that it is too late.

        The runner brings the card up to date.
        """
        await interaction.response.defer()
        services = interaction.client.services
        film = await services.films.find(self.film_id)
        if film is None or not film.shots:
            raise NotFoundError
        first = await find_manageable(interaction, film.shots[0].id)
        await services.cancellation.cancel_film(first.guild_id, self.film_id, interaction.user.id)
        after = await services.films.find(self.film_id)
        if after is not None:
            text = cancelled_shots(stopped_takes(film, after))
            await interaction.followup.send(text, ephemeral=True)
