"""What was cancelled while it was being sent: whether the provider took it decides whether it counts."""

from contextlib import suppress

import structlog

from bot.db.models import Generation, is_being_sent
from bot.jobs.endings import told
from bot.jobs.ports import DeliveryPort, DeliveryPostponedError
from bot.jobs.queue import GenerationQueue
from bot.jobs.steps.errors import StepPostponedError
from bot.jobs.steps.submission import call_name
from bot.jobs.steps.timing import Patience, Timing
from bot.jobs.task_ids import TaskTakenError
from bot.provider.client import VeoClient
from bot.provider.errors import VeoError

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Settlement:
    """Waits for what the create call came to; `bot.jobs.steps.submission` writes it down if it lives on."""

    def __init__(
        self,
        queue: GenerationQueue,
        veo: VeoClient,
        delivery: DeliveryPort,
        timing: Timing,
        patience: Patience,
    ) -> None:
        self._queue = queue
        self._veo = veo
        self._delivery = delivery
        self._timing = timing
        self._patience = patience

    async def settle(self, generation: Generation) -> Generation:
        """Return the row once it is known, or can no longer be found out, whether the provider took it.

        Raises:
            StepPostponedError: not yet; the card says by then that it is cancelled.
        """
        if not is_being_sent(generation) or generation.result_id is not None:
            return generation
        with suppress(DeliveryPostponedError):
            await self._delivery.show_state(generation)
        sent_at = generation.submitted_at or generation.created_at
        age = self._patience.age(generation.id, sent_at)
        if age < self._timing.call_window:
            raise StepPostponedError("its create call may be under way", self._timing.lookup_wait)
        try:
            entry = await self._veo.find(call_name(generation), sent_at)
            if entry is not None and entry.is_refused:
                return await self._queue.note(generation, submitted_at=None)
            if entry is not None:
                return await self._queue.note(generation, provider_id=entry.inference_id, **told(entry.cost))
            reason = "not in the provider's log"
        except (VeoError, TaskTakenError) as error:
            reason = str(error)
        if age < self._timing.lookup_window:
            raise StepPostponedError(reason, self._timing.lookup_longest_wait)
        log.warning("whether what was cancelled is charged cannot be seen", reason=reason)
        return generation
