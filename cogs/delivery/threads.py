"""The thread on a card. Its id is the card's, so making it twice does no harm."""

import asyncio
import time
from collections.abc import Callable

import discord
import structlog
from cachetools import FIFOCache

from bot.db.film_models import FilmRow
from bot.db.models import Generation, Placement
from bot.films.rows import Film
from cogs.cards.card import neutral_thread_name, thread_name
from cogs.cards.film_card import FindFilm, film_of, film_thread_names, no_films
from cogs.delivery.failed_destinations import FailedDestinations
from cogs.ui.discord_errors import CALL_ERRORS, Remedy, classify_error, postponed, says_thread_exists

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ARCHIVE_AFTER_MINUTES = 1440
THREAD_WAIT_SECONDS = 10.0  # of a finished video, for a thread that is being opened
TROUBLE_PATIENCE = 120.0  # seconds for which a channel that opens no threads now is tried again
MAX_OPENED = 1000  # films' threads that are remembered; the oldest are forgotten first
CALL_TIMEOUT = 180.0  # seconds; discord.py sleeps out five short rate limits within one call


class Threads:
    """Opens threads on cards, each once at a time; who wants one need not wait for Discord."""

    def __init__(
        self,
        client: discord.Client,
        failed: FailedDestinations,
        find_film: FindFilm = no_films,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._failed = failed
        self._find_film = find_film
        self._clock = clock
        self._opening: dict[int, asyncio.Task[int | None]] = {}  # by card
        # Films' threads that this process opened, by card: all shots of a film have one.
        self._opened = FIFOCache[int, int](MAX_OPENED)
        self._troubled: dict[int, float] = {}  # channels that open none for now, and since when

    async def ensure(
        self, generation: Generation | FilmRow, patience: float | None = THREAD_WAIT_SECONDS
    ) -> int | None:
        """Return the id of the thread on the card, made if need be, or None where none can be.

        `patience`: seconds after which there is none for now, though it is still being opened; None: any.

        Raises:
            DeliveryPostponedError: try again later.
        """
        card_id, destination = generation.card_id, ("thread", generation.channel_id)
        if generation.placement is not Placement.THREAD or card_id is None:
            return None
        known = generation.thread_id or self._opened.get(card_id)
        if known is not None:
            return known
        if self._failed.has(destination) or self._failed.wait(destination):
            return None
        opening = self._opening.get(card_id) or self._begin(generation, card_id)
        await asyncio.wait({opening}, timeout=patience)
        if opening.done():
            return opening.result()
        log.warning("stopped waiting for the thread", channel=generation.channel_id)
        return None

    def _begin(self, generation: Generation | FilmRow, card_id: int) -> asyncio.Task[int | None]:
        opening = asyncio.create_task(self._open(generation, card_id), name=f"thread {generation.id}")
        self._opening[card_id] = opening

        def forget(_: asyncio.Task[int | None]) -> None:
            del self._opening[card_id]
            if not opening.cancelled():
                opening.exception()  # those who waited have it; perhaps nobody did

        opening.add_done_callback(forget)
        return opening

    async def _open(self, generation: Generation | FilmRow, card_id: int) -> int | None:
        film = await film_of(generation, self._find_film)
        if film is not None and any(shot.thread_id == card_id for shot in film.shots):
            return card_id
        for name in _names(generation, film):
            refusal = await self._start(generation.channel_id, card_id, name)
            if refusal is None and film is not None:
                self._opened[card_id] = card_id
            if refusal is None:
                return card_id
            if refusal is not Remedy.NOT_THE_WORDS:
                break
        return None

    async def _start(self, channel_id: int, card_id: int, name: str) -> Remedy | None:
        """Return None when there is a thread on the card now, or what Discord's refusal means.

        Raises:
            DeliveryPostponedError: try again later.
        """
        try:
            async with asyncio.timeout(CALL_TIMEOUT):
                await self._client.http.start_thread_with_message(
                    channel_id, card_id, name=name, auto_archive_duration=ARCHIVE_AFTER_MINUTES
                )
        except CALL_ERRORS as error:
            if not says_thread_exists(error):
                return self._refuse(channel_id, error)
        self._troubled.pop(channel_id, None)
        return None

    def _refuse(self, channel_id: int, error: Exception) -> Remedy:
        """Remember why there is no thread, and return what it means.

        Raises:
            DeliveryPostponedError: try again later.
        """
        destination = ("thread", channel_id)
        self._failed.remember(destination, error)
        log.warning("no thread", channel=channel_id, error=str(error) or type(error).__name__)
        if classify_error(error) is not Remedy.LATER:
            self._troubled.pop(channel_id, None)
            return classify_error(error)
        since = self._troubled.setdefault(channel_id, self._clock())
        if self._failed.wait(destination) or self._clock() - since > TROUBLE_PATIENCE:
            return Remedy.ELSEWHERE
        raise postponed(error) from error


def _names(generation: Generation | FilmRow, film: Film | None) -> tuple[str, str]:
    """Return what the thread may be called: by the film's title, where it's a film's or a shot's."""
    if film is not None:
        return film_thread_names(film.row)
    if isinstance(generation, FilmRow):
        return film_thread_names(generation)
    return thread_name(generation), neutral_thread_name(generation)
