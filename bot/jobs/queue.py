"""The queue: which process runs which generation, and every change of a generation's state.

A row is run by the process that holds its lease. All changes name the state and the owner that
they expect, so that a process that lost its lease changes nothing.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import cast

import stamina
import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.locks import Lock, hold
from bot.db.models import Generation, Status
from bot.errors import DatabaseBusyError, OutcomeUnknownError
from bot.failures import FailureKind
from bot.jobs import fair_order
from bot.jobs.closures import LONGEST_WAIT
from bot.jobs.endings import brings_strike, ensure_free, has_same_address, made, strike_for_safety, unmade
from bot.jobs.waiting_line import WaitingLine
from bot.metrics import metrics
from bot.metrics.spending import Spending
from bot.provider.costs import Cost
from bot.provider.models import Task

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

# Asked before each question to the provider: few columns, and a statement that is made once.
_HOLDING = select(Generation.status, Generation.lease_owner).where(
    Generation.id == bindparam("generation_id")
)

InTransaction = Callable[[Session], None]

WRITE_PATIENCE = timedelta(seconds=30)  # for a locked or full database: a change may follow a paid call


class LeaseLostError(Exception):
    """The row is not as expected: it was cancelled, or another process runs it."""


class SlotLostError(Exception):
    """The slot that a row was claimed for is another's: its lease ended before it was used."""


