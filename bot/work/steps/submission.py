"""From `queued` to `running`: the one create call, and finding out what became of it.

A second create call is never made for a request whose fate is unknown: a row found in `submitting` is
looked up in the provider's log by our own id instead (`X-Client-Request-Id`, see the provider's API
reference, `/v2/logs`).
"""

from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.database import Database
from bot.failures import FailureKind
from bot.media.files import MediaError
from bot.media.picture_store import PictureStore
from bot.media.pictures import PictureError
from bot.models import Generation, Status
from bot.veo.catalogue import InvalidOptionError, build_request
from bot.veo.client import VeoClient
from bot.veo.errors import InvalidRequestError, UnavailableError, VeoError
from bot.work.queue import GenerationQueue
from bot.work.steps.errors import RefusedError, StepPostponedError
from bot.work.steps.gate import NOT_ACCEPTED, Gate
from bot.work.steps.timing import Patience, Timing
from bot.work.task_ids import TaskTakenError

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Submission:
    """Brings generations to the provider."""

    def __init__(
        self,
        queue: GenerationQueue,
        veo: VeoClient,
        pictures: PictureStore,
        timing: Timing,
        clock: Clock,
        database: Database | None = None,
    ) -> None:
        """`database`: where it is written down what the provider refuses, for other processes."""
        self._queue = queue
        self._veo = veo
        self._pictures = pictures
        self._timing = timing
        self._clock = clock
        self._patience = Patience(clock)
        self._began = clock()
        self._gate = Gate(veo, database, timing, clock)

    async def submit(self, generation: Generation) -> Generation:
        """Make the create call: `queued` → `running`, `submitting` (fate unknown) or `failed`.

        Raises:
            StepPostponedError: the provider did not take it, but will later.
        """
        try:
            await self._gate.ensure_open(generation)
            return await self._submit(generation)
        except RefusedError as refused:
            return await self._queue.fail(generation, refused.kind, refused.words)
        except StepPostponedError as postponed:
            left = self._time_left(generation)
            if left > timedelta():
                postponed.wait = min(postponed.wait, left)
                raise
            log.error("the provider did not take a request in time", reason=str(postponed))
            is_ours = isinstance(postponed.__cause__, MediaError)
            kind = FailureKind.PICTURE_GONE if is_ours else FailureKind.UNTAKEN
            return await self._queue.fail(generation, kind, postponed.words)
        finally:
            await self._gate.settle(generation)

    async def _submit(self, generation: Generation) -> Generation:
        try:
            request = build_request(generation.model, generation.prompt, generation.options)
            request = request.with_images(await self._load_pictures(generation))
        except InvalidOptionError as error:
            log.info("not in the catalogue any more", reason=str(error))
            return await self._queue.fail(generation, FailureKind.MODEL_GONE, None)
        except PictureError as error:
            return await self._queue.fail(generation, error.kind, None)
        generation = await self._queue.move(generation, Status.SUBMITTING, submitted_at=self._clock())
        try:
            task = await self._veo.create(request, generation.id)
        except InvalidRequestError as error:
            log.error("the provider refused what the catalogue allows", reason=str(error))
            return await self._queue.fail(generation, FailureKind.REFUSED, error.words)
        except NOT_ACCEPTED as error:
            generation = await self._queue.move(generation, Status.QUEUED, submitted_at=None)
            await self._gate.refused(generation, error)
        except UnavailableError as error:
            log.warning("the fate of the request is not known", reason=str(error))
            return generation
        self._gate.accepted(generation)
        return await self._begin(generation, task.id) or generation

    async def look_up(self, generation: Generation) -> Generation:
        """Find a create call whose answer was not recorded: `submitting` → `running` or `failed`.

        Raises:
            StepPostponedError: the provider's log does not say yet.
        """
        sent_at = generation.submitted_at or generation.created_at
        try:
            entry = await self._veo.find(generation.id, sent_at)
        except VeoError as error:
            is_over = not self._patience.lasts(sent_at, self._timing.deadline)
            return await self._keep_looking(generation, sent_at, str(error), is_over=is_over)
        if entry is None:
            is_over = self._clock() >= sent_at + self._timing.lookup_window
            return await self._keep_looking(generation, sent_at, "not in the provider's log", is_over=is_over)
        if entry.is_refused:
            return await self._queue.fail(generation, FailureKind.REFUSED, None)
        log.info("found in the provider's log", task=entry.inference_id)
        if (begun := await self._begin(generation, entry.inference_id)) is not None:
            return begun
        is_over = self._clock() >= sent_at + self._timing.lookup_window
        return await self._keep_looking(generation, sent_at, "not in the provider's log", is_over=is_over)

    async def _begin(self, generation: Generation, task_id: str | None) -> Generation | None:
        """Write down the provider's id; None: it is another's, so that the call's fate is open."""
        try:
            return await self._queue.move(generation, Status.RUNNING, provider_id=task_id)
        except TaskTakenError:
            log.error("the provider gave the id of another request", task=task_id)
            return None

    async def _load_pictures(self, generation: Generation) -> tuple[str, ...]:
        """Return the pictures, which were fetched long ago unless the disk has lost them.

        Raises:
            PictureError: one is gone for good.
            StepPostponedError: one cannot be fetched now.
        """
        try:
            return await self._pictures.load(generation.id, generation.picture_urls or ())
        except MediaError as error:
            raise StepPostponedError(str(error), self._timing.fetch_wait) from error

    async def _keep_looking(
        self, generation: Generation, sent_at: datetime, reason: str, *, is_over: bool
    ) -> Generation:
        """Look again later, each time after a longer wait, until that is over."""
        if not is_over:
            wait = (self._clock() - sent_at) / 2
            wait = min(max(self._timing.lookup_wait, wait), self._timing.lookup_longest_wait)
            raise StepPostponedError(reason, wait)
        log.error("a request is lost: whether it was charged cannot be seen", reason=reason)
        return await self._queue.fail(generation, FailureKind.LOST, None)

    def _time_left(self, generation: Generation) -> timedelta:
        """Return how long a queued request may still wait; time without a running program does not count."""
        began, now = generation.created_at, self._clock()
        if began > now + self._timing.queue_window:  # it was written with a wrong clock
            began = self._began
        return max(began, self._began) + self._timing.queue_window - now
