"""How messages of what was removed are deleted: by the click that removed it, or later by the bot's task.

As `cogs.cards.takedown` and `cogs.delivery.removed_messages` do it, on the simulation's Discord.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.db.film_models import FilmRow
from bot.db.models import Generation
from bot.films.rows import Film
from bot.jobs.ports import DeliveryPostponedError, Posted
from bot.library.reposts import posts_of
from bot.library.takedowns import Takedown
from bot.services import Services
from cogs.cards.takedown import film_posts
from tests.simulation.port import Port

if TYPE_CHECKING:
    from tests.simulation.process import Process


class SimulatedRemovedMessages(Port):
    """The way of one process to the messages of what was removed."""

    def __init__(self, process: "Process", services: Services) -> None:
        super().__init__(process)
        self._services = services

    async def take_down(self, takedown: Takedown) -> None:
        """Delete what is left of it."""
        row = takedown.row
        if not isinstance(row, FilmRow):
            await self.delete_video(row, takedown.actor_id)
        elif (film := await self._services.films.find(row.id)) is not None:
            await self.delete_film(film)

    async def delete_video(self, row: Generation, actor_id: int) -> None:
        """Delete a video, and the film that shows it."""
        films, film = self._services.films, None
        if row.film_id is not None:
            film = await films.remove(row.film_id, actor_id, shot_id=row.id)
        await self._delete(row, posts_of(row))
        if film is not None:
            await self.delete_film(film)
        await self._services.removal.finish(row)

    async def delete_film(self, film: Film) -> None:
        """Delete a film; its shots stay."""
        await self._delete(film.row, film_posts(film.row))
        await self._services.removal.finish(film.row)

    async def _delete(self, row: Generation | FilmRow, posts: Sequence[Posted]) -> None:
        """Delete messages.

        Raises:
            DeliveryPostponedError: they're still there, or nobody knows.
        """
        if row.guild_id in self.discord.removed:
            raise DeliveryPostponedError("Missing Access")
        gone = [post.message_id for post in posts]
        await self.call("delete", row.id, lambda: self.discord.delete(row.id, *gone))
