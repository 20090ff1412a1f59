"""Finding out what became of a create call whose answer was lost: by our own ID of it, else by its charge.

The provider's log knows our IDs, but may not show a call. Its ledger knows no names of ours. So a charge is
taken for a request's only where nothing else fits: it is the one of this model and price since the request
was sent, no other request has it or may have it, and the log does not show it under another name. The log has
only what was called with our key. So nobody else may use the account, as far as its charges tell.

A request that was cancelled while it was being sent counts if the provider took it.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isclose

import structlog
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from bot.clock import CLOCK_SKEW
from bot.db.database import Database
from bot.db.models import Generation, Status, is_being_sent, sent_at
from bot.failures import FailureKind
from bot.jobs.endings import TaskTakenError, cost_values
from bot.jobs.ports import DeliveryPostponedError
from bot.jobs.steps.base import Step, StepPostponedError
from bot.provider.catalogue import provider_name_of, same_model
from bot.provider.client import VeoClient
from bot.provider.costs import Cost, CostSource
from bot.provider.errors import InvalidRequestError, UnknownTaskError, VeoError
from bot.provider.ledger import Charge
from bot.provider.models import LogEntry, Task, TaskState
from bot.provider.options import words_in
from bot.provider.reading import is_same_name

REACH = timedelta(hours=1)  # between the sending of two requests of which a charge may be either's
ALONE = timedelta(days=7)  # for which nobody else may have used the account
SAME_PRICE = 0.005  # by which an estimate may miss

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_is_fate_unknown = and_(
    Generation.provider_id.is_(None),
    Generation.submitted_at.is_not(None),
    or_(
        Generation.status.in_({Status.SUBMITTING, Status.CANCELLED}),
        Generation.failure_kind.in_({FailureKind.LOST, FailureKind.BROKEN}),
    ),
)


@dataclass(frozen=True, slots=True)
class Found:
    """The provider's id of a lost request, and what it was charged; None: not known yet."""

    task_id: str
    cost: Cost | None


@dataclass(frozen=True, slots=True)
class CallRefused:
    """The provider's log shows that the call failed; `task`: what it began, if anything, failed, too."""

    task: Task | None


def call_name(generation: Generation) -> str:
    """Return our name of the latest create call; each has its own, so that the log tells them apart."""
    number = generation.submission
    return generation.id if number <= 1 else f"{generation.id}.{number}"


async def find_call(veo: VeoClient, generation: Generation) -> Found | CallRefused | None:
    """Look for the call in the provider's log; None: it isn't shown there (yet).

    Raises:
        VeoError: the provider couldn't be asked.
    """
    private = words_in(generation.prompt, generation.options)
    return await find_named_call(veo, call_name(generation), sent_at(generation), private)


async def find_named_call(
    veo: VeoClient, name: str, sent: datetime, private: Sequence[str] = ()
) -> Found | CallRefused | None:
    """Look for the call that was sent with a name; the rest is as of `find_call` and `outcome_of`."""
    entry = await veo.find(name, sent)
    return None if entry is None else await outcome_of(veo, entry, private)


async def outcome_of(veo: VeoClient, entry: LogEntry, private: Sequence[str] = ()) -> Found | CallRefused:
    """Return what a call came to by its row of the log.

    One that is shown as failed may have begun a video all the same, as where a proxy gave up on the answer.
    `private`: its member's words, which an answer may repeat.

    Raises:
        VeoError: the provider couldn't be asked.
    """
    if entry.inference_id is None:
        return CallRefused(None)
    if not entry.is_refused:
        return Found(entry.inference_id, entry.cost)
    task = await _find_task(veo, entry.inference_id, private)
    is_over = task is None or task.state is TaskState.FAILED
    return CallRefused(task) if is_over else Found(entry.inference_id, None)


async def _find_task(veo: VeoClient, task_id: str, private: Sequence[str]) -> Task | None:
    """Ask about a task that may never have begun; None: the provider has none.

    Only its own words say that. A page, or an empty answer, comes from something before it, and a refusal to
    tell is about the key: what is sent again after those may be paid for twice.

    Raises:
        VeoError: it couldn't be asked.
    """
    try:
        return await veo.retrieve(task_id, private)
    except (UnknownTaskError, InvalidRequestError) as error:
        if error.words is None:
            raise
        return None


