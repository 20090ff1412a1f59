"""The background task: takes due generations from the queue and runs each, many at a time.

Starting and recovering are the same: whatever is not delivered and not run by a living process is
taken up where it stands.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog
from structlog.contextvars import bound_contextvars

from bot.db.models import Generation, Status
from bot.db.review_models import is_held
from bot.eta.pacing import retry_delay
from bot.jobs.queue import GenerationQueue, LeaseLostError, SlotLostError
from bot.jobs.steps.base import StepPostponedError
from bot.jobs.workflow import Workflow
from bot.signals import Attempts, StoppingError

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LOOK_INTERVAL = 1.0  # seconds between looks for due rows; new requests wake it at once
CLAIM_SIZE = 25  # rows taken in one look, after which other processes may have theirs
RENEWALS_PER_LEASE = 4
MAX_ATTEMPTS = 8  # of one step, for reasons nobody foresaw; about ten minutes with back-off
# Logged at a start, with how many requests it's about, and when the last of these leases ends, in seconds.
HELD = "another process has requests; if it was killed, they go on when its leases end"
STOP_GRACE = 10.0  # seconds that short steps get to end when the program stops


@dataclass(frozen=True, slots=True)
class _Run:
    """A row as it was claimed, and the task that runs it."""

    claimed: Generation
    task: asyncio.Task[None]


class Runner:
    """Runs the queue of one process.

    Args:
        work: set when there may be something new; cleared here.
        stopping: set when the program is to stop.
    """

    def __init__(
        self, queue: GenerationQueue, workflow: Workflow, *, work: asyncio.Event, stopping: asyncio.Event
    ) -> None:
        self._queue = queue
        self._workflow = workflow
        self._work = work
        self._stopping = stopping
        self._running: dict[str, _Run] = {}  # by the generation's id
        self._is_running = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._claims = Attempts("could not read the queue")

    @property
    def is_idle(self) -> bool:
        """Whether nothing is running at this moment."""
        return not self._tasks

    async def run(self) -> None:
        """Run generations until `stopping` is set; then let short steps end and release the rest."""
        renewal = asyncio.create_task(self._renew_leases(), name="renew leases")
        try:
            await self._tell_held()
            while not self._stopping.is_set():
                if await self._take_due() < CLAIM_SIZE:  # else there may be more, as after a start
                    await self._wait_for_work()
        finally:
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=STOP_GRACE)
            unfinished = [renewal, *self._tasks]
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
            await self._workflow.stop()
            try:
                await self._queue.release_all()
            except Exception:  # the leases end by themselves; stopping goes on
                log.exception("could not release the leases")

    async def _tell_held(self) -> None:
        """Say why requests stand still after a kill: nobody can tell a killed process from a living one."""
        held = await self._claims.make(self._queue.count_held)
        if held is not None and held[0]:
            log.info(HELD, requests=held[0], seconds=round(held[1].total_seconds()))

    async def _take_due(self) -> int:
        """Begin what is due; return how many rows were claimed."""
        claimed = await self._claims.make(partial(self._queue.claim, CLAIM_SIZE)) or []
        for generation in claimed:
            present = self._running.get(generation.id)
            if present is None:
                self._begin(generation)
            elif generation.status is Status.CANCELLED and present.claimed.status is not Status.CANCELLED:
                self._begin(generation, instead_of=present.task)
            # Else a clock that jumped made our own lease look old; the row is in good hands already.
        return len(claimed)

    def _begin(self, generation: Generation, instead_of: asyncio.Task[None] | None = None) -> None:
        task = asyncio.create_task(self._run(generation, instead_of), name=f"run {generation.id}")
        self._running[generation.id] = _Run(generation, task)
        self._is_running.set()
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wait_for_work(self) -> None:
        try:
            async with asyncio.timeout(LOOK_INTERVAL):
                await self._work.wait()
        except TimeoutError:
            return
        self._work.clear()

    async def _renew_leases(self) -> None:
        renewals = Attempts("could not renew leases")
        while await self._is_running.wait():
            await asyncio.sleep(self._queue.lease.total_seconds() / RENEWALS_PER_LEASE)
            if self._running:  # where it fails, it's tried again long before the leases end
                await renewals.make(partial(self._queue.renew, self._running))

    async def _run(self, generation: Generation, instead_of: asyncio.Task[None] | None) -> None:
        """Run one generation; nothing that happens to it may reach the others.

        `instead_of`: runs it as it was before it was cancelled, and is ended first.
        """
        with bound_contextvars(generation=generation.id):
            try:
                if instead_of is not None:
                    log.info("interrupted because it was cancelled")
                    await _end(instead_of)
                await self._workflow.run(generation)
                await self._release(generation)
            except StepPostponedError as error:
                log.info("postponed", reason=str(error), seconds=error.wait.total_seconds())
                await self._release(generation, error.wait, lets_others=error.lets_others)
            except StoppingError:
                log.info("released because the program is stopping")
            except SlotLostError:
                log.info("waits again because its slot is another's by now")
                await self._release(generation)
            except LeaseLostError:
                log.warning("skipped because it was cancelled or another process has it")
            except Exception:  # the errors nobody foresaw; logged, counted and bounded
                log.exception("a step failed", attempts=generation.attempts)
                await self._release_failed(generation)
            finally:
                self._untrack(generation)

    def _untrack(self, generation: Generation) -> None:
        present = self._running.get(generation.id)
        if present is not None and present.claimed is generation:
            del self._running[generation.id]
        if not self._running:
            self._is_running.clear()

    async def _release_failed(self, generation: Generation) -> None:
        try:
            current = await self._queue.get(generation.id)
            # What moderators are to decide about ends with their decision, or with their time.
            is_hopeless = current.attempts >= MAX_ATTEMPTS and not is_held(current)
            if is_hopeless:
                log.error("gave up after too many attempts", attempts=current.attempts)
                await self._workflow.give_up(current)
        except Exception:  # the lease ends by itself and the row is taken up again
            log.exception("could not record the failed step")
            return
        if is_hopeless:
            await self._release(generation)
        else:
            await self._release(generation, timedelta(seconds=retry_delay(current.attempts)), failed=True)

    async def _release(
        self,
        generation: Generation,
        wait: timedelta = timedelta(),
        *,
        failed: bool = False,
        lets_others: bool = False,
    ) -> None:
        # From here on the row may be claimed again, by this process too.
        self._untrack(generation)
        try:
            await self._queue.release(generation, wait, failed=failed)
        except Exception:  # the lease ends by itself and the row is taken up again
            log.exception("could not release the generation")
        if not wait or lets_others:
            self._work.set()  # its next step may be due, or its end has made room for another


async def _end(task: asyncio.Task[None]) -> None:
    """Interrupt a task wherever it stands, and return when it does nothing any more."""
    task.cancel()
    await asyncio.wait([task])
