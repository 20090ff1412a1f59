"""The port through which films are shown; Discord's side is `cogs.delivery.film_delivery`."""

from typing import Protocol

from bot.db.film_models import FilmRow
from bot.jobs.ports import PostPort


class FilmPort(PostPort[FilmRow], Protocol):
    """Shows a film to people. Every method may be called again for the same one."""

    async def take_down(self, row: FilmRow) -> None:
        """Delete the message with the film, if it's there.

        Raises:
            DeliveryPostponedError: try again later.
        """
        ...

    async def show_replaced(self, row: FilmRow) -> None:
        """Let the message with the film before a shot was redone lead to the one with the present film.

        Raises:
            DeliveryPostponedError: try again later, if it matters.
        """
        ...

    async def show_film(self, row: FilmRow) -> None:
        """Bring the film's card up to date, as far as there is one.

        Raises:
            DeliveryPostponedError: try again later, if it matters.
        """
        ...
