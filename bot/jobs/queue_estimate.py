"""The estimated wait of a new request."""

from bot.clock import Clock, utc_now
from bot.db.models import Generation
from bot.eta.duration_estimator import DurationEstimator
from bot.eta.eta import LAST_POSITION, Eta
from bot.jobs.queue import GenerationQueue


class QueueEstimate:
    """Asks the queue and the duration estimator, as a card's ETA does once there is a request."""

    def __init__(self, queue: GenerationQueue, estimator: DurationEstimator, clock: Clock = utc_now) -> None:
        self._queue = queue
        self._estimator = estimator
        self._clock = clock

    def eta_of_sent(self, generation: Generation) -> Eta:
        """Return what can be said of a request that is being made."""
        return self._estimator.eta(generation, self._clock())

    async def eta(self, preview: Generation, count: int = 1) -> Eta:
        """Return what can be said of a request that is not made; `preview`: as it would be if it were.

        `count`: of so many that are asked for at once, it's the last one.
        """
        position, free = await self._queue.estimate_position(preview.guild_id, preview.user_id, count)
        now = self._clock()
        if position <= free:
            return self._estimator.eta(preview, now)
        if position > LAST_POSITION:
            return Eta(position)
        if count > 1:  # the first of them begin at once
            return self._estimator.eta_in_rounds(preview, position - free, now)
        return self._estimator.eta_in_queue(preview, position, now)