async def find_charge(veo: VeoClient, database: Database, generation: Generation) -> Found | None:
    """Look into the ledger for a call that the log does not show: the one charge that can only be its own.

    Raises:
        VeoError: the provider couldn't be asked.
        DatabaseBusyError: whose the other charges are can't be read.
    """
    price, since = generation.estimated_credits, sent_at(generation)
    if not price:
        return None
    charges = await veo.fetch_charges(since - ALONE)
    if not any(_fits(charge, generation, price, since) for charge in charges):
        return None
    if await database.read(lambda session: _has_rival(session, generation, since)):
        return None
    names = [charge.task_id for charge in charges]
    known = await database.read(lambda session: _fetch_known(session, names))
    free = [charge for charge in charges if charge.task_id not in known]
    called_at = [(charge.created_at or since - ALONE) - REACH for charge in free]
    logged = {entry.inference_id for entry in await veo.list_calls(min([since, *called_at]))}
    free = [charge for charge in free if charge.task_id not in logged]
    if len(free) != 1 or not _fits(free[0], generation, price, since):
        return None
    log.warning("found in the provider's ledger", task=free[0].task_id)
    return Found(free[0].task_id, Cost(free[0].credits, CostSource.LEDGER))


def _fits(charge: Charge, generation: Generation, price: float, since: datetime) -> bool:
    """Whether a charge is of the request's model and price, and from after it was sent."""
    return (
        is_same_name(charge.model or "", provider_name_of(generation.model))
        and charge.created_at is not None
        and charge.created_at >= since - CLOCK_SKEW
        and _is_price(charge.credits, price)
    )


def _is_price(credits: float, price: float) -> bool:  # noqa: A002 the unit's name
    return isclose(credits, price, rel_tol=SAME_PRICE)


def _fetch_known(session: Session, task_ids: Collection[str]) -> set[str]:
    """Return those of the provider's ids that requests have."""
    found = session.scalars(select(Generation.provider_id).where(Generation.provider_id.in_(task_ids)))
    return {task_id for task_id in found if task_id is not None}


def _has_rival(session: Session, generation: Generation, since: datetime) -> bool:
    """Whether the same charge could be another request's whose fate is unknown, too."""
    prices = session.scalars(
        select(Generation.estimated_credits).where(
            _is_fate_unknown,
            Generation.id != generation.id,
            Generation.model.in_(same_model(generation.model)),
            Generation.submitted_at >= since - REACH,
        )
    )
    price = generation.estimated_credits or 0.0
    return any(other is None or _is_price(other, price) for other in prices)


class Settlement(Step):
    """Waits for what the create call came to; `bot.jobs.steps.submission` writes it down if it lives on."""

    async def settle(self, generation: Generation) -> Generation:
        """Return the row once it is known, or can no longer be found out, whether the provider took it.

        Raises:
            StepPostponedError: not yet; the card says by then that it is cancelled.
        """
        if not is_being_sent(generation) or generation.result_id is not None:
            return generation
        with suppress(DeliveryPostponedError):
            await self._delivery.show_state(generation)
        age = self._patience.age(generation.id, sent_at(generation))
        if age < self._timing.call_window:
            raise StepPostponedError("its create call may be under way", self._timing.lookup_wait)
        try:
            match await find_call(self._veo, generation):
                case CallRefused():
                    return await self._queue.update(generation, submitted_at=None)
                case Found(task_id, cost):
                    return await self._queue.update(generation, provider_id=task_id, **cost_values(cost))
                case None:
                    reason = "not in the provider's log"
        except (VeoError, TaskTakenError) as error:
            reason = str(error)
        if age < self._timing.lookup_window:
            raise StepPostponedError(reason, self._timing.lookup_longest_wait)
        log.warning("unknown whether a cancelled request was charged", reason=reason)
        return generation
