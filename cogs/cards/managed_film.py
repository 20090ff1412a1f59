"""The base of the buttons with which its member and moderators manage a film."""

from bot.errors import NotFoundError
from bot.films.rows import Film
from cogs.moderation.owners import NotYoursError, find_manageable
from cogs.ui.film_button import FilmButton
from cogs.ui.interaction import Interaction


class ManagedFilmButton(FilmButton):
    """Give an `action`, a `label`, and `act`."""

    async def find(self, interaction: Interaction) -> Film:
        """Return the film, for its member and moderators.

        Raises:
            NotFoundError: there is none, or it is another server's.
            NotYoursError, SlowDiscordError: as `find_manageable`.
        """
        film = await interaction.client.services.films.find(self.film_id)
        if film is None or not film.shots:
            raise NotFoundError
        try:
            await find_manageable(interaction, film.shots[0].id)
        except NotYoursError as error:
            raise NotYoursError(is_film=True) from error
        return film