class GenerationQueue:
    """The queue as one process sees it.

    Args:
        owner: this process's name in `lease_owner`.
        max_running: how many may be at the provider at once, over all processes.
        lease: how long a generation is this process's own without `renew`.

    Attributes:
        line: what waits for a slot.
    """

    def __init__(
        self,
        database: Database,
        owner: str,
        *,
        max_running: int,
        lease: timedelta,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._owner = owner
        self._max_running = max_running
        self.lease = lease
        self._clock = clock
        self.line = WaitingLine(database, max_running=max_running, lease=lease, clock=clock)

    async def claim(self, max_rows: int) -> list[Generation]:
        """Take up to `max_rows` generations whose next step is due and that nobody runs.

        Of those that were not begun, members get theirs in fair order (`bot.jobs.fair_order`).
        Some that this process runs itself may be among them: when the clock has jumped, and when they
        were cancelled meanwhile.
        """

        def take(session: Session) -> list[Generation]:
            now = self._clock()  # not before: a write may wait for longer than a lease
            due = fair_order.select_due(session, now, self.lease, max_rows, self._max_running)
            if not due:
                return []
            result = session.scalars(
                update(Generation)
                # Somebody may have changed a row between our look and our lock on it.
                .where(Generation.id.in_(due), fair_order.is_free(now, self.lease))
                .values(lease_owner=self._owner, lease_until=now + self.lease)
                .returning(Generation)
                .execution_options(synchronize_session=False)
            )
            return sorted(result, key=lambda generation: generation.created_at)

        return await self._database.write(take)

    async def count_held(self) -> tuple[int, timedelta]:
        """Return how many rows other processes hold, living or killed, and for how long at most."""
        return await self._database.read(
            lambda session: fair_order.count_held(session, self._owner, self._clock(), self.lease)
        )

    async def renew(self, generation_ids: Collection[str]) -> None:
        """Keep these generations, which this process runs, for another lease time."""
        await self._database.write(
            lambda session: session.execute(
                update(Generation)
                .where(Generation.id.in_(generation_ids), Generation.lease_owner == self._owner)
                .values(lease_until=self._clock() + self.lease)
                .execution_options(synchronize_session=False)
            )
        )

    async def move(self, generation: Generation, status: Status, **values: object) -> Generation:
        """Change the status, and `values` with it, and return the new row.

        Raises:
            LeaseLostError: the row is not as `generation` shows it.
            TaskTakenError: another generation has the `provider_id`.
        """
        return await self.update(generation, status=status, attempts=0, **values)

    async def update(
        self, generation: Generation, also: InTransaction | None = None, /, **values: object
    ) -> Generation:
        """Change `values`, and return the new row; where the status changes, see `move`.

        `also` is called in the transaction, once the row is changed.

        Raises:
            LeaseLostError: the row is not as `generation` shows it.
        """
        expected, spending, changed = {generation.status}, Spending(generation, values), None
        async for attempt in stamina.retry_context(
            on=DatabaseBusyError, attempts=None, timeout=WRITE_PATIENCE, wait_max=2
        ):
            with attempt:
                try:
                    changed = await self._write(generation, expected, values, spending, also)
                except OutcomeUnknownError:
                    expected.add(cast("Status", values.get("status", generation.status)))  # it may be done
                    raise
        if changed is None:
            raise LeaseLostError(generation.id)
        metrics.record_change(generation, changed, self._clock())
        spending.record(changed)
        return changed

    async def take_slot(self, generation: Generation, **values: object) -> Generation:
        """Change what waits to `submitting`, and `values` with it, right before its create call.

        The slots are counted once more: others take them when a process stands still for longer than its
        lease, or when clocks differ.

        Raises:
            LeaseLostError: the row is not as `generation` shows it.
            SlotLostError: no slot is free for it.
        """
        values = {"status": Status.SUBMITTING, "attempts": 0, **values}
        return await self.update(generation, self._ensure_slot, **values)

    async def succeed(self, generation: Generation, task: Task, **values: object) -> Generation:
        """Record that the provider has made the video, and `values` with it.

        Raises:
            LeaseLostError: the row is not as `generation` shows it.
        """
        return await self.move(generation, Status.SUCCEEDED, **made(task, self._clock()), **values)

    async def fail(
        self,
        generation: Generation,
        kind: FailureKind,
        reason: str | None,
        *,
        cost: Cost | None = None,
        late_until: datetime | None = None,
    ) -> Generation:
        """End the generation without a video.

        `reason`: in the provider's words, or in ours where `kind` says that it isn't the provider's fault.
        `late_until`: until when the provider is asked all the same; what it may cost stays bound meanwhile.
        Links to images that were of no use are forgotten.

        Raises:
            LeaseLostError: the row is not as `generation` shows it.
        """
        values = unmade(generation, kind, reason, self._clock(), cost, late_until)
        ended = await self.move(generation, Status.FAILED, **values)
        log.info("failed", kind=kind.value, late_until=str(late_until) if late_until else None)
        return ended

    async def get(self, generation_id: str) -> Generation:
        """Return the row as it is now.

        Raises:
            LeaseLostError: there is none any more.
        """
        generation = await self._database.read(lambda session: session.get(Generation, generation_id))
        if generation is None:
            raise LeaseLostError(generation_id)
        return generation

    async def ensure_held(self, generation: Generation) -> None:
        """Check that a call made for this row would not be in vain.

        Raises:
            LeaseLostError: the row is not as `generation` shows it.
        """
        try:
            holding = await self._database.read(
                lambda session: session.execute(_HOLDING, {"generation_id": generation.id}).one_or_none()
            )
        except (DatabaseBusyError, SQLAlchemyError):
            return  # a database that cannot be read says nothing; the next change will tell
        if holding is None or tuple(holding) != (generation.status, self._owner):
            raise LeaseLostError(generation.id)

    async def release(self, claimed: Generation, wait: timedelta, *, failed: bool) -> None:
        """Release a generation; anyone may take it up after `wait`. `failed` counts as an attempt.

        `claimed`: as `claim` returned it. What was cancelled since then was claimed again after that,
        maybe by this process too, and is not this claim's to release.
        """
        ours = [Generation.id == claimed.id, Generation.lease_owner == self._owner]
        if claimed.status is not Status.CANCELLED:
            ours.append(Generation.status != Status.CANCELLED)
        await self._database.write(
            lambda session: session.execute(
                update(Generation)
                .where(*ours)
                .values(
                    not_before=self._clock() + min(wait, LONGEST_WAIT),
                    attempts=Generation.attempts + int(failed),
                    lease_owner=None,
                    lease_until=None,
                )
                .execution_options(synchronize_session=False)
            )
        )

    async def release_all(self) -> None:
        """Release all that this process runs, so that the next one need not wait for the leases."""
        await self._database.write(
            lambda session: session.execute(
                update(Generation)
                .where(fair_order.UNFINISHED, Generation.lease_owner == self._owner)
                .values(lease_owner=None, lease_until=None)
            )
        )

    async def _write(
        self,
        generation: Generation,
        expected: Collection[Status],
        values: dict[str, object],
        cost: Spending,
        also: InTransaction | None,
    ) -> Generation | None:
        own = (Generation.id == generation.id, Generation.lease_owner == self._owner)
        same = (Generation.status.in_(expected), has_same_address(generation, values))
        row = update(Generation).where(*own, *same).values(values)
        changed = row.returning(Generation).execution_options(synchronize_session=False)
        is_strike = brings_strike(values)

        def change(session: Session) -> Generation | None:
            ensure_free(session, generation.id, values.get("provider_id"))
            cost.look(session)
            found = session.scalar(changed)
            if also is not None and found is not None:
                also(session)
            if is_strike and found is not None:
                strike_for_safety(session, found, self._clock())
            return found

        return await self._database.write(change, generation.guild_id if is_strike else None)

    def _ensure_slot(self, session: Session) -> None:
        """Check that with the one that was just moved there, no more are at the provider than may be.

        Raises:
            SlotLostError: there are.
        """
        hold(session, Lock.SLOTS)  # who has it waits for no row
        if fair_order.count_running(session, self._clock(), self.lease) > self._max_running:
            raise SlotLostError
