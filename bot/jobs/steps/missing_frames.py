"""The end of a shot whose frame can never be had: `bot.films.chain` finds it another beginning."""

from datetime import timedelta

import structlog

from bot.db.models import Generation
from bot.failures import FailureKind
from bot.jobs.queue import GenerationQueue
from bot.jobs.steps.errors import StepPostponedError
from bot.media.downloads import MediaError
from bot.media.frame_links import whole_video
from bot.media.images import ImageError

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def kind_of_missing(generation: Generation) -> FailureKind:
    """Return how a request fails whose images, or the video that it extends, can't be had for too long."""
    links = generation.picture_urls or ()
    return FailureKind.VIDEO_GONE if any(map(whole_video, links)) else FailureKind.IMAGE_GONE


async def without_frame(
    queue: GenerationQueue, generation: Generation, error: MediaError
) -> StepPostponedError | ImageError:
    """Let a shot wait for another beginning, and return what is to be raised.

    Raises:
        LeaseLostError: the row is not as `generation` shows it.
    """
    log.warning("could not get a frame", reason=str(error))
    if generation.film_id is None or generation.continues_id is None:
        return ImageError(FailureKind.IMAGE_GONE, str(error))
    await queue.update(generation, awaits_id=generation.continues_id)
    return StepPostponedError(str(error), timedelta())
