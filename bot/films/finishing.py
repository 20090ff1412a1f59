"""A film's last steps: its shots are joined and posted once, then the card, and `delivered_at` comes last."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import structlog

from bot.clock import Clock
from bot.db.film_models import FilmRow, Transition
from bot.films.earlier_posts import EarlierPosts, Waits, may_still_arrive, post_values
from bot.films.queue import FilmQueue
from bot.films.rows import Film
from bot.films.shot_files import ShotFiles
from bot.films.troubles import CARD, KILLED, add, is_given_up, next_transition, unfade, without_older
from bot.jobs.ports import ARRIVAL, DeliveryPostponedError, FilmPort, Posted, UndeliverableError
from bot.jobs.queue import LeaseLostError
from bot.jobs.steps.base import StepPostponedError
from bot.jobs.steps.timing import Patience, Timing
from bot.jobs.steps.upload import Upload
from bot.media.downloads import FileGoneError
from bot.media.file_age import later_if_not_now
from bot.media.files import NO_ROOM, Clip, MediaError, VideoStore, probe
from bot.media.joining import Joiner, JoiningRefusedError, JoiningStoppedError, JoiningTimeoutError
from bot.signals import StoppingError

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Finishing:
    """Carries a film whose shots have all ended to its end."""

    def __init__(
        self,
        queue: FilmQueue,
        files: ShotFiles,
        videos: VideoStore,
        joiner: Joiner,
        delivery: FilmPort,
        upload: Upload[FilmRow],
        timing: Timing,
        clock: Clock,
        patience: Patience,
    ) -> None:
        self._queue = queue
        self._files = files
        self._videos = videos
        self._joiner = joiner
        self._delivery = delivery
        self._upload = upload
        self._timing = timing
        self._clock = clock
        self._waits = Waits(queue, timing, clock, patience)
        self._earlier = EarlierPosts(queue, delivery, self._waits, timing, clock)
        self._joined: dict[str, tuple[str, ...]] = {}  # of which shots a film was joined, by its ID

    async def finish(self, film: Film) -> None:
        """Join and post the film, unless that is done, given up, or there is nothing to join.

        One that was given up may have been posted by an earlier try, which is looked for.

        Raises:
            StepPostponedError: a file or Discord can't be had now.
            LeaseLostError: another process runs it.
        """
        film = await self._earlier.find_unnoticed(film)
        row = film.row
        if film.is_to_be_posted and (row.posting_at is not None or not is_given_up(row)):
            film = Film(await self._earlier.deal_with(film.row), film.takes)
            row = await self._post_in_time(film)
        await self._close(film, row)

    async def _close(self, film: Film, row: FilmRow) -> None:
        """Bring the card to its final form, delete the files, and note that nothing is left to do.

        Raises:
            StepPostponedError: the card can't be edited, or a film that was removed can't be deleted now.
            LeaseLostError: another process runs it.
        """
        row = await self._take_down(row)
        try:
            await self._earlier.show_replaced(row)
            await self._delivery.show_film(row)
        except DeliveryPostponedError as error:
            row = await self._wait_for_card(row, error)
        else:
            row = await self._queue.update(row, replaced_post=None)
        await asyncio.to_thread(self._clean_up, film)
        await self._end(row)

    async def close_anyway(self, film: Film) -> None:
        """Close a film whose end keeps failing: of what is left to do, as much is done as can be.

        Raises:
            StepPostponedError, LeaseLostError: as `_close`.
        """
        for step in (self._take_down, self._earlier.show_replaced, self._delivery.show_film):
            await self._try(step(film.row), film.row)
        await self._try(asyncio.to_thread(self._clean_up, film), film.row)
        await self._end(film.row)

    async def _try(self, step: Awaitable[object], row: FilmRow) -> None:
        """Do one of the last steps as far as it can be done."""
        try:
            await step
        except DeliveryPostponedError as error:
            await self._wait_for_card(row, error)
        except (StepPostponedError, LeaseLostError, StoppingError):
            raise
        except Exception:  # it failed at each try before this one
            log.exception("left out a last step of a film", film=row.id)

    async def _wait_for_card(self, row: FilmRow, error: DeliveryPostponedError) -> FilmRow:
        row = await self._waits.wait_for_discord(CARD, row, self._timing.card_window, error)
        log.warning("could not update a film's card", film=row.id, reason=str(error))
        return row

    async def _end(self, row: FilmRow) -> None:
        """Note that nothing is left to do; `posting_at` stays where nobody knows whether the film was posted.

        Raises:
            LeaseLostError: another process runs it.
        """
        await self._queue.end(row)

    async def _take_down(self, row: FilmRow) -> FilmRow:
        """Delete what was posted of a film that was removed meanwhile."""
        if row.removed_at is None:
            return row
        try:
            await self._delivery.take_down(row)
        except DeliveryPostponedError as error:
            row = await self._waits.wait_for_discord("removal", row, self._timing.delivery_window, error)
            log.error("could not delete a removed film's message", film=row.id, reason=str(error))
        return row

    async def _post_in_time(self, film: Film) -> FilmRow:
        try:
            row, posted = await self._post_once(film)
        except DeliveryPostponedError as error:
            row = await self._waits.wait_for_discord("post", film.row, self._timing.delivery_window, error)
            log.error("gave up posting a film", film=row.id, reason=str(error))
            return row
        except UndeliverableError as error:
            wait = StepPostponedError(str(error), self._timing.undeliverable_wait)
            row = await self._waits.wait("place", film.row, self._timing.undeliverable_window, wait)
            log.error("nowhere left to post a film", film=row.id, reason=str(error))
            return row
        if posted is None:
            return row
        log.info("film posted", film=row.id, message=posted.message_id)
        values = post_values(row, posted, [*Film(row, film.takes).names])
        return await self._queue.update_troubles(row, without_older, **values)

    async def _post_once(self, film: Film) -> tuple[FilmRow, Posted | None]:
        """Post, unless an earlier try has posted already; None: there is nothing to post."""
        row = film.row
        if row.posting_at is not None:
            found = await self._delivery.find_result(row)
            if found is not None:
                log.info("an earlier attempt had posted the film", film=row.id, message=found.message_id)
                return row, found
            if self._clock() - row.posting_at >= ARRIVAL:
                row = await self._queue.update(row, posting_at=None)
        film, clip = Film(row, film.takes), None
        if row.removed_at is None and not is_given_up(row):
            film, clip = await self._join(film)
        if clip is None:
            if film.row.posting_at is not None:  # also where it's just over: then it's looked for once more
                raise may_still_arrive(film.row.posting_at, self._clock())
            return film.row, None
        try:
            return film.row, await self._upload.post(film.row, clip, self._begin_posting)
        except UndeliverableError:
            # This try posted nothing, so a shot taken down only changes the film; one before may have.
            await self._queue.update(film.row, posting_at=film.row.posting_at)
            raise

    async def _begin_posting(self, row: FilmRow) -> FilmRow:
        begun = await self._queue.begin_posting(row, self._joined.get(row.id, ()))
        if begun is None:
            raise StepPostponedError("it or a shot was taken down since the shots were joined", timedelta())
        return begun

    async def _join(self, film: Film) -> tuple[Film, Clip | None]:
        """Return the joined file, and the film with what is missing in it; None: all is missing, or no news.

        Raises:
            StepPostponedError: a file can't be had or written now.
        """
        film, clips = await self._fetch(film)
        if not clips or not film.has_news:
            return film, None
        try:
            return await self._joined_file(film, clips)
        except (OSError, RuntimeError) as error:
            log.error("could not join shots: could not use ffmpeg or the disk", error=str(error))
            wait = StepPostponedError(NO_ROOM, self._timing.fetch_wait)
            row = await self._waits.wait("files", film.row, self._timing.delivery_window, wait)
            return Film(row, film.takes), None

    async def _joined_file(self, film: Film, clips: list[Clip]) -> tuple[Film, Clip]:
        path, names = self._videos.path(film.row.id), film.names
        if self._joined.get(film.row.id) == names and await asyncio.to_thread(path.exists):
            return film, await probe(path)
        # Smaller forms of an earlier film, as long as this one, would pass for this one's.
        await asyncio.to_thread(self._videos.discard, film.row.id)
        try:
            clip = await self._joiner.join(clips, path, next_transition(film.row))
        except (JoiningTimeoutError, JoiningRefusedError, JoiningStoppedError) as error:
            film = Film(await self._unfade(film.row, error), film.takes)
            clip = await self._joiner.join(clips, path)
        self._joined[film.row.id] = names
        return film, clip

    async def _unfade(self, row: FilmRow, error: MediaError) -> FilmRow:
        """Note that a film gets cuts; raise `error` where it has them, or fading is worth another try."""
        at = self._clock().isoformat()
        if next_transition(row) is Transition.CUT:
            raise error
        if isinstance(error, JoiningStoppedError) and KILLED not in (row.troubles or {}):
            await self._queue.update_troubles(row, add(KILLED, at))
            raise error
        log.warning("joined a film with cuts instead of crossfades", film=row.id, reason=str(error))
        return await self._queue.update_troubles(row, unfade(at))

    async def _fetch(self, film: Film) -> tuple[Film, list[Clip]]:
        """Return the shots' files, and the film without those that can't be had any more.

        No files are returned where one can't be had for very long, though it isn't gone.

        Raises:
            StepPostponedError: one can't be had now.
        """
        clips, lost = list[Clip](), list(film.row.lost_shots or ())
        row = film.row
        for shot in film.present:
            try:
                clips.append(await self._files.fetch(shot))
            except FileGoneError as error:
                wait = StepPostponedError(str(error), self._timing.fetch_wait)
                row = await self._waits.wait(f"shot {shot.shot}", row, self._timing.fetch_window, wait)
                lost.append(shot.shot or 0)
            except MediaError as error:
                wait = StepPostponedError(str(error), self._timing.fetch_wait)
                row = await self._waits.wait("files", row, self._timing.delivery_window, wait)
                log.error("gave up on a film: a shot's file is gone", film=row.id, reason=str(error))
                return Film(row, film.takes), []
        if len(lost) > len(row.lost_shots or ()):
            row = await self._queue.update(row, lost_shots=lost)
        return Film(row, film.takes), clips

    def _clean_up(self, film: Film) -> None:
        self._joined.pop(film.row.id, None)
        with later_if_not_now():
            self._videos.discard(film.row.id)
            for take in film.takes:
                self._videos.close(take.id)
