"""From `running` to `succeeded` or `failed`: asking the provider until it is done."""

import asyncio

import structlog

from bot.clock import Clock
from bot.delivery import Delivery, DeliveryPostponedError
from bot.failures import FailureKind
from bot.models import Generation, Status
from bot.pacing import poll_delay
from bot.queue import GenerationQueue
from bot.steps.errors import StepPostponedError
from bot.steps.timing import Timing, pause
from bot.veo.client import VeoClient
from bot.veo.errors import UnknownTaskError, VeoError
from bot.veo.models import Task, TaskState

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Polling:
    """Waits for the provider. "Still working" writes nothing to the database."""

    def __init__(
        self,
        queue: GenerationQueue,
        veo: VeoClient,
        delivery: Delivery,
        timing: Timing,
        clock: Clock,
        stopping: asyncio.Event,
    ) -> None:
        self._queue = queue
        self._veo = veo
        self._delivery = delivery
        self._timing = timing
        self._clock = clock
        self._stopping = stopping

    async def poll(self, generation: Generation) -> Generation:
        """Ask until the task is done or its time, counted from submission, is up.

        Raises:
            StoppingError: the program is stopping.
            LeaseLostError: it was cancelled, or another process carries it now.
        """
        generation = await self._announce(generation)
        submitted_at = generation.submitted_at or generation.created_at
        errors = unknown = 0
        while True:
            await self._queue.ensure_held(generation)
            try:
                task = await self._veo.retrieve(generation.provider_id or "")
            except VeoError as error:
                log.warning("no answer to a poll", reason=str(error), kind=type(error).__name__)
                errors += 1
                unknown = unknown + 1 if isinstance(error, UnknownTaskError) else 0
                if unknown >= self._timing.unknown_limit:
                    return await self._queue.fail(generation, FailureKind.LOST, str(error))
            else:
                errors = unknown = 0
                if task.state is not TaskState.WORKING:
                    return await self._finish(generation, task)
                if not task.is_known_status:
                    log.warning("unknown status, taken for still working", status=task.status)
            # After an outage of ours or theirs the video may be ready: only an answer can tell.
            patience = self._timing.deadline * (2 if errors else 1)
            if self._clock() >= submitted_at + patience:
                late_until = self._clock() + self._timing.late_window
                return await self._queue.fail(generation, FailureKind.LATE, None, late_until=late_until)
            interval = self._timing.poll_interval.total_seconds()
            await pause(poll_delay(interval, errors), self._stopping)

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
            generation, task, **dict.fromkeys(undone), failure_kind=None, failure_reason=None
        )

    async def _keep_asking(self, generation: Generation, reason: str) -> Generation:
        if generation.late_until is not None and self._clock() < generation.late_until:
            raise StepPostponedError(reason, self._timing.late_wait)
        log.info("a late video is not waited for any longer")
        return await self._queue.note(generation, late_until=None)

    async def _announce(self, generation: Generation) -> Generation:
        """Bring the card up to date and open the thread, so that the member sees where it will come."""
        try:
            await self._delivery.show_state(generation)
            thread_id = await self._delivery.open_thread(generation)
        except DeliveryPostponedError as error:
            log.warning("not announced", reason=str(error))  # the result matters, and comes later
            return generation
        if thread_id is None or thread_id == generation.thread_id:
            return generation
        return await self._queue.note(generation, thread_id=thread_id)

    async def _finish(self, generation: Generation, task: Task) -> Generation:
        if task.state is TaskState.FAILED:
            return await self._queue.fail(
                generation, FailureKind.UNMADE, task.failure_reason, credits_used=task.credits_used
            )
        return await self._succeed(generation, task)

    async def _succeed(self, generation: Generation, task: Task, **more: None) -> Generation:
        return await self._queue.move(
            generation,
            Status.SUCCEEDED,
            video_url=task.video_url,
            credits_used=task.credits_used,
            finished_at=self._clock(),
            **more,
        )
