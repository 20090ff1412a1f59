"""The background task of films: lets the next shots begin, and joins those that have ended.

Starting and recovering are the same: whatever isn't over is taken up where its rows stand.
"""

import asyncio
from datetime import timedelta
from functools import partial

import structlog
from structlog.contextvars import bound_contextvars

from bot.eta.pacing import retry_delay
from bot.films.finishing import Finishing
from bot.films.queue import FilmQueue
from bot.films.rows import Film
from bot.films.troubles import GIVEN_UP, TIMED_OUT, add, is_given_up
from bot.jobs.queue import LeaseLostError
from bot.jobs.steps.base import StepPostponedError
from bot.media.downloads import MediaError
from bot.media.joining import JoiningTimeoutError
from bot.signals import Attempts, run_every

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LOOK_INTERVAL = 1.0  # seconds between two looks
RENEWALS_PER_LEASE = 4
MAX_ATTEMPTS = 8  # to join and post a film, for reasons nobody foresaw; about ten minutes with back-off
MAX_ENDINGS = 2 * MAX_ATTEMPTS  # with those that a film which isn't joined any more takes to be over


class FilmRunner:
    """Runs the films of one process, one at a time, since joining takes a processor.

    Args:
        work: set when a shot may begin.
        stopping: set when the program is to stop.
    """

    def __init__(
        self, queue: FilmQueue, finishing: Finishing, *, work: asyncio.Event, stopping: asyncio.Event
    ) -> None:
        self._queue = queue
        self._finishing = finishing
        self._work = work
        self._stopping = stopping

    async def run(self) -> None:
        """Look regularly until `stopping` is set; what is being joined then is left to the next start."""
        jobs = {self.release: "could not look for shots to start", self.look: "could not read films"}
        async with asyncio.TaskGroup() as group:
            for job, failed in jobs.items():
                group.create_task(run_every(LOOK_INTERVAL, self._stopping, job, failed=failed))

    async def release(self) -> None:
        """Let the shots begin whose wait for another one is over."""
        if released := await self._queue.release_shots():
            log.info("starting shots", generations=released)
            self._work.set()

    async def look(self) -> None:
        """Run a film, if there is one, as far as it goes; a stop interrupts that."""
        film = await self._queue.claim()
        if film is None:
            return
        running = asyncio.create_task(self._run(film), name=f"film {film.row.id}")
        stop = asyncio.create_task(self._stopping.wait())
        renewal = asyncio.create_task(self._renew(film.row.id))
        try:
            await asyncio.wait({running, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (running, stop, renewal):
                task.cancel()
            await asyncio.gather(running, stop, renewal, return_exceptions=True)
        await self._queue.release(film.row)

    async def _run(self, film: Film) -> None:
        """Run one film; nothing that happens to it may reach the others."""
        with bound_contextvars(film=film.row.id):
            try:
                await self._finishing.finish(film)
            except StepPostponedError as error:
                await self._postpone(film, error)
            except LeaseLostError:
                log.warning("skipped because another process has it")
            except MediaError as error:
                log.warning("not joined", reason=str(error))
                await self._release_failed(film, is_late=isinstance(error, JoiningTimeoutError))
            except Exception:  # the errors nobody foresaw; logged, counted and bounded
                log.exception("a film failed", attempts=film.row.attempts)
                await self._release_failed(film)

    async def _release_failed(self, film: Film, *, is_late: bool = False) -> None:
        """Try again later, or give up: the shots are in the thread, and the card says that the film isn't.

        `is_late`: joining took too long, as it always will if it does so twice.
        """
        wait = timedelta(seconds=retry_delay(film.row.attempts))
        try:
            # As it stands: it may have been late, posted or removed since it was claimed.
            film = await self._queue.get(film.row.id)
            row, troubles = film.row, film.row.troubles or {}
            if is_given_up(row):
                await self._release_given_up(film, wait)
                return
            if row.attempts < MAX_ATTEMPTS and not (is_late and TIMED_OUT in troubles):
                if is_late:
                    await self._queue.update_troubles(row, add(TIMED_OUT, "once"))
                await self._queue.release(row, wait, failed=True)
                return
            log.error("gave up on a film after too many attempts", attempts=row.attempts)
            row = await self._queue.update_troubles(row, add(GIVEN_UP, ""))
            await self._finishing.finish(Film(row, film.takes))
        except StepPostponedError as error:
            await self._postpone(film, error)
        except Exception:  # if this fails as well, the lease ends by itself and the film is taken up again
            log.exception("could not record a failed film")
            await self._queue.release(film.row, wait, failed=True)

    async def _release_given_up(self, film: Film, wait: timedelta) -> None:
        """Try again later to bring it to an end, or do so whatever fails: then its shots can be redone."""
        row = film.row
        if row.attempts < MAX_ENDINGS:
            await self._queue.release(row, wait, failed=True)
            return
        log.error("could not bring a given-up film to its end", attempts=row.attempts)
        await self._finishing.close_anyway(film)

    async def _postpone(self, film: Film, error: StepPostponedError) -> None:
        log.info("postponed", reason=str(error), seconds=error.wait.total_seconds())
        await self._queue.release(film.row, error.wait)

    async def _renew(self, film_id: str) -> None:
        renewals = Attempts("could not renew a film's lease")
        while True:
            await asyncio.sleep(self._queue.lease.total_seconds() / RENEWALS_PER_LEASE)
            await renewals.make(partial(self._queue.renew, film_id))  # again long before the lease ends
