"""A create call whose answer was lost and that the provider's log does not show: what it charged tells.

The ledger knows no names of ours. So a charge is taken for a request's only where nothing else fits: it is
the one of this model and price since the request was sent, no other request has it or may have it, and the
log does not show it under another name.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isclose

import structlog
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from bot.clock import CLOCK_SKEW
from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.provider.catalogue import provider_name_of, same_model
from bot.provider.client import VeoClient
from bot.provider.costs import Cost, CostSource

REACH = timedelta(hours=1)  # between the sending of two requests of which a charge may be either's
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


class LedgerSearch:
    """Looks into the ledger for requests that the log does not show."""

    def __init__(self, database: Database, veo: VeoClient) -> None:
        self._database = database
        self._veo = veo

    async def find(self, generation: Generation) -> Found | None:
        """Return the one charge that can only be this request's, or None.

        Raises:
            VeoError: the provider could not be asked.
            DatabaseBusyError: whose the others are cannot be read.
        """
        price = generation.estimated_credits
        sent_at = generation.submitted_at or generation.created_at
        if not price:
            return None
        charges = [
            charge
            for charge in await self._veo.fetch_charges(sent_at)
            if charge.model == provider_name_of(generation.model)
            and charge.created_at is not None
            and charge.created_at >= sent_at - CLOCK_SKEW
            and _is_price(charge.credits, price)
        ]
        names = [charge.task_id for charge in charges]
        if not names or await self._database.read(lambda session: _has_rival(session, generation, sent_at)):
            return None
        known = await self._database.read(lambda session: _fetch_known(session, names))
        known |= await self._veo.list_named(sent_at)
        free = [charge for charge in charges if charge.task_id not in known]
        if len(free) != 1:
            return None
        log.warning("found in the provider's ledger", task=free[0].task_id)
        return Found(free[0].task_id, Cost(free[0].credits, CostSource.LEDGER))


def _is_price(credits: float, price: float) -> bool:  # noqa: A002 the unit's name
    return isclose(credits, price, rel_tol=SAME_PRICE)


def _fetch_known(session: Session, task_ids: Collection[str]) -> set[str]:
    """Return those of the provider's ids that requests have."""
    found = session.scalars(select(Generation.provider_id).where(Generation.provider_id.in_(task_ids)))
    return {task_id for task_id in found if task_id is not None}


def _has_rival(session: Session, generation: Generation, sent_at: datetime) -> bool:
    """Whether the same charge could be another request's whose fate is unknown, too."""
    prices = session.scalars(
        select(Generation.estimated_credits).where(
            _is_fate_unknown,
            Generation.id != generation.id,
            Generation.model.in_(same_model(generation.model)),
            Generation.submitted_at >= sent_at - REACH,
        )
    )
    price = generation.estimated_credits or 0.0
    return any(other is None or _is_price(other, price) for other in prices)
