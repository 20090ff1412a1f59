"""One generation's way from the queue to the message with its result: submit → poll → fetch → deliver."""

from collections.abc import Awaitable, Callable, Mapping

import structlog

from bot.clock import Clock, utc_now
from bot.delivery import Delivery
from bot.failures import FailureKind
from bot.models import Generation, Status
from bot.queue import GenerationQueue
from bot.steps.handover import Handover
from bot.steps.polling import Polling
from bot.steps.submission import Submission

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Step = Callable[[Generation], Awaitable[Generation]]


class Workflow:
    """Carries generations; holds no state of its own about any of them."""

    def __init__(
        self,
        queue: GenerationQueue,
        delivery: Delivery,
        *,
        submission: Submission,
        polling: Polling,
        handover: Handover,
        clock: Clock = utc_now,
    ) -> None:
        self._queue = queue
        self._delivery = delivery
        self._clock = clock
        self._steps: Mapping[Status, Step] = {
            Status.QUEUED: submission.submit,
            Status.SUBMITTING: submission.look_up,
            Status.RUNNING: polling.poll,
            Status.SUCCEEDED: handover.deliver_video,
            Status.FAILED: handover.deliver_failure,
        }

    async def carry(self, generation: Generation) -> None:
        """Take a generation as far as it goes.

        Raises:
            StepPostponedError: to be tried again after a while.
            StoppingError: the program is stopping.
            LeaseLostError: another process carries it now.
        """
        while generation.delivered_at is None:
            before = generation.status
            generation = await self._steps[before](generation)
            log.info("step done", before=before.value, after=generation.status.value)
        await self._delivery.show_state(generation)

    async def give_up(self, generation: Generation) -> None:
        """End a generation whose step keeps failing for a reason that nobody foresaw.

        Raises:
            LeaseLostError: another process carries it now.
        """
        if generation.status is Status.FAILED:
            await self._queue.note(generation, delivered_at=self._clock())
        else:
            await self._queue.fail(generation, FailureKind.BROKEN, None)
