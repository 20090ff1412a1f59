"""The open work: counted in the database when somebody asks, at most once in a few seconds."""

import asyncio
import time
from dataclasses import dataclass, field

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.models import OPEN, Generation, Status
from bot.db.review_models import DUE_SINCE, IN_REVIEW
from bot.errors import DatabaseBusyError
from bot.outages import Outage

DELIVERING = "delivering"  # it has ended, and is still to be handed over
REVIEW = "review"  # it waits for moderators, so it keeps nobody busy
COUNT_TTL_SECONDS = 5.0  # a count is good enough for so long
DATABASE_TIMEOUT_SECONDS = 2.0

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Backlog:
    """Requests that are not over, by where they stand: an open status, `REVIEW` or `DELIVERING`.

    Attributes:
        ages: seconds since the oldest was asked for, or could be handed over.
    """

    counts: dict[str, int] = field(default_factory=dict[str, int])
    ages: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def is_waiting(self) -> bool:
        """Whether something waits for the provider."""
        return any(self.counts.get(status.value) for status in OPEN)

    def add(self, state: str, count: int, age: float) -> None:
        """Add some requests whose oldest is `age` seconds old."""
        self.counts[state] = self.counts.get(state, 0) + count
        self.ages[state] = max(self.ages.get(state, 0.0), age)


class BacklogReader:
    """Counts what is not over. Those who ask at the same time share one answer."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock
        self._lock = asyncio.Lock()
        self._latest: Backlog | None = None
        self._good_until = 0.0
        self._outage = Outage()

    async def read(self) -> Backlog | None:
        """Return what is not over; None: the database does not answer in time."""
        async with self._lock:
            if time.monotonic() >= self._good_until:
                self._latest = await self._try_to_count()
                self._good_until = time.monotonic() + COUNT_TTL_SECONDS
            return self._latest

    async def _try_to_count(self) -> Backlog | None:
        try:
            async with asyncio.timeout(DATABASE_TIMEOUT_SECONDS):
                found = await self._count()
        except (DatabaseBusyError, SQLAlchemyError, TimeoutError) as error:
            if (so_far := self._outage.failed(reason := str(error) or type(error).__name__)) is not None:
                log.warning("could not count the queue", reason=reason, **so_far)
            return None
        self._outage.worked()
        return found

    async def _count(self) -> Backlog:
        query = (
            select(
                Generation.status,
                IN_REVIEW,
                func.count(),
                func.min(Generation.created_at),
                func.min(DUE_SINCE),
            )
            .where(Generation.delivered_at.is_(None))
            .group_by(Generation.status, IN_REVIEW)
        )
        now, backlog = self._clock(), Backlog()
        for status, in_review, count, created_at, due_since in await self._database.read(
            lambda session: session.execute(query).all()
        ):
            since = created_at if status in OPEN else due_since
            age = 0.0 if since is None else max(0.0, (now - since).total_seconds())
            backlog.add(REVIEW if in_review else _state_of(status), count, age)
        return backlog


def _state_of(status: Status) -> str:
    return status.value if status in OPEN else DELIVERING
