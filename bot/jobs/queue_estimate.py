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

    async def eta(self, preview: Generation) -> Eta:
        """Return what can be said of a request that is not made; `preview`: as it would be if it were."""
        place = await self._queue.estimate_place(preview.guild_id, preview.user_id)
        now = self._clock()
        if not place:
            return self._estimator.eta(preview, now)
        if place > LAST_POSITION:
            return Eta(place)
        return self._estimator.eta_in_queue(preview, place, now)
