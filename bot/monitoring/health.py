"""The program's health and readiness: each part by the age of its last sign of life."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import false, select
from sqlalchemy.orm import Session

from bot.db.database import Database, DatabaseBusyError
from bot.db.models import StateRow
from bot.jobs.steps.polling import Polling
from bot.metrics.metrics import CHECK_UP
from bot.monitoring.loop_lag import Gateway, LivenessProbe
from bot.outages import Outage
from bot.provider.client import VeoClient
from bot.signals import StoppingError, pause

LAG_LIMIT = 2.0  # seconds that the event loop may be late
BEATS_LIMIT = 3  # heartbeats that may pass without an answer; discord.py gives up a connection after 60 s
POLL_LIMIT = 180.0  # seconds between two questions to the provider; the rarest are 60 s apart
DATABASE_LIMIT = 10.0  # seconds since the database last took a transaction
DATABASE_PATIENCE = 2.0  # seconds that it gets for that
SHORTEST_REST, LONGEST_REST = 60.0, 3600.0  # seconds between two times that a file is read through
RESTS = 1000  # times as long as reading takes, so that it is never felt
VERDICT_TTL_SECONDS = 1.0  # so that nobody can keep the database busy by asking

_NO_ROW = select(StateRow.name).where(false()).with_for_update()

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LifeSign:
    """A sign of life.

    Attributes:
        age: seconds since it was last seen, or that it came too late; None: nothing is to be expected.
        limit: seconds that it may have.
    """

    age: float | None
    limit: float

    @property
    def is_good(self) -> bool:
        """Whether it is young enough."""
        return self.age is None or self.age <= self.limit


Check = Callable[[], Awaitable[LifeSign]]


class Health:
    """Runs all checks, at most once a second, whoever asks."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._lock = asyncio.Lock()
        self._latest: dict[str, LifeSign] = {}
        self._good_until = 0.0

    async def look(self) -> Mapping[str, LifeSign]:
        """Return the signs of life by the names of the checks."""
        async with self._lock:
            if time.monotonic() >= self._good_until:
                signs = await asyncio.gather(*(check() for check in self._checks.values()))
                self._latest = dict(zip(self._checks, signs, strict=True))
                self._good_until = time.monotonic() + VERDICT_TTL_SECONDS
                for name, sign in self._latest.items():
                    CHECK_UP.labels(name).set(sign.is_good)
            return self._latest


def loop_check(probe: LivenessProbe) -> Check:
    """Return the check of the event loop; while it is blocked, nobody is answered at all."""

    async def check() -> LifeSign:
        return LifeSign(probe.lag, LAG_LIMIT)

    return check


def gateway_check(probe: LivenessProbe, gateway: Gateway) -> Check:
    """Return the check of the connection to Discord."""

    async def check() -> LifeSign:
        return LifeSign(probe.heartbeat_age, BEATS_LIMIT * gateway.heartbeat_interval)

    return check


def poll_check(polling: Polling, veo: VeoClient) -> Check:
    """Return the check that the provider is asked about what it makes, whether it answers or not."""

    async def check() -> LifeSign:
        busy_since = polling.busy_since
        if busy_since is None:
            return LifeSign(None, POLL_LIMIT)
        return LifeSign(time.monotonic() - max(busy_since, veo.asked_at or busy_since), POLL_LIMIT)

    return check


class DatabaseCheck:
    """Checks that the database takes transactions, and that its file is where it was.

    SQLite goes on with a file that was moved away, and all that it writes is lost with the next start.

    Args:
        path: of the file; None: there is none.
    """

    def __init__(self, database: Database, path: Path | None) -> None:
        self._database = database
        self._path = path
        self._file = None if path is None else _identity(path)
        self._answered_at = time.monotonic()
        self._probe: asyncio.Task[None] | None = None
        self._outage = Outage()

    async def __call__(self) -> LifeSign:
        """Look once."""
        begun_at = time.monotonic()
        if await self._answers():
            self._answered_at = time.monotonic()
            return LifeSign(self._answered_at - begun_at, DATABASE_LIMIT)
        return LifeSign(time.monotonic() - self._answered_at, DATABASE_LIMIT)

    async def _answers(self) -> bool:
        if self._database.damage is not None:
            return False  # what lies elsewhere in the file still works, and says nothing
        try:
            if self._path is not None and await asyncio.to_thread(_identity, self._path) != self._file:
                if (so_far := self._outage.failed("")) is not None:
                    log.error("the database file was moved or deleted", **so_far)
                return False
            await self._try_a_transaction()
        except Exception as error:  # noqa: BLE001 whatever it is, the database does not answer
            if (so_far := self._outage.failed(reason := str(error) or type(error).__name__)) is not None:
                log.warning("the database isn't responding", reason=reason, **so_far)
            return False
        self._outage.worked()
        return True

    async def _try_a_transaction(self) -> None:
        """Return once one is done; one that isn't in time is waited for by the next look, too."""
        if self._probe is None:
            self._probe = asyncio.create_task(self._database.write(_touch, patience=DATABASE_PATIENCE))
        await asyncio.wait({self._probe}, timeout=DATABASE_PATIENCE)
        if not self._probe.done():
            raise TimeoutError
        probe, self._probe = self._probe, None
        probe.result()


def _touch(session: Session) -> None:
    """Ask for no row to change: a server that takes no writes refuses even that, and nothing is written."""
    session.execute(_NO_ROW)


async def watch_for_damage(database: Database, stopping: asyncio.Event) -> None:
    """Read the database's file through now and then until `stopping` is set; a start has just done it."""
    rest = SHORTEST_REST
    with suppress(StoppingError):
        while True:
            await pause(rest, stopping)
            begun_at = time.monotonic()
            with suppress(DatabaseBusyError):  # its reason is logged where it arose
                await database.look_for_damage()
            rest = min(max(RESTS * (time.monotonic() - begun_at), SHORTEST_REST), LONGEST_REST)


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one at the same place; None: there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino
