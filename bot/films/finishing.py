"""A film's last steps: its shots are joined and posted once, then the card, and `delivered_at` comes last."""

import asyncio
from datetime import timedelta

import structlog

from bot.clock import Clock
from bot.db.film_models import FilmRow
from bot.films.ports import FilmPort
from bot.films.queue import FilmQueue
from bot.films.rows import Film
from bot.jobs.ports import DeliveryPostponedError, Posted, UndeliverableError
from bot.jobs.steps.errors import StepPostponedError
from bot.jobs.steps.timing import Patience, Timing
from bot.jobs.steps.upload import Upload
from bot.media.files import NO_ROOM, Clip, MediaError, VideoStore, probe
from bot.media.joining import Joiner

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Finishing:
    """Carries a film whose shots have all ended to its end."""

    def __init__(
        self,
        queue: FilmQueue,
        videos: VideoStore,
        joiner: Joiner,
        delivery: FilmPort,
        upload: Upload[FilmRow],
        timing: Timing,
        clock: Clock,
        patience: Patience,
    ) -> None:
        self._queue = queue
        self._videos = videos
        self._joiner = joiner
        self._delivery = delivery
        self._upload = upload
        self._timing = timing
        self._clock = clock
        self._patience = patience
        self._joined: dict[str, tuple[str, ...]] = {}  # of which shots a film was joined, by its ID

    async def finish(self, film: Film) -> None:
        """Join and post the film, unless that is done or there is nothing to join.

        Raises:
            StepPostponedError: a file or Discord can't be had now.
            LeaseLostError: another process carries it.
        """
        row = film.row
        if row.result_id is None and film.present:
            row = await self._post_in_time(film)
        await self.close(film, row)

    async def close(self, film: Film, row: FilmRow) -> None:
        """Bring the card to its final form, delete the files, and note that nothing is left to do.

        Raises:
            StepPostponedError: the card can't be edited now.
            LeaseLostError: another process carries it.
        """
        try:
            if row.removed_at is not None:  # while it was being posted
                await self._delivery.take_down(row)
            await self._delivery.show_film(row)
        except DeliveryPostponedError as error:
            if self._is_in_time(film, self._timing.card_window):
                raise self._postponed(error) from error
            log.warning("a film's card stays as it is", film=row.id, reason=str(error))
        await asyncio.to_thread(self._clean_up, film)
        await self._queue.note(row, delivered_at=self._clock(), lease_owner=None, lease_until=None)

    async def _post_in_time(self, film: Film) -> FilmRow:
        try:
            posted = await self._post_once(film)
        except DeliveryPostponedError as error:
            if self._is_in_time(film, self._timing.delivery_window):
                raise self._postponed(error) from error
            log.error("gave up posting a film", film=film.row.id, reason=str(error))
            return film.row
        except UndeliverableError as error:
            if self._is_in_time(film, self._timing.undeliverable_window):
                raise StepPostponedError(str(error), self._timing.undeliverable_wait) from error
            log.error("no place left to post a film", film=film.row.id, reason=str(error))
            return film.row
        log.info("film posted", film=film.row.id, message=posted.message_id)
        values = {"result_id": posted.message_id, "result_channel_id": posted.channel_id}
        return await self._queue.note(film.row, **values)

    async def _post_once(self, film: Film) -> Posted:
        """Post, unless an earlier try that didn't come to its end has posted already."""
        found = await self._delivery.find_result(film.row) if film.row.posting_at else None
        if found is not None:
            log.info("a film was posted by an earlier try", film=film.row.id, message=found.message_id)
            return found
        film, clip = await self._join(film)
        return await self._upload.post(film.row, clip, self._begin_posting)

    async def _begin_posting(self, row: FilmRow) -> FilmRow:
        current = await self._queue.get(row.id)
        if self._joined.get(row.id) != _names(current):
            raise StepPostponedError("a shot was taken down since they were joined", timedelta())
        return await self._queue.note(row, posting_at=self._clock())

    async def _join(self, film: Film) -> tuple[Film, Clip]:
        """Return the joined file, and the film with what is missing in it."""
        film, clips = await self._fetch(film)
        path, names = self._videos.path(film.row.id), _names(film)
        try:
            if self._joined.get(film.row.id) != names or not await asyncio.to_thread(path.exists):
                await self._joiner.join(clips, path)
                self._joined[film.row.id] = names
            return film, await probe(path)
        except (OSError, RuntimeError) as error:
            log.error("shots can't be joined: ffmpeg or the disk can't be used", error=str(error))
            raise MediaError(NO_ROOM) from error

    async def _fetch(self, film: Film) -> tuple[Film, list[Clip]]:
        """Return the shots' files, and the film without those that can't be had any more.

        Raises:
            StepPostponedError: one can't be had now.
        """
        clips, lost = list[Clip](), list(film.row.lost_shots or ())
        for shot in film.present:
            try:
                clips.append(await self._videos.fetch(shot.id, shot.video_url or ""))
            except MediaError as error:
                log.warning("a shot's file is not there", generation=shot.id, reason=str(error))
                if self._is_in_time(film, self._timing.fetch_window):
                    raise StepPostponedError(str(error), self._timing.fetch_wait) from error
                lost.append(shot.shot or 0)
        if len(lost) == len(film.row.lost_shots or ()):
            return film, clips
        row = await self._queue.note(film.row, lost_shots=lost)
        return Film(row, film.shots), clips

    def _clean_up(self, film: Film) -> None:
        self._joined.pop(film.row.id, None)
        self._videos.discard(film.row.id)
        for shot in film.shots:
            self._videos.close(shot.id)

    def _postponed(self, error: DeliveryPostponedError) -> StepPostponedError:
        wait = self._timing.delivery_wait
        if error.retry_after is not None:
            wait = timedelta(seconds=error.retry_after)
        return StepPostponedError(str(error), wait)

    def _is_in_time(self, film: Film, window: timedelta) -> bool:
        ends = [shot.delivered_at for shot in film.shots if shot.delivered_at is not None]
        return self._patience.lasts(film.row.id, max(ends, default=film.row.created_at), window)


def _names(film: Film) -> tuple[str, ...]:
    """Return the IDs of the shots that can be joined."""
    return tuple(shot.id for shot in film.present)
