"""From `queued` to `running`: the one create call, and finding out what became of it.

A second create call is never made for a request whose fate is unknown: a row found in `submitting` is
looked up in the provider's log by our own id instead (`X-Client-Request-Id`, see the provider's API
reference, `/v2/logs`).
"""

import asyncio
from collections.abc import Awaitable
from datetime import datetime, timedelta

import structlog
from cachetools import FIFOCache

from bot.db.database import Database
from bot.db.models import Generation, Status, sent_at, waits_since
from bot.errors import DatabaseBusyError
from bot.failures import FailureKind
from bot.jobs.endings import TaskTakenError, cost_values, record_outcome
from bot.jobs.queue import LeaseLostError
from bot.jobs.steps.base import CreateRefusedError, Step, StepPostponedError, Tools
from bot.jobs.steps.gate import NOT_ACCEPTED, Gate
from bot.jobs.steps.lost_call import CallRefused, Found, call_name, find_call, find_charge, outcome_of
from bot.jobs.steps.timing import MAX_WATCHED
from bot.jobs.steps.unknown_calls import KnownCalls, UnknownCalls
from bot.media.files import MediaError
from bot.media.image_store import ImageStore
from bot.media.images import ImageError
from bot.provider.catalogue import InvalidOptionError, VideoRequest, build_request
from bot.provider.costs import Cost, CostSource
from bot.provider.errors import InvalidRequestError, UnavailableError, VeoError
from bot.provider.options import words_in

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

MAX_SUBMISSIONS = 3  # create calls after which one that the log shows as failed is not made again


class ImagesElsewhereError(StepPostponedError):
    """Another machine may have the images: that is waited for in its own time, and isn't the provider's."""


