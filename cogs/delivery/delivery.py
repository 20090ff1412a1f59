"""Shows generations on Discord with the bot's own token: an interaction's token dies after 15 minutes."""

import asyncio

import discord
import structlog

from bot.db.models import Generation
from bot.eta.eta import NO_ETA, Eta
from bot.jobs.ports import IsCurrent, Posted, ReadRow, UndeliverableError
from bot.library.reposts import posts_of
from bot.media.files import Clip
from bot.media.fitting import Loss
from bot.requests.successors import Successors
from cogs.cards.card_message import CardMessage, card_message, card_nonce
from cogs.cards.film_card import EtaOf, FindFilm, film_message, film_of, no_eta, no_films
from cogs.cards.result_message import ResultMessage, is_card, is_result
from cogs.cards.takedown import delete_or_postpone
from cogs.delivery.card_throttle import CardEdits
from cogs.delivery.card_updates import Cards
from cogs.delivery.failed_destinations import FailedDestinations
from cogs.delivery.posting import SEND_TIMEOUT, Posts
from cogs.delivery.threads import Threads
from cogs.ui.discord_errors import CALL_ERRORS, Remedy, classify_error, postponed
from cogs.ui.servers import Servers
from cogs.videos.result_buttons import result_view

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ID_SKEW = 5000 << 22  # 5 s in ids of Discord ("Snowflakes"): by so much its machines may differ


class DiscordDelivery:
    """The runner's way to Discord (see `bot.jobs.ports.DeliveryPort`)."""

    def __init__(
        self,
        client: discord.Client,
        edits: CardEdits,
        servers: Servers | None = None,
        read_row: ReadRow | None = None,
        successors: Successors | None = None,
        find_film: FindFilm = no_films,
        eta_of: EtaOf = no_eta,
    ) -> None:
        self._eta_of = eta_of
        self._successors = successors
        self._client = client
        self._servers = servers or Servers(client)
        self._failed = FailedDestinations()
        self._find_film = find_film
        self._threads = Threads(client, self._failed, find_film)
        self.posts = Posts(client, self._failed, self._threads)
        self.cards = Cards(client, self._failed, edits, read_row, find_film, eta_of)

    async def show_state(
        self, generation: Generation, eta: Eta = NO_ETA, is_current: IsCurrent | None = None
    ) -> None:
        """Edit the card: soon, while the generation is waited for; else before this returns."""
        await self.cards.show(generation, eta, is_current)

    async def open_thread(self, generation: Generation) -> int | None:
        """Open the thread on the card, if there can be one, however long that takes."""
        return await self._threads.ensure(generation, patience=None)

    async def find_card(self, generation: Generation) -> int | None:
        """Look for a card whose id was not recorded, since the process ended at that moment."""
        film = await film_of(generation, self._find_film)
        subject = generation if film is None else film.row
        if subject.interaction_id < 0:
            return None  # anonymous: nothing says when it was
        # An answer is younger than what it answers, but several machines of Discord give ids.
        since = subject.interaction_id - ID_SKEW
        return await self.posts.search(
            subject.channel_id, subject.guild_id, since, lambda message: is_card(message, subject)
        )

    async def post_card(self, generation: Generation) -> int:
        """Post the card as a message of its own, once within the life of its nonce."""
        destination = ("send", generation.channel_id)
        if self._failed.has(destination):
            raise UndeliverableError("every place refused the message")
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                channel = self._client.get_partial_messageable(
                    generation.channel_id, guild_id=generation.guild_id
                )
                message, nonce = await self._card_of(generation)
                return (await channel.send(**message, nonce=nonce)).id
        except CALL_ERRORS as error:
            self._failed.remember(destination, error)
            if classify_error(error) is Remedy.LATER:
                raise postponed(error) from error
            raise UndeliverableError(str(error)) from error

    async def find_result(self, generation: Generation) -> Posted | None:
        """Look through what was posted after the card."""
        return await self.posts.find_result(generation, lambda message: is_result(message, generation))

    async def is_gone(self, generation: Generation) -> bool:
        """Whether Discord says that the bot is not on the generation's server any more."""
        return await self._servers.is_gone(generation.guild_id)

    async def boost_level(self, generation: Generation) -> int:
        """Return the server's level as Discord told it last, and 0 where it tells nothing."""
        return await self._servers.boost_level(generation.guild_id)

    async def post_video(
        self, generation: Generation, clip: Clip, loss: Loss | None = None, *, with_file: bool = True
    ) -> Posted:
        """Post the video, or a link to it where no files are taken."""
        return await self._post(ResultMessage(generation, clip, loss, with_file=with_file))

    async def take_down(self, generation: Generation) -> None:
        """Delete the messages with the video that are still there."""
        await delete_or_postpone(self._client, generation, posts_of(generation))

    async def post_ending(self, generation: Generation) -> Posted:
        """Post why there is no video: it failed or was cancelled."""
        instead, has_others = await self._successors.look(generation) if self._successors else (None, True)
        return await self._post(ResultMessage(generation, None, instead=instead, has_others=has_others))

    async def _post(self, message: ResultMessage) -> Posted:
        view = result_view(message.generation, message.instead, has_others=message.has_others)
        return await self.posts.post(message, view)

    async def _card_of(self, generation: Generation) -> tuple[CardMessage, str]:
        """Return the card, which is the film's where it's a shot, and its nonce."""
        film = await film_of(generation, self._find_film)
        if film is None:
            return card_message(generation), card_nonce(generation)
        return film_message(film, self._eta_of), card_nonce(film.row)
