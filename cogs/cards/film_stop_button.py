"""The button that stops a film."""

import structlog

from bot.i18n import NC_
from cogs.cards.cancelled_text import cancelled_shots, stopped_takes
from cogs.cards.managed_film import ManagedFilmButton
from cogs.ui.interaction import Interaction

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class FilmStopButton(ManagedFilmButton):
    """Cancels all shots that are waited for: for free before they were sent, else they count."""

    action = "film-stop"
    label = NC_("button", "Cancel the film")

    async def act(self, interaction: Interaction) -> None:
        """Cancel them, and say how many count; a second click is told that it is too late.

        The runner brings the card up to date.
        """
        await interaction.response.defer()
        services, film = interaction.client.services, await self.find(interaction)
        await services.cancellation.cancel_film(film.row.guild_id, self.film_id, interaction.user.id)
        after = await services.films.find(self.film_id)
        if after is not None:
            text = cancelled_shots(stopped_takes(film, after))
            await interaction.followup.send(text, ephemeral=True)
