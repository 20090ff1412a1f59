"""Brings cards up to date, as rarely as Discord asks."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial

import discord
import structlog

from bot.db.film_models import FilmRow
from bot.db.models import Generation
from bot.eta.eta import NO_ETA, Eta
from bot.jobs.ports import DeliveryPostponedError, IsCurrent, ReadRow
from bot.signals import StoppingError
from cogs.cards.card_message import CardMessage, card_message
from cogs.cards.film_card import EtaOf, FindFilm, film_message, film_of, no_eta, no_films
from cogs.cards.takedown import reopening
from cogs.delivery.card_throttle import FINAL_RANK, FIRST_RANK, HELD_RANK, CardEdits, rank_of
from cogs.delivery.failed_destinations import FailedDestinations
from cogs.ui.discord_errors import CALL_ERRORS, Remedy, classify_error, postponed

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

CARD_TIMEOUT = 15.0  # seconds; a card is a courtesy and must not hold up the work


class Cards:
    """All cards of the program.

    Args:
        failed: remembers the channels that take no edits.
        read_row: reads a request as it is now, since another process may have shown more.
        eta_of: a film's card shows all shots that are being made, also those that others carry.
    """

    def __init__(
        self,
        client: discord.Client,
        failed: FailedDestinations,
        edits: CardEdits,
        read_row: ReadRow | None = None,
        find_film: FindFilm = no_films,
        eta_of: EtaOf = no_eta,
    ) -> None:
        self._eta_of = eta_of
        self._find_film = find_film
        self._read_row = read_row
        self._client = client
        self._failed = failed
        self._edits = edits
        self._tasks: set[asyncio.Task[None]] = set()

    async def show(self, generation: Generation, eta: Eta, is_current: IsCurrent | None = None) -> None:
        """Edit the card: soon, while the generation is being made; else before this returns.

        `is_current`: asked right before the edit, whether it is to be made.

        Raises:
            DeliveryPostponedError: the last edit could not be made, but may be later.
            StoppingError: the program is stopping before the last edit.
        """
        if generation.card_id is None or self._failed.has(("edit", generation.channel_id)):
            return
        # A shot ends, but the card that shows all of them goes on, and shows what the rows say.
        rank = FIRST_RANK if generation.film_id else rank_of(generation)
        change = partial(self._change, generation, generation.card_id, eta, is_current)
        edit = self._edits.edit(generation.card_id, rank, change)
        if rank >= HELD_RANK:
            await edit
            return
        task = asyncio.create_task(_alone(edit), name=f"card {generation.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def show_film(self, row: FilmRow) -> None:
        """Bring a film's card to its final form before this returns.

        Raises:
            DeliveryPostponedError: the edit could not be made, but may be later.
            StoppingError: the program is stopping.
        """
        film, card_id = await self._find_film(row.id), row.card_id
        if film is None or card_id is None or self._failed.has(("edit", row.channel_id)):
            return
        ending = replace(film, is_ending=True)

        async def edit() -> None:
            await self._edit_card(row, card_id, film_message(ending, self._eta_of), is_last=True)

        await self._edits.edit(card_id, FINAL_RANK, edit)

    async def _change(
        self, generation: Generation, card_id: int, eta: Eta, is_current: IsCurrent | None
    ) -> None:
        """Edit, and once more where another process was faster to Discord with what came after."""
        is_wanted = is_current is None or await is_current()
        if not is_wanted or await self._find_later(generation) is not None:
            return  # the process that went on with it shows that
        trouble: DeliveryPostponedError | None = None
        try:
            if not await self._edit(generation, card_id, eta):
                return
        except DeliveryPostponedError as error:
            trouble = error  # whether it arrives is not known
        if (later := await self._find_later(generation)) is not None:
            await self._edit(later, card_id, NO_ETA)
        elif trouble is not None:
            raise trouble

    async def _find_later(self, generation: Generation) -> Generation | None:
        """Return the row, if it has come further than what is to be shown."""
        if self._read_row is None or generation.film_id or rank_of(generation) == FINAL_RANK:
            return None
        try:
            present = await self._read_row(generation.id)
        except Exception as error:  # noqa: BLE001 a database that cannot be read says nothing
            log.info("editing a card without checking it first", reason=str(error))
            return None
        is_later = present is not None and rank_of(present) > rank_of(generation)
        return present if is_later else None

    async def _edit(self, generation: Generation, card_id: int, eta: Eta) -> bool:
        """Edit, and return whether Discord took it; what it refuses for good it refuses again."""
        if generation.film_id is None:
            is_last = rank_of(generation) == FINAL_RANK
            return await self._edit_card(generation, card_id, card_message(generation, eta), is_last=is_last)
        film = await film_of(generation, self._find_film)
        if film is None:
            return False
        return await self._edit_card(generation, card_id, film_message(film, self._eta_of))

    async def _edit_card(
        self, subject: Generation | FilmRow, card_id: int, message: CardMessage, *, is_last: bool = False
    ) -> bool:
        """Edit, and return whether Discord took it; for the last time, an archived thread is opened."""
        channel = self._client.get_partial_messageable(subject.channel_id, guild_id=subject.guild_id)
        edit = partial(channel.get_partial_message(card_id).edit, **message)
        try:
            async with asyncio.timeout(CARD_TIMEOUT):
                await (reopening(self._client, subject.channel_id, edit) if is_last else edit())
        except CALL_ERRORS as error:
            if classify_error(error) is Remedy.LATER:
                raise postponed(error) from error
            self._failed.remember(("edit", subject.channel_id), error)
            log.warning("could not edit the card", error=str(error))
            return False
        return True


async def _alone(edit: Coroutine[None, None, None]) -> None:
    """Make an edit that nobody waits for; the next one will show what this one could not."""
    try:
        await edit
    except StoppingError:
        log.info("left a card unchanged because the program is stopping")
    except DeliveryPostponedError as error:
        log.warning("could not update the card yet", reason=str(error))
    except Exception:  # a card must not end anything else
        log.exception("failed to edit the card")