class Submission(Step):
    """Brings generations to the provider."""

    def __init__(self, tools: Tools, images: ImageStore, database: Database) -> None:
        """`database`: where it is written down what the provider refuses and which tasks are whose."""
        super().__init__(tools)
        self._images = images
        self._database = database
        self._unknown = UnknownCalls(tools.veo, database, tools.clock)
        self._gate = Gate(tools.veo, database, tools.timing, tools.clock)
        self._unwatched: set[asyncio.Task[Generation]] = set()
        # By request: when its images were neither here nor behind their links, for the first time.
        self._missed = FIFOCache[str, datetime](MAX_WATCHED)

    async def submit(self, generation: Generation) -> Generation:
        """Make the create call: `queued` → `running`, `submitting` (fate unknown) or `failed`.

        Without its images, which were fetched before, it's `preparing` again: there's one place that says
        how long they are waited for, and what comes then.

        Raises:
            StepPostponedError: the provider did not take it, but will later.
            SlotLostError: its slot is another's by now.
        """
        calls = await self._unknown.find(generation)
        last = generation.submission if calls is None else calls.last
        try:
            if calls is not None and (begun := await self._adopt(generation, calls)) is not None:
                return begun
            await self._gate.ensure_open(generation)
            return await self._submit(generation, last + 1)
        except CreateRefusedError as refused:
            return await self._queue.fail(generation, refused.kind, refused.words)
        except ImagesElsewhereError:
            raise
        except StepPostponedError as postponed:
            left = self._time_left(generation)
            if left > timedelta():
                postponed.wait = min(postponed.wait, left)
                raise
            log.error("the provider did not accept a request in time", reason=str(postponed))
            return await self._queue.fail(generation, FailureKind.UNTAKEN, postponed.words)
        finally:
            await self._gate.settle(generation)

    async def _submit(self, generation: Generation, number: int) -> Generation:
        try:
            request = build_request(generation.model, generation.prompt, generation.options)
            request = request.with_images(await self._load_images(generation, request))
        except InvalidOptionError as error:
            log.info("no longer in the catalogue", reason=str(error))
            return await self._queue.fail(generation, FailureKind.MODEL_GONE, None)
        except ImageError as error:
            if error.kind is FailureKind.IMAGE_GONE and self._may_be_elsewhere(generation):
                log.warning("no image", reason=str(error))
                raise ImagesElsewhereError(str(error), self._timing.fetch_wait, lets_others=True) from error
            log.info("an image is unusable", kind=error.kind.value, reason=str(error))
            return await self._queue.fail(generation, error.kind, None)
        except MediaError as error:
            log.warning("fetching the images again", reason=str(error))
            return await self._queue.move(generation, Status.PREPARING, released_at=self._clock())
        generation = await self._queue.take_slot(generation, submitted_at=self._clock(), submission=number)
        sending = asyncio.create_task(self._send(generation, request), name=f"send {generation.id}")
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError:  # its outcome decides whether it counts
            self._unwatched.add(sending)
            sending.add_done_callback(self._untrack)
            raise

    def _may_be_elsewhere(self, generation: Generation) -> bool:
        """Whether another machine may still send the images, which it fetched before their links died."""
        missed_at = self._missed.setdefault(generation.id, self._clock())
        return self._patience.lasts(generation.id, missed_at, self._timing.fetch_window)

    async def _adopt(self, generation: Generation, calls: KnownCalls) -> Generation | None:
        """Carry on with a call that was made before the database was put back; None: the provider took none.

        Its video may have been posted, too, which is looked for. What the log tells half is looked up again.

        Raises:
            StepPostponedError: whether it took the last one can't be asked now.
        """
        now, private = self._clock(), words_in(generation.prompt, generation.options)
        entry, number = (calls.accepted, calls.number) if calls.accepted else (calls.latest, calls.last)
        sent = now if entry is None else min(entry.created or now, now)
        if entry is not None and entry.inference_id is None and not entry.is_refused:
            log.warning("sent already, before the database was restored, by an ID that isn't known yet")
            changes = {"submission": number, "submitted_at": sent, "posting_at": sent}
            return await self._queue.move(generation, Status.SUBMITTING, **changes)
        try:
            call = entry and await outcome_of(self._veo, entry, private)
        except VeoError as error:
            raise StepPostponedError(str(error), self._timing.lookup_wait) from error
        if entry is None or not isinstance(call, Found):
            return None
        log.warning("sent already, before the database was restored", task=call.task_id)
        values = {"submission": number, "provider_id": call.task_id, **cost_values(call.cost)}
        try:
            return await self._queue.move(
                generation, Status.RUNNING, submitted_at=sent, posting_at=sent, **values
            )
        except TaskTakenError:
            log.error("the provider's log shows another request's id", task=call.task_id)
            return None

    async def stop(self) -> None:
        """End the create calls that nobody waits for; the log will show what became of them."""
        for sending in self._unwatched:
            sending.cancel()
        await asyncio.gather(*self._unwatched, return_exceptions=True)

    def _untrack(self, sending: asyncio.Task[Generation]) -> None:
        self._unwatched.discard(sending)
        if not sending.cancelled() and (error := sending.exception()) is not None:
            log.info("a create call finished after its request was deleted", reason=str(error))

    async def _send(self, generation: Generation, request: VideoRequest) -> Generation:
        """Make the create call, and write down what it came to, be the request cancelled meanwhile.

        Raises:
            StepPostponedError: the provider did not take it, but will later.
            LeaseLostError: it was cancelled, or another process runs it now.
        """
        try:
            task = await self._veo.create(request, call_name(generation))
        except InvalidRequestError as error:
            log.error("the provider rejected options that the catalogue allows", reason=str(error))
            return await self._refuse(
                generation, self._queue.fail(generation, FailureKind.REFUSED, error.words)
            )
        except NOT_ACCEPTED as error:
            await self._refuse(generation, self._requeue(generation))
            await self._gate.refused(generation, error)
        except UnavailableError as error:
            log.warning("unknown whether the provider accepted the request", reason=str(error))
            return generation
        self._gate.accepted(generation)
        return await self._begin(generation, task.id, task.cost(CostSource.CREATE)) or generation

    async def _refuse(self, generation: Generation, change: Awaitable[Generation]) -> Generation:
        """Write down that the provider did not take it: if it was cancelled meanwhile, it is free then."""
        try:
            return await change
        except LeaseLostError:
            await self._record_outcome(generation, submitted_at=None)
            raise

    async def _record_outcome(self, generation: Generation, **values: object) -> None:
        await self._database.write(
            lambda session: record_outcome(session, generation, self._clock(), **values)
        )

    async def _requeue(self, generation: Generation) -> Generation:
        return await self._queue.move(generation, Status.QUEUED, submitted_at=None)

    async def look_up(self, generation: Generation) -> Generation:
        """Find a create call whose answer was not recorded: `submitting` → `running`, `queued` or `failed`.

        Raises:
            StepPostponedError: the provider's log does not say yet, or it is sent again.
        """
        try:
            call = await find_call(self._veo, generation)
        except VeoError as error:
            is_over = not self._patience.lasts(generation.id, sent_at(generation), self._timing.deadline)
            return await self._keep_looking(generation, str(error), is_over=is_over)
        if isinstance(call, CallRefused):
            return await self._send_again(generation, call)
        if call is not None:
            log.info("found in the provider's log", task=call.task_id)
            if (begun := await self._begin(generation, call.task_id, call.cost)) is not None:
                return begun
        is_over = self._patience.age(generation.id, sent_at(generation)) >= self._timing.lookup_window
        if is_over and (begun := await self._adopt_charge(generation)) is not None:
            return begun
        return await self._keep_looking(generation, "not in the provider's log", is_over=is_over)

    async def _adopt_charge(self, generation: Generation) -> Generation | None:
        """Carry on with what the ledger alone shows; None: it shows nothing, or cannot be read."""
        try:
            found = await find_charge(self._veo, self._database, generation)
        except (VeoError, DatabaseBusyError) as error:
            log.warning("could not search the provider's ledger", reason=str(error))
            return None
        return found and await self._begin(generation, found.task_id, found.cost)

    async def _send_again(self, generation: Generation, call: CallRefused) -> Generation:
        """Send once more what the log shows as failed, unless the provider began it and says why it failed.

        Raises:
            StepPostponedError: it is sent again.
        """
        if call.task is not None and call.task.has_reason:
            return await self._queue.fail(generation, FailureKind.UNMADE, call.task.failure_reason)
        if generation.submission >= MAX_SUBMISSIONS:
            return await self._queue.fail(generation, FailureKind.TROUBLE, None)
        log.warning("sending again because the provider's log shows it was not accepted")
        await self._requeue(generation)
        raise StepPostponedError("the provider did not take it", self._timing.busy_wait)

    async def _begin(
        self, generation: Generation, task_id: str | None, cost: Cost | None
    ) -> Generation | None:
        """Write down the provider's id; None: it is another's, so that the call's fate is open."""
        values = {"provider_id": task_id, **cost_values(cost)}
        try:
            return await self._queue.move(generation, Status.RUNNING, **values)
        except LeaseLostError:
            await self._record_outcome(generation, **values)
            raise
        except TaskTakenError:
            log.error("the provider returned another request's id", task=task_id)
            return None

    async def _load_images(self, generation: Generation, request: VideoRequest) -> tuple[str, ...]:
        """Return the images, which were fetched long ago unless the disk has lost them.

        Raises:
            ImageError: one is gone for good.
            MediaError: one can't be fetched now, or is the last frame of what was taken down meanwhile.
        """
        urls, sides = generation.picture_urls or (), request.model.sides
        return await self._images.load(
            generation.id, urls, sides(len(urls)), goes_on_from=generation.continues_id
        )

    async def _keep_looking(self, generation: Generation, reason: str, *, is_over: bool) -> Generation:
        """Look again later, each time after a longer wait, until that is over."""
        if not is_over:
            wait = self._patience.age(generation.id, sent_at(generation)) / 2
            wait = min(max(self._timing.lookup_wait, wait), self._timing.lookup_longest_wait)
            raise StepPostponedError(reason, wait)
        log.error("a request is lost; not yet known whether it was charged", reason=reason)
        late_until = self._clock() + self._timing.late_window
        return await self._queue.fail(generation, FailureKind.LOST, None, late_until=late_until)

    def _time_left(self, generation: Generation) -> timedelta:
        """Return how long a queued request may still wait; time without a running program does not count."""
        return self._patience.left(generation.id, waits_since(generation), self._timing.queue_window)
