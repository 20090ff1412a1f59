"""From `running` to `succeeded` or `failed`: asking the provider until it is done."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.clock import monotonic
from bot.db.models import Generation, sent_at
from bot.eta.duration_estimator import DurationEstimator
from bot.eta.eta import Eta
from bot.eta.pacing import MIN_POLL_DELAY, poll_delay
from bot.eta.rate_limiter import RateLimiter
from bot.failures import FailureKind
from bot.jobs.ports import DeliveryPostponedError
from bot.jobs.queue import LeaseLostError
from bot.jobs.steps.base import Step, Tools
from bot.jobs.steps.signs import Ending, Evidence, Sign, sign_of
from bot.jobs.steps.timing import Stopwatch
from bot.provider.costs import CostSource
from bot.provider.errors import RateLimitError, UnknownTaskError, VeoError
from bot.provider.models import Task, TaskState
from bot.signals import pause

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Answers:
    """The answers to the polls so far.

    Attributes:
        watch: tells the moment; setting the machine's clock ends no request.
        evidence: what speaks for an end without a video.
        errors: unanswered questions in a row.
        rest: seconds for which the provider asked to be left alone in the last one; None: it did not.
        words: what the provider said to the last one; None: nothing of its own.
        not_ready_at: when it was last asked in vain; None: not yet, by this process.
    """

    watch: Stopwatch
    evidence: Evidence
    errors: int = 0
    rest: float | None = None
    words: str | None = None
    not_ready_at: datetime | None = None


class Polling(Step):
    """Waits for the provider. "Still working" writes nothing to the database.

    Args:
        estimator: knows when to ask and what to tell the member meanwhile; learns from every video.
        limiter: gives slots to ask.
    """

    def __init__(
        self, tools: Tools, estimator: DurationEstimator, limiter: RateLimiter, stopping: asyncio.Event
    ) -> None:
        super().__init__(tools)
        self._estimator = estimator
        self._limiter = limiter
        self._stopping = stopping
        self._in_flight = 0
        self._busy_since: float | None = None
        self._opening: set[asyncio.Task[None]] = set()

    @property
    def busy_since(self) -> float | None:
        """Since when there is always something to ask about, on the monotonic clock; None: there is not."""
        return self._busy_since

    async def poll(self, generation: Generation) -> Generation:
        """Ask until the task is done or its time, counted from submission, is up.

        Raises:
            StoppingError: the program is stopping.
            LeaseLostError: it was cancelled, or another process runs it now.
        """
        self._in_flight += 1
        self._busy_since = self._busy_since or monotonic()
        try:
            return await self._poll(generation)
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._busy_since = None

    async def _poll(self, generation: Generation) -> Generation:
        watch = Stopwatch(sent_at(generation), self._clock)
        eta = self._estimator.eta(generation, watch.now())
        await self._announce(generation, eta)
        answers = _Answers(watch, Evidence(self._timing))
        delay = self._estimator.first_poll(generation, watch.now(), self._in_flight)
        left = self._time_left(generation, answers)
        while True:
            delay = min(delay, max(left.total_seconds(), MIN_POLL_DELAY))  # and once more at the end
            eta = await self._wait(generation, delay, eta, watch)
            await self._limiter.acquire()
            await self._queue.ensure_held(generation)
            task, ending = await self._ask(generation, answers)
            if task is not None and task.state is TaskState.COMPLETED:
                made = await self._queue.succeed(generation, task, not_ready_at=answers.not_ready_at)
                self._estimator.learn(made)
                return made
            left = self._time_left(generation, answers)
            if ending is None and left <= timedelta():
                ending = answers.evidence.at_deadline()
            if ending is not None:
                return await self._end(generation, ending, task, answers)
            delay = self._delay(generation, answers)

    async def _ask(self, generation: Generation, answers: _Answers) -> tuple[Task | None, Ending | None]:
        """Ask once; return the answer, and how the generation ends if that is certain enough by now."""
        asked_at = answers.watch.now()
        try:
            task = await self._retrieve(generation)
        except VeoError as error:
            log.warning("no answer to a poll", reason=str(error), kind=type(error).__name__)
            answers.errors += 1
            answers.words = error.words
            answers.rest = error.retry_after if isinstance(error, RateLimitError) else None
            sign = Sign.UNKNOWN if isinstance(error, UnknownTaskError) else None
            return None, answers.evidence.add(sign, answers.watch.now())
        answers.errors, answers.words = 0, task.failure_reason
        if (sign := sign_of(task)) is not None:
            log.warning(
                "a video may have failed; checking again", status=task.status, reason=task.failure_reason
            )
        elif task.state is TaskState.WORKING:
            answers.not_ready_at = asked_at
            if not task.is_known_status:
                log.warning("unknown status, treated as still running", status=task.status)
        return task, answers.evidence.add(sign, answers.watch.now())

    async def _end(
        self, generation: Generation, ending: Ending, task: Task | None, answers: _Answers
    ) -> Generation:
        late_until = self._clock() + self._timing.late_window if ending.stays_open else None
        return await self._queue.fail(
            generation,
            ending.kind,
            None if ending.kind is FailureKind.LATE else answers.words,
            # Without a video nothing is charged: what is told of it is what one would cost.
            cost=task.cost(CostSource.CREATE) if task and ending.stays_open else None,
            late_until=late_until,
        )

    def _delay(self, generation: Generation, answers: _Answers) -> float:
        interval = self._timing.poll_interval.total_seconds()
        if answers.errors:
            return poll_delay(interval, answers.errors, answers.rest)
        if answers.evidence.sign is not None:
            return interval
        return self._estimator.next_poll(generation, answers.watch.now(), self._in_flight)

    def _time_left(self, generation: Generation, answers: _Answers) -> timedelta:
        # After an outage of ours or theirs the video may be ready: only an answer can tell.
        patience = self._timing.deadline * (2 if answers.errors else 1)
        return sent_at(generation) + patience - answers.watch.now()

    async def _wait(self, generation: Generation, seconds: float, eta: Eta, watch: Stopwatch) -> Eta:
        """Wait; tell the member meanwhile, once, that it takes longer than was said."""
        if eta.expected_at is not None:
            until_late = (eta.expected_at - watch.now()).total_seconds()
            if until_late < seconds:
                await pause(max(until_late, 0.0), self._stopping)
                seconds -= max(until_late, 0.0)
                eta = eta.late()
                await self._show(generation, eta)
        await pause(seconds, self._stopping)
        return eta

    async def _announce(self, generation: Generation, eta: Eta) -> None:
        """Bring the card up to date, and begin to open the thread: the member sees where it will come.

        Discord may hold threads up for minutes, and the next member waits for this request's slot.
        """
        await self._show(generation, eta)
        opening = asyncio.create_task(self._open_thread(generation), name=f"announce {generation.id}")
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    async def _open_thread(self, generation: Generation) -> None:
        try:
            thread_id = await self._delivery.open_thread(generation)
            if thread_id is not None and thread_id != generation.thread_id:
                await self._queue.update(generation, thread_id=thread_id)
        except DeliveryPostponedError as error:
            log.warning("no thread", reason=str(error))  # the result matters, and comes later
        except LeaseLostError:
            log.info("did not record the thread because the request has moved on")
        except Exception:  # a thread must not end anything else
            log.exception("no thread")

    async def _show(self, generation: Generation, eta: Eta) -> None:
        try:
            await self._delivery.show_state(generation, eta)
        except DeliveryPostponedError as error:
            log.warning("could not update the card yet", reason=str(error))
