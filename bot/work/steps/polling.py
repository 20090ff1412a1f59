"""From `running` to `succeeded` or `failed`: asking the provider until it is done."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.failures import FailureKind
from bot.models import Generation, Status
from bot.timing.outlook import Outlook
from bot.timing.pacing import MIN_POLL_DELAY, poll_delay
from bot.timing.poll_limiter import PollLimiter
from bot.timing.timetable import Timetable
from bot.veo.client import VeoClient
from bot.veo.errors import UnknownTaskError, VeoError
from bot.veo.models import Task, TaskState
from bot.work.delivery import Delivery, DeliveryPostponedError
from bot.work.queue import GenerationQueue, LeaseLostError
from bot.work.steps.errors import StepPostponedError
from bot.work.steps.timing import Timing, pause

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Answers:
    """What came of the questions so far.

    Attributes:
        errors: unanswered ones in a row.
        unknown: of those, answers that there is no such task.
        words: what the provider said to the last one; None: nothing of its own.
        not_ready_at: when it was last asked in vain; None: not yet, by this process.
    """

    errors: int = 0
    unknown: int = 0
    words: str | None = None
    not_ready_at: datetime | None = None

    def add_error(self, error: VeoError) -> None:
        self.errors += 1
        self.words = error.words
        self.unknown = self.unknown + 1 if isinstance(error, UnknownTaskError) else 0

    def add_answer(self, asked_at: datetime) -> None:
        self.errors = self.unknown = 0
        self.not_ready_at = asked_at


class Polling:
    """Waits for the provider. "Still working" writes nothing to the database.

    Args:
        timetable: knows when to ask and what to tell the member meanwhile; learns from every video.
        limiter: gives turns to ask.
    """

    def __init__(
        self,
        queue: GenerationQueue,
        veo: VeoClient,
        delivery: Delivery,
        timetable: Timetable,
        limiter: PollLimiter,
        timing: Timing,
        clock: Clock,
        stopping: asyncio.Event,
    ) -> None:
        self._queue = queue
        self._veo = veo
        self._delivery = delivery
        self._timetable = timetable
        self._limiter = limiter
        self._timing = timing
        self._clock = clock
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
            LeaseLostError: it was cancelled, or another process carries it now.
        """
        self._in_flight += 1
        self._busy_since = self._busy_since or time.monotonic()
        try:
            return await self._poll(generation)
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._busy_since = None

    async def _poll(self, generation: Generation) -> Generation:
        outlook = self._timetable.outlook(generation, self._clock())
        await self._announce(generation, outlook)
        answers = _Answers()
        delay = self._timetable.first_poll(generation, self._clock(), self._in_flight)
        left = self._time_left(generation, answers)
        while True:
            delay = min(delay, max(left.total_seconds(), MIN_POLL_DELAY))  # and once more at the end
            outlook = await self._wait(generation, delay, outlook)
            await self._limiter.turn()
            await self._queue.ensure_held(generation)
            if (task := await self._ask(generation, answers)) is not None:
                return await self._finish(generation, task, answers)
            if answers.unknown >= self._timing.unknown_limit:
                return await self._queue.fail(generation, FailureKind.LOST, answers.words)
            left = self._time_left(generation, answers)
            if left <= timedelta():
                late_until = self._clock() + self._timing.late_window
                return await self._queue.fail(generation, FailureKind.LATE, None, late_until=late_until)
            delay = self._delay(generation, answers)

    async def _ask(self, generation: Generation, answers: _Answers) -> Task | None:
        """Ask once; return the task if it has ended."""
        asked_at = self._clock()
        try:
            task = await self._veo.retrieve(generation.provider_id or "")
        except VeoError as error:
            log.warning("no answer to a poll", reason=str(error), kind=type(error).__name__)
            answers.add_error(error)
            return None
        if task.state is not TaskState.WORKING:
            return task
        answers.add_answer(asked_at)
        if not task.is_known_status:
            log.warning("unknown status, taken for still working", status=task.status)
        return None

    def _delay(self, generation: Generation, answers: _Answers) -> float:
        if answers.errors:
            return poll_delay(self._timing.poll_interval.total_seconds(), answers.errors)
        return self._timetable.next_poll(generation, self._clock(), self._in_flight)

    def _time_left(self, generation: Generation, answers: _Answers) -> timedelta:
        # After an outage of ours or theirs the video may be ready: only an answer can tell.
        patience = self._timing.deadline * (2 if answers.errors else 1)
        return (generation.submitted_at or generation.created_at) + patience - self._clock()

    async def _wait(self, generation: Generation, seconds: float, outlook: Outlook) -> Outlook:
        """Wait; tell the member meanwhile, once, that it takes longer than was said."""
        if outlook.expected_at is not None:
            until_late = (outlook.expected_at - self._clock()).total_seconds()
            if until_late < seconds:
                await pause(max(until_late, 0.0), self._stopping)
                seconds -= max(until_late, 0.0)
                outlook = outlook.late()
                await self._show(generation, outlook)
        await pause(seconds, self._stopping)
        return outlook

    async def look_late(self, generation: Generation) -> Generation:
        """Ask once more about a task that missed its deadline: `failed` → `succeeded`, or nothing.

        Raises:
            StepPostponedError: not ready yet.
        """
        try:
            task = await self._veo.retrieve(generation.provider_id or "")
        except VeoError as error:
            return await self._keep_asking(generation, str(error))
        if task.state is TaskState.WORKING:
            return await self._keep_asking(generation, "late, and still not ready")
        if task.state is TaskState.FAILED:
            return await self._queue.note(generation, late_until=None)
        log.warning("a video came after its deadline")
        # What was posted was the failure; the video is a new result, with a message of its own.
        undone = ("late_until", "delivered_at", "result_id", "result_channel_id", "posting_at")
        return await self._succeed(
            generation,
            task,
            **dict.fromkeys(undone),
            failure_kind=None,
            failure_reason=None,
            not_ready_at=generation.finished_at,
        )

    async def _keep_asking(self, generation: Generation, reason: str) -> Generation:
        if generation.late_until is not None and self._clock() < generation.late_until:
            raise StepPostponedError(reason, self._timing.late_wait)
        log.info("a late video is not waited for any longer")
        return await self._queue.note(generation, late_until=None)

    async def _announce(self, generation: Generation, outlook: Outlook) -> None:
        """Bring the card up to date, and begin to open the thread: the member sees where it will come.

        Discord may hold threads up for minutes, and the next member waits for this request's place.
        """
        await self._show(generation, outlook)
        opening = asyncio.create_task(self._open_thread(generation), name=f"announce {generation.id}")
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    async def _open_thread(self, generation: Generation) -> None:
        try:
            thread_id = await self._delivery.open_thread(generation)
            if thread_id is not None and thread_id != generation.thread_id:
                await self._queue.note(generation, thread_id=thread_id)
        except DeliveryPostponedError as error:
            log.warning("no thread", reason=str(error))  # the result matters, and comes later
        except LeaseLostError:
            log.info("the thread is not noted, since the request has gone on")
        except Exception:  # a thread must not end anything else
            log.exception("no thread")

    async def _show(self, generation: Generation, outlook: Outlook) -> None:
        try:
            await self._delivery.show_state(generation, outlook)
        except DeliveryPostponedError as error:
            log.warning("the card is not up to date", reason=str(error))

    async def _finish(self, generation: Generation, task: Task, answers: _Answers) -> Generation:
        if task.state is TaskState.FAILED:
            return await self._queue.fail(
                generation, FailureKind.UNMADE, task.failure_reason, credits_used=task.credits_used
            )
        return await self._succeed(generation, task, not_ready_at=answers.not_ready_at)

    async def _succeed(self, generation: Generation, task: Task, **more: datetime | None) -> Generation:
        generation = await self._queue.move(
            generation,
            Status.SUCCEEDED,
            video_url=task.video_url,
            credits_used=task.credits_used,
            finished_at=self._clock(),
            **more,
        )
        self._timetable.learn(generation)
        return generation
