"""One generation's way from the queue to the message with its result: (prepare →) submit → poll → deliver.

Preparing fetches the images, where there are any; delivering fetches the video and posts it.
"""

from collections.abc import Awaitable, Callable, Mapping

import structlog

from bot.db.models import Generation, Status
from bot.db.review_models import is_in_review, is_withheld
from bot.failures import FailureKind
from bot.jobs.steps.base import Tools
from bot.jobs.steps.deliver import Deliver
from bot.jobs.steps.late import LateWatch
from bot.jobs.steps.lost_call import Settlement
from bot.jobs.steps.polling import Polling
from bot.jobs.steps.preparation import Preparation, Readiness
from bot.jobs.steps.submission import Submission

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Step = Callable[[Generation], Awaitable[Generation]]


class Workflow:
    """Carries generations; holds no state of its own about any of them."""

    def __init__(
        self,
        tools: Tools,
        *,
        readiness: Readiness,
        preparation: Preparation,
        submission: Submission,
        polling: Polling,
        deliver: Deliver,
        settlement: Settlement,
        late_watch: LateWatch,
    ) -> None:
        self._queue = tools.queue
        self._delivery = tools.delivery
        self._clock = tools.clock
        self._readiness = readiness
        self._preparation = preparation
        self._submission = submission
        self._deliver = deliver
        self._settlement = settlement
        self._late_watch = late_watch
        self._steps: Mapping[Status, Step] = {
            Status.PREPARING: self._prepare,
            Status.QUEUED: self._submit,
            Status.SUBMITTING: submission.look_up,
            Status.RUNNING: polling.poll,
            Status.SUCCEEDED: deliver.deliver_video,
            Status.FAILED: deliver.deliver_ending,
            Status.CANCELLED: self._end_cancelled,
        }

    async def run(self, generation: Generation) -> None:
        """Run the steps of a generation as far as they go.

        Raises:
            StepPostponedError: to be tried again after a while.
            StoppingError: the program is stopping.
            LeaseLostError: it was cancelled, or another process runs it now.
            SlotLostError: it waits for a slot again.
        """
        while (step := self._next_step(generation)) is not None:
            before = generation.status
            generation = await step(generation)
            log.info("step done", before=before.value, after=generation.status.value)
            if generation.status is Status.QUEUED:
                return  # its turn comes when there is room at the provider

    async def stop(self) -> None:
        """End what goes on beside the steps; the program stops."""
        await self._submission.stop()

    async def _end_cancelled(self, generation: Generation) -> Generation:
        return await self._deliver.deliver_ending(await self._settlement.settle(generation))

    async def _prepare(self, generation: Generation) -> Generation:
        ready = await self._readiness.ensure(generation)
        return await self._preparation.prepare(ready) if ready.status is Status.PREPARING else ready

    async def _submit(self, generation: Generation) -> Generation:
        ready = await self._readiness.ensure(generation)
        if ready.status is not Status.QUEUED or generation.card_id is None:
            return ready  # its card was only just found: it must be claimed again, with a slot this time
        if is_in_review(ready):
            return ready
        return await self._submission.submit(ready)

    def _next_step(self, generation: Generation) -> Step | None:
        if generation.delivered_at is None:
            return self._steps[generation.status]
        return None if generation.late_until is None else self._late_watch.look

    async def give_up(self, generation: Generation) -> None:
        """End a generation whose step keeps failing for a reason that nobody foresaw.

        Raises:
            LeaseLostError: it was cancelled, or another process runs it now.
        """
        has_ended = generation.status in {Status.FAILED, Status.CANCELLED} or is_withheld(generation)
        if has_ended or generation.result_id is not None:
            self._deliver.clean_up(generation)
            await self._late_watch.close(generation, delivered_at=self._clock())
        else:
            late_until = self._late_watch.until(generation)
            await self._queue.fail(generation, FailureKind.BROKEN, None, late_until=late_until)
