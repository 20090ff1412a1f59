"""Gathers what the alerts go by: the account, the results that are not posted, the database, the disk.

The provider's and the account's state by the last calls is in memory, since later calls say it again.
"""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.state import keep_state
from bot.errors import DatabaseBusyError
from bot.jobs.closures import ProviderPause
from bot.jobs.pause_state import fetch_pause
from bot.metrics.metrics import BALANCE
from bot.monitoring.alert_rules import AlertInputs
from bot.monitoring.backlog import BacklogReader, count_undelivered
from bot.outages import Outage
from bot.provider.client import VeoClient
from bot.provider.errors import (
    CreditsGoneError,
    KeyRefusedError,
    UnavailableError,
    UnreachableError,
    VeoError,
)
from bot.provider.transport import Call, CallKind

WORK = frozenset({CallKind.CREATE, CallKind.RETRIEVE, CallKind.FIND})  # calls that members wait for
KEYED = WORK | {CallKind.BALANCE}  # calls that need a valid key; others may be answered to everybody
BALANCE_INTERVAL = 600.0  # seconds between two looks at the account
CHANNEL_INTERVAL = 600.0  # the same, at the operator's channel
PROBE_STATE = "alerts"  # what is written to see whether the database takes writes
PROBE_PATIENCE = 5.0  # seconds

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class ProviderRecord:
    """The latest evidence; None means that there is none yet.

    Attributes:
        are_credits_gone: whether the last create call was refused for them.
        is_answering: whether the last call that members wait for was answered, with an error perhaps.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.are_credits_gone: bool | None = None
        self.is_answering: bool | None = None
        self._clock = clock
        self._silent_since: float | None = None
        self._refusals: dict[CallKind, bool] = {}

    @property
    def is_key_refused(self) -> bool | None:
        """Whether the last answer to any kind of call was that the key is refused."""
        return any(self._refusals.values()) if self._refusals else None

    @property
    def silence(self) -> float:
        """Seconds since the first unanswered call that members wait for, after the last answered one."""
        return 0.0 if self._silent_since is None else self._clock() - self._silent_since

    def learn_from(self, call: Call) -> None:
        """Learn from a call."""
        is_unanswered = isinstance(call.error, UnavailableError | UnreachableError)
        if call.kind in WORK:
            self.is_answering = not is_unanswered
            if not is_unanswered:
                self._silent_since = None
            elif self._silent_since is None:
                self._silent_since = self._clock()
        if call.kind in KEYED and not is_unanswered:
            self._refusals[call.kind] = isinstance(call.error, KeyRefusedError)
        if call.kind is CallKind.CREATE and call.error is None:
            self._refusals.pop(CallKind.FIND, None)  # rarely made, so it may be long out of date
        if call.kind is CallKind.CREATE and (call.error is None or isinstance(call.error, CreditsGoneError)):
            self.are_credits_gone = call.error is not None


@dataclass(frozen=True, slots=True)
class AlertSources:
    """The parts that are looked at.

    Attributes:
        folder: where the disk must have room.
        find_refusal: says why nothing can be written in the operator's channel, or an empty text where it can
            or there is none; None: Discord does not tell.
    """

    database: Database
    veo: VeoClient
    record: ProviderRecord
    backlog: BacklogReader
    folder: Path
    find_refusal: Callable[[], Awaitable[str | None]] | None = None


class AlertInputReader:
    """Looks at everything once in a while."""

    def __init__(self, sources: AlertSources, clock: Clock = utc_now) -> None:
        self._sources = sources
        self._clock = clock
        self._balance: float | None = None
        self._balance_due = 0.0
        self._unwritable_since: float | None = None
        self._refusal: str | None = None
        self._channel_due = 0.0
        self._outage = Outage()

    async def read(self, *, is_account_in_doubt: bool) -> AlertInputs:
        """Look; never raises for what is looked at. In doubt, the account is looked at each time."""
        record, backlog = self._sources.record, await self._sources.backlog.read()
        await self._look_at_account(is_in_doubt=is_account_in_doubt)
        refusal, refused_for = await self._fetch_refusal()
        return AlertInputs(
            is_key_refused=record.is_key_refused,
            are_credits_gone=record.are_credits_gone,
            balance=self._balance,
            is_answering=record.is_answering,
            silence=record.silence,
            refusal=refusal,
            refused_for=refused_for,
            is_work_waiting=backlog and backlog.is_waiting,
            undelivered=await self._count_undelivered(),
            unwritable_for=await self._probe_database(),
            full_ago=self._full_ago(),
            is_database_damaged=self._sources.database.damage is not None,
            disk_free=await asyncio.to_thread(_free_bytes, self._sources.folder),
            channel_refusal=await self._look_at_channel(),
        )

    async def _look_at_channel(self) -> str | None:
        """Find out once in a while whether an alert would arrive; while it would not, with every look."""
        find_refusal = self._sources.find_refusal
        if find_refusal is None or (time.monotonic() < self._channel_due and not self._refusal):
            return self._refusal
        try:
            async with asyncio.timeout(PROBE_PATIENCE):
                self._refusal = await find_refusal()
        except TimeoutError:
            self._refusal = None
        if self._refusal is not None:
            self._channel_due = time.monotonic() + CHANNEL_INTERVAL
        return self._refusal

    async def _look_at_account(self, *, is_in_doubt: bool) -> None:
        if time.monotonic() < self._balance_due and not is_in_doubt:
            return
        self._balance_due = time.monotonic() + BALANCE_INTERVAL
        try:
            self._balance = await self._sources.veo.fetch_balance()
        except VeoError as error:
            log.info("could not read the balance", reason=str(error))
            self._balance = None
        else:
            BALANCE.set(self._balance)

    async def _probe_database(self) -> float:
        """Write something; return for how many seconds that has failed."""
        now = time.monotonic()
        try:
            async with asyncio.timeout(PROBE_PATIENCE):
                await keep_state(self._sources.database, PROBE_STATE, self._clock().isoformat())
        except (DatabaseBusyError, SQLAlchemyError, TimeoutError):
            self._unwritable_since = now if self._unwritable_since is None else self._unwritable_since
            return time.monotonic() - self._unwritable_since
        self._unwritable_since = None
        return 0.0

    def _full_ago(self) -> float | None:
        full_at = self._sources.database.full_at
        return None if full_at is None else time.monotonic() - full_at

    async def _fetch_refusal(self) -> tuple[ProviderPause | None, float | None]:
        """Return what the provider refuses and for how long, whichever process found it out."""
        try:
            async with asyncio.timeout(PROBE_PATIENCE):
                pause = await fetch_pause(self._sources.database)
        except (DatabaseBusyError, SQLAlchemyError, TimeoutError):
            return None, None
        return pause, max(0.0, (self._clock() - pause.since).total_seconds()) if pause else 0.0

    async def _count_undelivered(self) -> Mapping[int, int] | None:
        try:
            async with asyncio.timeout(PROBE_PATIENCE):
                found = await self._sources.database.read(
                    lambda session: count_undelivered(session, self._clock())
                )
        except (DatabaseBusyError, SQLAlchemyError, TimeoutError) as error:
            if (so_far := self._outage.failed(reason := str(error) or type(error).__name__)) is not None:
                log.warning("could not check the deliveries", reason=reason, **so_far)
            return None
        self._outage.worked()
        return found


def _free_bytes(folder: Path) -> int | None:
    """Return how much room the disk has, or None where that cannot be found out."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
