"""The waits for what keeps a film from its end: since when is in its row, so a restart changes nothing."""

from datetime import datetime, timedelta

from bot.clock import Clock
from bot.db.film_models import FilmRow
from bot.films.queue import FilmQueue
from bot.films.troubles import add
from bot.jobs.ports import DeliveryPostponedError
from bot.jobs.steps.errors import StepPostponedError, postponed
from bot.jobs.steps.timing import Patience, Timing


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
