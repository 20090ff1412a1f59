"""Comparison of our counts with the provider's ledger, which is believed and completes our rows."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, Row, and_, case, or_, select, update
from sqlalchemy.orm import Session

from bot.admission.usage_counts import BOUND
from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.eta.refresh import Refresher
from bot.failures import FailureKind
from bot.metrics.spending import record_charged
from bot.provider.client import VeoClient
from bot.provider.costs import CostSource
from bot.provider.ledger import LedgerEntry, charges_of

INTERVAL = 600.0  # seconds between two looks into the ledger
REACH = timedelta(days=7)  # after a request's end, for which a charge is looked for
FAILURES_REACH = timedelta(days=1)  # the same for what failed, and is probably never charged
WATCH = timedelta(hours=1)  # for which a failed video is asked for once more when it turns out to be charged

# Ends for which a charge says that there is a video all the same.
ASKED_AGAIN = frozenset({FailureKind.UNMADE, FailureKind.GONE, FailureKind.LATE, FailureKind.LOST})

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Counted:
    """One generation as it was counted.

    Attributes:
        credits: what it costs, or may cost, as far as we know.
        cancelled_at: when somebody cancelled it; None: nobody did.
    """

    id: str
    provider_id: str
    model: str
    credits: float
    source: CostSource | None
    cancelled_at: datetime | None = None


class Reconciliation:
    """Writes down what the provider charged, for whatever it has not said that of."""

    def __init__(self, database: Database, veo: VeoClient, clock: Clock = utc_now) -> None:
        self._database = database
        self._veo = veo
        self._clock = clock

    async def run(self, stopping: asyncio.Event) -> None:
        """Look regularly until `stopping` is set."""
        await Refresher("charges", self.reconcile, stopping, interval=INTERVAL).run()

    async def reconcile(self) -> None:
        """Look into the ledger once, if there is anything to find out.

        Raises:
            VeoError: the ledger cannot be read now.
            DatabaseBusyError: ours cannot.
        """
        now = self._clock()
        since = await self._database.read(lambda session: session.scalar(_oldest(now)))
        if since is None:
            return
        ledger = await self._veo.fetch_ledger(since)
        charges = {charge.task_id: charge.credits for charge in charges_of(filter(None, ledger))}
        open_rows = await self._database.read(lambda session: _fetch(session, _is_open(now)))
        found = [(row, charges[row.provider_id]) for row in open_rows if row.provider_id in charges]
        found += [(row, 0.0) for row in open_rows if _is_free(row, ledger)]
        if not found:
            return
        before = await self._database.write(lambda session: _record_all(session, found, now))
        for row, charged in found:
            self._tell(row, before.get(row.id), charged)

    async def compare(self, days: int) -> tuple[Sequence[Counted], Mapping[str, float]]:
        """Return what was counted in the last `days`, and what was charged for each of the provider's ids.

        Raises:
            VeoError: the ledger cannot be read now.
        """
        since = self._clock() - timedelta(days=days)
        sent = and_(Generation.provider_id.is_not(None), Generation.created_at >= since)
        rows = await self._database.read(lambda session: _fetch(session, sent))
        return rows, await self._fetch_charges(since)

    async def _fetch_charges(self, since: datetime) -> Mapping[str, float]:
        return {charge.task_id: charge.credits for charge in await self._veo.fetch_charges(since)}

    def _tell(self, row: Counted, before: Generation | None, charged: float) -> None:
        told = row.credits if row.source else 0.0
        if before is not None:
            record_charged(before, charged)
        if told and charged != told:
            log.warning(
                "charged a different amount than reported", generation=row.id, told=told, charged=charged
            )


def _is_open(now: datetime) -> ColumnElement[bool]:
    """Whether the ledger may have something to say: it was sent, and what it cost is not from there.

    Its end counts: before it was sent, it may have waited for days.
    """
    failed = Generation.status == Status.FAILED
    reach = case((failed, now - FAILURES_REACH), else_=now - REACH)
    return and_(
        Generation.provider_id.is_not(None),
        Generation.finished_at.is_not(None),
        Generation.finished_at >= now - REACH,  # implied by the next one: an index has it
        Generation.finished_at >= reach,
        or_(Generation.cost_source.is_(None), Generation.cost_source != CostSource.LEDGER),
    )


def _is_free(row: Counted, ledger: Sequence[LedgerEntry | None]) -> bool:
    """Whether a cancelled request was charged nothing: its video failed, as others were charged a day later.

    A ledger that has stood still says nothing, nor one with an entry that may be its own: one that makes no
    sense, or a charge that doesn't say of what it is.
    """
    at = row.cancelled_at
    if at is None or any(entry is None or entry.may_be_of(row.provider_id) for entry in ledger):
        return False
    charged_at = (entry.created_at for entry in ledger if entry and entry.signed_credits > 0)
    return any(later is not None and later - at > FAILURES_REACH for later in charged_at)


def _oldest(now: datetime):
    return select(Generation.created_at).where(_is_open(now)).order_by(Generation.created_at).limit(1)


def _fetch(session: Session, condition: ColumnElement[bool]) -> list[Counted]:
    columns = (Generation.id, Generation.provider_id, Generation.model, BOUND, Generation.cost_source)
    cancelled_at = case((Generation.status == Status.CANCELLED, Generation.finished_at), else_=None)
    rows: Sequence[Row[str, str | None, str, float, CostSource | None, datetime | None]] = session.execute(
        select(*columns, cancelled_at).where(condition).order_by(Generation.created_at)
    ).all()
    return [
        Counted(name, task or "", model, cost, source, at) for name, task, model, cost, source, at in rows
    ]


def _record_all(
    session: Session, found: Sequence[tuple[Counted, float]], now: datetime
) -> Mapping[str, Generation]:
    """Write down what was charged, and return the rows as they were before, by ID.

    What ended without a video is asked for once more, also before it's told, unless all was given back.
    There's no second look at a charge.
    """
    names = [row.id for row, _ in found]
    rows = select(Generation).where(Generation.id.in_(names)).order_by(Generation.id)
    before = session.scalars(rows.with_for_update()).all()
    ended_without = and_(
        Generation.status == Status.FAILED,
        Generation.failure_kind.in_(ASKED_AGAIN),
        Generation.late_until.is_(None),
    )
    late_until = case((ended_without, now + WATCH), else_=Generation.late_until)
    for row, charged in found:
        paid = {
            "credits_used": max(0.0, charged),
            "cost_source": CostSource.LEDGER,
            "late_until": late_until if charged > 0 else Generation.late_until,
        }
        changed = update(Generation).where(Generation.id == row.id).values(paid)
        session.execute(changed.execution_options(synchronize_session=False))
    return {row.id: row for row in before}
