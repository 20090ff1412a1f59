"""From `succeeded` or `failed` to delivered: the file is fetched and the result is posted."""

from collections.abc import Awaitable
from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.delivery import Delivery, DeliveryPostponedError, UndeliverableError
from bot.failures import FailureKind
from bot.media import MediaError, VideoStore
from bot.models import Generation
from bot.queue import GenerationQueue
from bot.steps.errors import StepPostponedError
from bot.steps.timing import Timing

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Handover:
    """Hands results to the member. `delivered_at` is written last."""

    def __init__(
        self, queue: GenerationQueue, videos: VideoStore, delivery: Delivery, timing: Timing, clock: Clock
    ) -> None:
        self._queue = queue
        self._videos = videos
        self._delivery = delivery
        self._timing = timing
        self._clock = clock

    async def deliver_video(self, generation: Generation) -> Generation:
        """Fetch the file and post it; a file that cannot be had for too long becomes a failure.

        Raises:
            StepPostponedError: the file or Discord cannot be had now.
        """
        try:
            clip = await self._videos.fetch(generation.id, generation.video_url or "")
        except MediaError as error:
            log.warning("no file", reason=str(error))
            if self._is_in_time(generation, self._timing.fetch_window):
                raise StepPostponedError(str(error), self._timing.fetch_wait) from error
            return await self._queue.fail(generation, FailureKind.FILE_LOST, str(error))
        generation = await self._deliver(generation, self._delivery.post_video(generation, clip))
        self._videos.discard(generation.id)
        return generation

    async def deliver_failure(self, generation: Generation) -> Generation:
        """Post why there is no video.

        Raises:
            StepPostponedError: Discord cannot be had now.
        """
        return await self._deliver(generation, self._delivery.post_failure(generation))

    async def _deliver(self, generation: Generation, post: Awaitable[int]) -> Generation:
        result_id: int | None = None
        try:
            result_id = await post
        except DeliveryPostponedError as error:
            log.warning("not posted yet", reason=str(error))
            if self._is_in_time(generation, self._timing.delivery_window):
                wait = self._timing.delivery_wait
                if error.retry_after is not None:
                    wait = timedelta(seconds=error.retry_after)
                raise StepPostponedError(str(error), wait) from error
            log.error("given up posting a result", reason=str(error))
        except UndeliverableError as error:
            log.error("no place left to post a result", reason=str(error))
        return await self._queue.note(generation, result_id=result_id, delivered_at=self._clock())

    def _is_in_time(self, generation: Generation, window: timedelta) -> bool:
        finished_at: datetime = generation.finished_at or generation.created_at
        return self._clock() < finished_at + window
