"""Settlement of a request cancelled while it was being sent: it counts if the provider took it."""

from contextlib import suppress

import structlog

from bot.db.models import Generation, is_being_sent, sent_at
from bot.jobs.endings import TaskTakenError, cost_values
from bot.jobs.ports import DeliveryPostponedError
from bot.jobs.steps.base import Step
from bot.jobs.steps.errors import StepPostponedError
from bot.jobs.steps.lost_call import CallRefused, Found, find_call
from bot.provider.errors import VeoError

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Settlement(Step):
    """Waits for what the create call came to; `bot.jobs.steps.submission` writes it down if it lives on."""

    async def settle(self, generation: Generation) -> Generation:
        """Return the row once it is known, or can no longer be found out, whether the provider took it.

        Raises:
            StepPostponedError: not yet; the card says by then that it is cancelled.
        """
        if not is_being_sent(generation) or generation.result_id is not None:
            return generation
        with suppress(DeliveryPostponedError):
            await self._delivery.show_state(generation)
        age = self._patience.age(generation.id, sent_at(generation))
        if age < self._timing.call_window:
            raise StepPostponedError("its create call may be under way", self._timing.lookup_wait)
        try:
            match await find_call(self._veo, generation):
                case CallRefused():
                    return await self._queue.update(generation, submitted_at=None)
                case Found(task_id, cost):
                    return await self._queue.update(generation, provider_id=task_id, **cost_values(cost))
                case None:
                    reason = "not in the provider's log"
        except (VeoError, TaskTakenError) as error:
            reason = str(error)
        if age < self._timing.lookup_window:
            raise StepPostponedError(reason, self._timing.lookup_longest_wait)
        log.warning("unknown whether a cancelled request was charged", reason=reason)
        return generation
