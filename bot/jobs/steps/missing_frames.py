"""Requests whose frame can't be had: `bot.films.chain` finds a shot another beginning, others end."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from bot.db.models import Generation
from bot.failures import FailureKind
from bot.jobs.queue import GenerationQueue
from bot.jobs.steps.errors import StepPostponedError
from bot.media.downloads import MediaError
from bot.media.frame_links import framed_video, whole_video
from bot.media.images import ImageError

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


# Notes that no shot of a film is begun with a video's last frame, by the film's ID and the video's.
GiveUpFrame = Callable[[str, str], Awaitable[None]]


def kind_of_missing(generation: Generation) -> FailureKind:
    """Return how a request fails whose images, or the video that it goes on from, can't be had."""
    links = generation.picture_urls or ()
    is_video = any(framed_video(link) or whole_video(link) for link in links)
    return FailureKind.VIDEO_GONE if is_video else FailureKind.IMAGE_GONE


async def without_frame(
    queue: GenerationQueue, generation: Generation, error: MediaError, give_up_frame: GiveUpFrame
) -> StepPostponedError | ImageError:
    """Let a shot wait for another beginning, and return what is to be raised.

    Only a shot of the film itself says what the film's other ones aren't begun with.

    Raises:
        LeaseLostError: the row is not as `generation` shows it.
    """
    log.warning("could not get a frame", reason=str(error))
    film_id, source_id = generation.film_id, generation.continues_id
    if film_id is None or source_id is None:
        return ImageError(kind_of_missing(generation), str(error))
    await give_up_frame(film_id, source_id)
    await queue.update(generation, awaits_id=source_id)
    return StepPostponedError(str(error), timedelta())
