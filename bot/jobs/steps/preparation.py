"""The work before anything is spent: images are fetched, and the bot's server and the card are looked at.

Images are fetched before their links die, however long the queue is: from `preparing` to `queued`.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from bot.db.models import Generation, Status, waits_since
from bot.failures import FailureKind
from bot.jobs.ports import DeliveryPostponedError, UndeliverableError
from bot.jobs.steps.base import Step, StepPostponedError, Tools, postponed
from bot.media.files import MediaError
from bot.media.image_links import framed_video, whole_video
from bot.media.image_store import FrameMissingError, ImageStore
from bot.media.images import ImageError
from bot.media.last_frames import SlowFrameError
from bot.provider.catalogue import get_model

# Notes that no shot of a film is begun with a video's last frame, by the film's ID and the video's.
GiveUpFrame = Callable[[str, str], Awaitable[None]]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Preparation(Step):
    """Has the images ready that a request is made from.

    Args:
        give_up_frame: notes which last frames can't be had.
    """

    def __init__(self, tools: Tools, images: ImageStore, give_up_frame: GiveUpFrame) -> None:
        super().__init__(tools)
        self._images = images
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
            return await self._queue.fail(generation, _kind_of_missing(generation), None)
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
            await self._images.ensure(generation.id, urls, model.sides(len(urls)) if model else ())
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
        """Let a shot wait for another beginning (`bot.films.chain`), and return what is to be raised.

        Only a shot of the film itself says what the film's other ones aren't begun with; others end.

        Raises:
            LeaseLostError: the row is not as `generation` shows it.
        """
        self._images.discard(generation.id)  # another beginning may have the name of what lies there
        log.warning("could not get a frame", reason=str(error))
        film_id, source_id = generation.film_id, generation.continues_id
        if film_id is None or source_id is None:
            return ImageError(_kind_of_missing(generation), str(error))
        await self._give_up_frame(film_id, source_id)
        await self._queue.update(generation, awaits_id=source_id)
        return StepPostponedError(str(error), timedelta())


def _kind_of_missing(generation: Generation) -> FailureKind:
    """Return how a request fails whose images, or the video that it goes on from, can't be had."""
    links = generation.picture_urls or ()
    is_video = any(framed_video(link) or whole_video(link) for link in links)
    return FailureKind.VIDEO_GONE if is_video else FailureKind.IMAGE_GONE


class Readiness(Step):
    """Lets only those requests go on whose video somebody waits for and can be shown."""

    async def ensure(self, generation: Generation) -> Generation:
        """Return the row with its card, or ended: `cancelled` where the bot was removed, else `failed`.

        Raises:
            StepPostponedError: Discord cannot show the card now; nothing is sent meanwhile.
        """
        if await self._delivery.is_gone(generation):
            log.warning("cancelled because the bot was removed from the server", guild=generation.guild_id)
            cancelled = await self._queue.move(
                generation, Status.CANCELLED, cancelled_by=None, finished_at=self._clock()
            )
            log.info("cancelled", counts=False)
            return cancelled
        if generation.card_id is not None:
            return generation
        try:
            card_id = await self._show_card(generation)
        except UndeliverableError as error:
            log.warning("could not post a card", reason=str(error))
            return await self._queue.fail(generation, FailureKind.UNSHOWN, None)
        except DeliveryPostponedError as error:
            log.warning("could not post a card yet", reason=str(error))
            if not self._patience.lasts(generation.id, waits_since(generation), self._timing.card_window):
                return await self._queue.fail(generation, FailureKind.UNSHOWN, None)
            raise postponed(error, self._timing) from error
        return await self._queue.update(generation, card_id=card_id)

    async def _show_card(self, generation: Generation) -> int:
        """Return the id of the card: Discord's answer to the one that was sent may be lost."""
        found = await self._delivery.find_card(generation)
        return await self._delivery.post_card(generation) if found is None else found
