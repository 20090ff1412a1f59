"""From `preparing` to `queued`: images are fetched before their links die, however long the queue is."""

import structlog

from bot.db.models import Generation, Status, waits_since
from bot.jobs.queue import GenerationQueue
from bot.jobs.steps.errors import StepPostponedError
from bot.jobs.steps.missing_frames import GiveUpFrame, kind_of_missing, without_frame
from bot.jobs.steps.timing import Patience, Timing
from bot.media.files import MediaError
from bot.media.image_store import FrameMissingError, ImageStore
from bot.media.images import ImageError
from bot.media.last_frames import SlowFrameError
from bot.provider.catalogue import get_model

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Preparation:
    """Has the images ready that a request is made from.

    Args:
        give_up_frame: notes which last frames can't be had.
        others: as for every step.
    """

    def __init__(
        self,
        queue: GenerationQueue,
        store: ImageStore,
        timing: Timing,
        patience: Patience,
        give_up_frame: GiveUpFrame,
    ) -> None:
        self._queue = queue
        self._store = store
        self._timing = timing
        self._patience = patience
        self._give_up_frame = give_up_frame

    async def prepare(self, generation: Generation) -> Generation:
        """Fetch and check the images: `preparing` → `queued` or `failed`.

        Raises:
            StepPostponedError: they cannot be fetched now, or something else is to be made of them.
        """
        try:
            await self._ensure(generation)
        except ImageError as error:
            log.info("an image is unusable", kind=error.kind.value, reason=str(error))
            return await self._queue.fail(generation, error.kind, None)
        except MediaError:
            return await self._queue.fail(generation, kind_of_missing(generation), None)
        return await self._queue.move(generation, Status.QUEUED)

    async def _ensure(self, generation: Generation) -> None:
        """Have the images on disk.

        Raises:
            ImageError: one can't be used.
            StepPostponedError: one can't be had now, or the shot waits for another beginning.
            MediaError: one couldn't be had for too long.
        """
        urls, model = generation.picture_urls or (), get_model(generation.model)
        try:
            await self._store.ensure(generation.id, urls, model.sides(len(urls)) if model else ())
        except FrameMissingError as error:
            raise await self._without_frame(generation, error) from error
        except MediaError as error:
            log.warning("no image", reason=str(error))
            if self._patience.lasts(generation.id, waits_since(generation), self._timing.fetch_window):
                raise StepPostponedError(str(error), self._timing.fetch_wait) from error
            if not isinstance(error, SlowFrameError):  # of other troubles, nothing is said for good
                raise
            raise await self._without_frame(generation, error) from error

    async def _without_frame(
        self, generation: Generation, error: MediaError
    ) -> StepPostponedError | ImageError:
        self._store.discard(generation.id)  # another beginning may have the name of what lies there
        return await without_frame(self._queue, generation, error, self._give_up_frame)
