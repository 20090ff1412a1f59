"""The messages with a film as it was before shots were redone, and the waits for what keeps a film back.

Since when something does is in the film's row, so a restart changes nothing.
"""

from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.db.film_models import FilmRow
from bot.films.queue import FilmQueue
from bot.films.rows import Film
from bot.films.troubles import UNNOTICED, add, without
from bot.jobs.ports import ARRIVAL, DeliveryPostponedError, FilmPort, Posted
from bot.jobs.steps.base import StepPostponedError, postponed
from bot.jobs.steps.timing import Patience, Timing

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Waits:
    """Says whether to wait once more."""

    def __init__(self, queue: FilmQueue, timing: Timing, clock: Clock, patience: Patience) -> None:
        self._queue = queue
        self._timing = timing
        self._clock = clock
        self._patience = patience

    async def wait(self, trouble: str, row: FilmRow, window: timedelta, wait: StepPostponedError) -> FilmRow:
        """Raise `wait` unless a trouble has lasted for `window`, counted from its first time on.

        The row that is returned is the film's as it stands.
        """
        row = await self._queue.update_troubles(row, add(trouble, self._clock().isoformat()))
        began = (row.troubles or {})[trouble]
        if self._patience.lasts(row.id, datetime.fromisoformat(began), window):
            raise wait
        return row

    async def wait_for_discord(
        self, trouble: str, row: FilmRow, window: timedelta, error: DeliveryPostponedError
    ) -> FilmRow:
        """Wait as Discord wants it; as `wait` otherwise."""
        return await self.wait(trouble, row, window, postponed(error, self._timing))


class EarlierPosts:
    """Finds them, and lets them lead to the film as it is."""

    def __init__(
        self, queue: FilmQueue, delivery: FilmPort, waits: Waits, timing: Timing, clock: Clock
    ) -> None:
        self._queue = queue
        self._delivery = delivery
        self._waits = waits
        self._timing = timing
        self._clock = clock

    async def find_unnoticed(self, film: Film) -> Film:
        """Look for a message that may have been posted before shots were redone, and return the film.

        Else it would be taken for the one that is posted now.

        Raises:
            StepPostponedError: Discord can't be asked now, or the message may still get through.
            LeaseLostError: another process runs the film.
        """
        row, found = film.row, None
        names = (row.troubles or {}).get(UNNOTICED)
        if names is None:
            return film
        try:
            found = await self._delivery.find_result(row)
            if found is None and row.posting_at is not None:
                under_way = may_still_arrive(row.posting_at, self._clock())
                if under_way.wait > timedelta():
                    raise under_way
        except DeliveryPostponedError as error:
            window = self._timing.delivery_window
            row = await self._waits.wait_for_discord("search", row, window, error)
            log.error("gave up looking for an earlier message with a film", film=row.id, reason=str(error))
        values = {"posting_at": None} if found is None else post_values(row, found, names.split())
        return Film(await self._queue.update_troubles(row, without(UNNOTICED), **values), film.takes)

    async def deal_with(self, row: FilmRow) -> FilmRow:
        """Finish with the message that an earlier redo left as it was, before there is another such one.

        Raises:
            StepPostponedError, LeaseLostError: as above.
        """
        if row.replaced_post is None or row.result_id is None:
            return row
        try:
            await self._delivery.show_replaced(row)
        except DeliveryPostponedError as error:
            window = self._timing.delivery_window
            row = await self._waits.wait_for_discord("older", row, window, error)
            log.error("could not update an older message with a film", film=row.id, reason=str(error))
            return row
        return await self._queue.update(row, replaced_post=None)

    async def show_replaced(self, row: FilmRow) -> None:
        """Let the message that was replaced lead to the present one.

        Raises:
            DeliveryPostponedError: it can't be changed now.
        """
        if row.removed_at is None and row.replaced_post is not None:
            await self._delivery.show_replaced(row)


def may_still_arrive(sent_at: datetime, now: datetime) -> StepPostponedError:
    """Return the wait until a film that was sent can't get through any more; a clock may be set back."""
    left = ARRIVAL - (now - sent_at)
    return StepPostponedError("an earlier try to post it may still get through", min(left, ARRIVAL))


def post_values(row: FilmRow, posted: Posted, names: list[str]) -> dict[str, object]:
    """Return what to write of a message with a film; `names`: the IDs of the shots that it shows."""
    before = None if row.result_id is None else [row.result_channel_id, row.result_id]
    return {
        "result_id": posted.message_id,
        "result_channel_id": posted.channel_id,
        "joined_shots": names,
        "replaced_post": before,
        "posting_at": None,
    }
