"""From `running` to `succeeded` or `failed`: asking the provider until it is done."""

import asyncio

import structlog

from bot.clock import Clock
from bot.delivery import Delivery
from bot.failures import FailureKind
from bot.models import Generation, Status
from bot.pacing import poll_delay
from bot.queue import GenerationQueue
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
        """
        generation = await self._announce(generation)
        submitted_at = generation.submitted_at or generation.created_at
        errors = unknown = 0
        while True:
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
            if self._clock() >= submitted_at + self._timing.deadline:
                return await self._queue.fail(generation, FailureKind.LATE, None)
            interval = self._timing.poll_interval.total_seconds()
            await pause(poll_delay(interval, errors), self._stopping)

    async def _announce(self, generation: Generation) -> Generation:
        """Bring the card up to date and open the thread, so that the member sees where it will come."""
        await self._delivery.show_state(generation)
        thread_id = await self._delivery.open_thread(generation)
        if thread_id is None or thread_id == generation.thread_id:
            return generation
        return await self._queue.note(generation, thread_id=thread_id)

    async def _finish(self, generation: Generation, task: Task) -> Generation:
        if task.state is TaskState.FAILED:
            return await self._queue.fail(
                generation, FailureKind.UNMADE, task.failure_reason, credits_used=task.credits_used
            )
        return await self._queue.move(
            generation,
            Status.SUCCEEDED,
            video_url=task.video_url,
            credits_used=task.credits_used,
            finished_at=self._clock(),
        )
