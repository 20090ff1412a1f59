"""After an end that stays open: the provider is asked all the same, and a video that comes is delivered."""

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from bot.clock import monotonic
from bot.db.database import Database
from bot.db.models import AT_PROVIDER, Generation
from bot.errors import DatabaseBusyError
from bot.eta.duration_estimator import DurationEstimator
from bot.failures import FailureKind
from bot.jobs.endings import TaskTakenError, cost_values, unwatched
from bot.jobs.queue import InTransaction
from bot.jobs.steps.base import Step, StepPostponedError, Tools
from bot.jobs.steps.lost_call import CallRefused, Found, find_call, find_charge
from bot.jobs.steps.signs import Sign, sign_of
from bot.jobs.steps.timing import Stopwatch
from bot.media.files import MediaError, VideoStore
from bot.provider.errors import VeoError
from bot.provider.models import Task, TaskState

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

# What was posted was the end without a video; the video is a new result, with a message of its own.
POST = ("delivered_at", "result_id", "result_channel_id", "posting_at")
OpenCard = Callable[[Session, str, datetime], None]

UNTOLD = dict.fromkeys(("late_until", "failure_kind", "failure_reason", *POST))


class LateWatch(Step):
    """Asks about generations whose member was told that there is no video, until `late_until`.

    Args:
        open_card: takes a film's ID and the time, and lets its card, which says that the video may still
            come, be brought up to date. It's called in the transaction that ends the wait.
        monotonic: seconds that only grow, by which the time passes from the first question on.
    """

    def __init__(
        self,
        tools: Tools,
        database: Database,
        videos: VideoStore,
        estimator: DurationEstimator,
        open_card: OpenCard,
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(tools)
        self._database = database
        self._videos = videos
        self._estimator = estimator
        self._open_card = open_card
        self._monotonic = monotonic
        self._watches: dict[str, Stopwatch] = {}  # a clock that is set ahead must not end the search
        self._failed = set[str]()  # of which the last answer says why they failed: it must say so twice

    def until(self, generation: Generation) -> datetime | None:
        """Return until when to ask about a generation that ends now; None: the provider never had it."""
        return self._clock() + self._timing.late_window if generation.status in AT_PROVIDER else None

    async def look(self, generation: Generation) -> Generation:
        """Ask once more: `failed` → `succeeded`, or it is not asked for any more.

        Raises:
            StepPostponedError: neither yet.
        """
        if generation.id not in self._watches:
            self._watches[generation.id] = Stopwatch(self._clock(), self._clock, self._monotonic)
        if generation.provider_id is None:
            generation = await self._find(generation)
        if generation.late_until is None:
            return generation
        try:
            task = await self._retrieve(generation)
        except VeoError as error:
            return await self._keep_looking(generation, str(error))
        is_made = generation.failure_kind is FailureKind.FILE_LOST
        if task.state is TaskState.COMPLETED:
            return await (self._fetch(generation, task) if is_made else self._succeed(generation, task))
        if sign_of(task) is Sign.STATED and not is_made:
            if generation.id in self._failed:
                return await self.close(generation, has_failed=True)
            self._failed.add(generation.id)
            return await self._keep_looking(generation, "still no video")
        self._failed.discard(generation.id)
        return await self._keep_looking(generation, "still no video")

    async def _fetch(self, generation: Generation, task: Task) -> Generation:
        """Go on once the file is here; when it was made is known already.

        Raises:
            StepPostponedError: it is not.
        """
        try:
            await self._videos.fetch(generation.id, task.video_url or "")
        except MediaError as error:
            return await self._keep_looking(generation, str(error))
        log.warning("a file arrived after it was reported lost")
        self._watches.pop(generation.id, None)
        asked_in_vain_at = generation.not_ready_at
        return await self._queue.succeed(generation, task, not_ready_at=asked_in_vain_at, **UNTOLD)

    async def _find(self, generation: Generation) -> Generation:
        """Look for a create call whose answer was lost; return the row with the provider's id, or closed.

        Raises:
            StepPostponedError: the provider does not show it yet.
        """
        try:
            found = await find_call(self._veo, generation)
            match found or await find_charge(self._veo, self._database, generation):
                case CallRefused():
                    return await self.close(generation, has_failed=True)
                case Found(task_id, cost):
                    return await self._queue.update(generation, provider_id=task_id, **cost_values(cost))
                case None:
                    return await self._keep_looking(generation, "not in the provider's log")
        except (VeoError, TaskTakenError, DatabaseBusyError) as error:
            return await self._keep_looking(generation, str(error))

    async def _succeed(self, generation: Generation, task: Task) -> Generation:
        log.warning("a video arrived after it was reported as failed")
        self._watches.pop(generation.id, None)
        asked_in_vain_at = generation.finished_at
        generation = await self._queue.succeed(generation, task, not_ready_at=asked_in_vain_at, **UNTOLD)
        self._estimator.learn(generation)
        return generation

    async def _keep_looking(self, generation: Generation, reason: str) -> Generation:
        if generation.late_until is not None and self._watches[generation.id].now() < generation.late_until:
            raise StepPostponedError(reason, self._timing.late_wait)
        log.info("stopped waiting for a late video")
        return await self.close(generation)

    async def close(
        self, generation: Generation, *, has_failed: bool = False, **values: object
    ) -> Generation:
        """Ask no more, and write `values` with that.

        `has_failed`: the provider says that there is no video, and charges for none.

        Raises:
            LeaseLostError: another process runs it now.
        """
        self._failed.discard(generation.id)
        self._watches.pop(generation.id, None)
        ended = unwatched(generation, has_failed=has_failed)
        return await self._queue.update(generation, self._to_film(generation), **ended, **values)

    def _to_film(self, generation: Generation) -> InTransaction | None:
        film_id = generation.film_id
        if film_id is None or generation.late_until is None:
            return None
        return lambda session: self._open_card(session, film_id, self._clock())
