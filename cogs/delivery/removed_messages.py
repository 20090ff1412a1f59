"""The messages of what was removed (see `bot.library.takedowns.RemovedMessages`)."""

from bot.db.film_models import FilmRow
from bot.discord_client.client import VeoBot
from bot.jobs.ports import DeliveryPostponedError
from bot.library.takedowns import Takedown
from cogs.cards.card_message import AskAboutVideoButton
from cogs.cards.takedown import TakedownError, take_down, take_down_film


class DiscordRemovedMessages:
    """Deletes them with the bot's own token."""

    def __init__(self, client: VeoBot) -> None:
        self._client = client

    async def take_down(self, takedown: Takedown) -> None:
        """Delete what is left of it, and show the card as it is now.

        Raises:
            DeliveryPostponedError: a message is still there.
        """
        row = takedown.row
        try:
            if isinstance(row, FilmRow):
                await self._take_down_film(row.id)
            else:
                way_on = AskAboutVideoButton if takedown.is_decided else None
                await take_down(self._client, row, takedown.actor_id, way_on)
        except TakedownError as error:
            raise DeliveryPostponedError(str(error)) from error

    async def _take_down_film(self, film_id: str) -> None:
        film = await self._client.services.films.find(film_id)
        if film is not None:
            await take_down_film(self._client, film)
