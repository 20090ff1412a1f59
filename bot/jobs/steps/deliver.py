"""From `succeeded`, `failed` or `cancelled` to delivered: the file is fetched and the result is posted."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from bot.db.models import Generation, Status, needs_no_message
from bot.db.review_models import due_since, is_unapproved, is_withheld
from bot.failures import FailureKind
from bot.jobs.ports import (
    ApprovalPort,
    DeliveryPostponedError,
    Posted,
    UndeliverableError,
    UploadBrokenError,
)
from bot.jobs.steps.base import Step, StepPostponedError, Tools, postponed
from bot.jobs.steps.upload import Upload
from bot.media.file_age import later_if_not_now
from bot.media.files import Clip, MediaError, VideoStore
from bot.media.image_store import ImageStore
from bot.metrics.metrics import DELIVERY_ERRORS, GIVEN_UP, POSTPONED, UNDELIVERABLE
from bot.provider.errors import VeoError

Post = Callable[[Generation], Awaitable[Posted]]
OpenFilm = Callable[[str], Awaitable[None]]  # lets a film that is over be joined once more, by its ID


class _RemovedError(Exception):
    """It was taken down before it was posted, so that it never is."""

    def __init__(self, generation: Generation) -> None:
        super().__init__(generation.id)
        self.generation = generation


log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Deliver(Step):
    """Hands results to the member: posted once, then the card, and `delivered_at` is written last.

    Args:
        open_film: called before a film's shot is posted, which may come after the film's end.
    """

    def __init__(
        self,
        tools: Tools,
        videos: VideoStore,
        images: ImageStore,
        upload: Upload[Generation],
        approval: ApprovalPort,
        open_film: OpenFilm,
    ) -> None:
        super().__init__(tools)
        self._videos = videos
        self._images = images
        self._upload = upload
        self._approval = approval
        self._open_film = open_film

    async def deliver_video(self, generation: Generation) -> Generation:
        """Fetch the file and post it; a file that cannot be had for long is told, and asked for all the same.

        Raises:
            StepPostponedError: the file or Discord cannot be had now, or moderators have to see it first.
        """
        if is_withheld(generation):
            return await self._deliver(generation, self._post_ending)
        if generation.film_id is not None:
            await self._open_film(generation.film_id)
        try:
            if is_unapproved(generation):
                wait = await self._approval.ask(generation, self._fetch)
                raise StepPostponedError("moderators have to see it first", wait)
            return await self._deliver(generation, self._fetch_and_post)
        except MediaError as error:
            log.warning("no file", reason=str(error))
            if self._is_in_time(generation, self._timing.fetch_window):
                raise StepPostponedError(str(error), self._timing.fetch_wait) from error
            late_until = self._clock() + self._timing.late_window
            return await self._queue.fail(
                generation, FailureKind.FILE_LOST, str(error), late_until=late_until
            )

    async def deliver_ending(self, generation: Generation) -> Generation:
        """Post why there is no video, unless the card is enough or nobody is there to see it.

        Raises:
            StepPostponedError: Discord cannot be had now.
        """
        if generation.status is Status.CANCELLED and needs_no_message(generation):
            return await self._close(generation)
        return await self._deliver(generation, self._post_ending)

    def clean_up(self, generation: Generation) -> None:
        """Delete the files of a generation that is over; a shot's video is joined with others before.

        Its original is of use only where the video was posted, in a smaller form. What can't be deleted now
        is left to `bot.media.orphaned_files`.
        """
        is_gone = generation.removed_at is not None
        if generation.film_id is None or is_gone:
            is_posted = generation.status is Status.SUCCEEDED and not is_gone
            tidy_up = self._videos.close if is_posted else self._videos.discard
            with later_if_not_now():
                tidy_up(generation.id)
        with later_if_not_now():
            self._images.discard(generation.id)

    async def _fetch_and_post(self, generation: Generation) -> Posted:
        generation, clip = await self._fetch(generation)
        return await self._upload.post(generation, clip, self._begin_posting)

    async def _fetch(self, generation: Generation) -> tuple[Generation, Clip]:
        try:
            return generation, await self._videos.fetch(generation.id, generation.video_url or "")
        except MediaError as error:
            generation = await self._renew_address(generation, error)
            return generation, await self._videos.fetch(generation.id, generation.video_url or "")

    async def _renew_address(self, generation: Generation, trouble: MediaError) -> Generation:
        """Ask the provider for another address of the file: the first one may be dead, or die soon.

        Raises:
            MediaError: `trouble`, with the first address; there is no other one now.
        """
        try:
            task = await self._retrieve(generation)
        except VeoError as error:
            log.warning("could not get a new address for the file", error=str(error))
            raise trouble from error
        if task.video_url is None or task.video_url == generation.video_url:
            raise trouble
        log.warning("the file's address has changed")
        return await self._queue.update(generation, video_url=task.video_url)

    async def _post_ending(self, generation: Generation) -> Posted:
        return await self._delivery.post_ending(await self._begin_posting(generation))

    async def _begin_posting(self, generation: Generation) -> Generation:
        return _still_there(await self._queue.update(generation, posting_at=self._clock()))

    async def _deliver(self, generation: Generation, post: Post) -> Generation:
        """Post, then the card, then write that it is done; each is passed over where it is done already."""
        with suppress(DeliveryPostponedError):  # the message goes without it, and `_close` looks once more
            generation = await self._with_card(generation)
        try:
            posted = await self._post_in_time(generation, post) if generation.result_id is None else None
        except _RemovedError as error:
            log.info("not posted because it was removed")
            return await self._close(await self._queue.update(error.generation, video_url=None))
        if posted is not None:
            generation = await self._queue.update(
                generation, result_id=posted.message_id, result_channel_id=posted.channel_id
            )
        is_removed = generation.status is Status.SUCCEEDED and generation.removed_at is not None
        if is_removed and not is_withheld(generation):
            await self._take_down(generation)
        return await self._close(generation, is_given_up=generation.result_id is None)

    async def _take_down(self, generation: Generation) -> None:
        """Delete what was posted while it was taken down."""
        try:
            await self._delivery.take_down(generation)
        except DeliveryPostponedError as error:
            if self._is_in_time(generation, self._timing.delivery_window):
                raise postponed(error, self._timing) from error
            log.error("could not delete a removed video's message", reason=str(error))

    async def _post_in_time(self, generation: Generation, post: Post) -> Posted | None:
        try:
            return await self._post_once(generation, post)
        except DeliveryPostponedError as error:
            log.warning("not posted yet", reason=str(error))
            DELIVERY_ERRORS.labels(POSTPONED).inc()
            if self._is_in_time(generation, self._timing.delivery_window):
                await self._show_made(generation, error)
                raise postponed(error, self._timing) from error
            log.error("gave up posting a result", reason=str(error))
        except UndeliverableError as error:
            log.error("nowhere left to post a result", reason=str(error))
            DELIVERY_ERRORS.labels(UNDELIVERABLE).inc()
            if self._is_in_time(generation, self._timing.undeliverable_window):
                raise StepPostponedError(str(error), self._timing.undeliverable_wait) from error
        return None

    async def _show_made(self, generation: Generation, error: DeliveryPostponedError) -> None:
        """Let the card say that the video is made while its file does not get through."""
        if isinstance(error, UploadBrokenError):
            with suppress(DeliveryPostponedError):
                await self._delivery.show_state(generation)

    async def _post_once(self, generation: Generation, post: Post) -> Posted:
        """Post, unless an earlier try that did not come to its end has posted already."""
        found = await self._delivery.find_result(generation) if generation.posting_at else None
        if found is not None:
            log.info("an earlier attempt had posted the result", message=found.message_id)
            return found
        return await post(_still_there(generation))

    async def _close(self, generation: Generation, *, is_given_up: bool = False) -> Generation:
        """Bring the card to its final form, and note that nothing is left to do.

        `is_given_up`: nothing was posted, so that the card alone tells the member.
        """
        try:
            generation = await self._with_card(generation)
            shown = _as_delivered(generation, self._clock()) if is_given_up else generation
            await self._delivery.show_state(shown)
        except DeliveryPostponedError as error:
            if self._is_card_worth(generation, is_given_up=is_given_up):
                raise postponed(error, self._timing) from error
            log.warning("could not update the finished card", reason=str(error))
        await asyncio.to_thread(self.clean_up, generation)
        delivered = await self._queue.update(generation, delivered_at=self._clock())
        if is_given_up:
            DELIVERY_ERRORS.labels(GIVEN_UP).inc()
        if delivered.removed_at != generation.removed_at:
            # Taken down while the card waited for its edit, which showed the video as it was before.
            with suppress(DeliveryPostponedError):
                await self._delivery.show_state(delivered)
        return delivered

    def _is_card_worth(self, generation: Generation, *, is_given_up: bool) -> bool:
        """Whether to try again later to edit the card."""
        ended, window = due_since(generation), self._timing.card_window
        if is_given_up:  # each try writes `posting_at` again, so it tells nothing here
            return self._patience.lasts(generation.id, ended, self._timing.delivery_window + window)
        # A result may have waited for long itself, for a place or for Discord.
        return self._patience.lasts(generation.id, generation.posting_at or ended, window)

    async def _with_card(self, generation: Generation) -> Generation:
        """Return the row with its card, if it has one: it may have ended before the answer was recorded.

        The message is posted on the card, so it's looked for before as well as after.

        Raises:
            DeliveryPostponedError: Discord cannot say now whether there is one.
        """
        if generation.card_id is not None:
            return generation
        card_id = await self._delivery.find_card(generation)
        return generation if card_id is None else await self._queue.update(generation, card_id=card_id)

    def _is_in_time(self, generation: Generation, window: timedelta) -> bool:
        return self._patience.lasts(generation.id, due_since(generation), window)


def _as_delivered(generation: Generation, now: datetime) -> Generation:
    """Return a copy for the card, which says only then that nothing could be posted."""
    values = {column.key: getattr(generation, column.key) for column in Generation.__mapper__.column_attrs}
    return Generation(**{**values, "delivered_at": now})


def _still_there(generation: Generation) -> Generation:
    """Return what is to be posted, unless it was taken down meanwhile; of what is withheld, the end is."""
    if generation.removed_at is not None and not is_withheld(generation):
        raise _RemovedError(generation)
    return generation
