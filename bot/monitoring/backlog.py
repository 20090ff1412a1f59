"""The open work, counted in the database: the queue, and the results that did not reach their members.

The queue is counted when somebody asks, at most once in a few seconds.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, and_, case, false, func, not_, or_, select, true
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.clock import CLOCK_SKEW, Clock, utc_now
from bot.db.database import Database
from bot.db.models import AT_PROVIDER, OPEN, OVER, WAITING, Generation, Status
from bot.db.review_models import DUE_SINCE, IN_REVIEW
from bot.errors import DatabaseBusyError
from bot.failures import REVIEWED
from bot.outages import Outage

DELIVERING = "delivering"  # it has ended, and is still to be handed over
REVIEW = "review"  # it waits for moderators, so it keeps nobody busy
SHOT_BEFORE = "shot_before"  # it waits for a film's shot before it, and would have a slot
COUNT_TTL_SECONDS = 5.0  # a count is good enough for so long
DATABASE_TIMEOUT_SECONDS = 2.0

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
LATE_AFTER = timedelta(minutes=10)  # from ready; a video that must be made smaller takes minutes
LOSS_MEMORY = timedelta(hours=1)  # for which a result that was given up is bad news


@dataclass(slots=True)
class Backlog:
    """Requests that are not over, by where they stand: an open status, or one of the three above.

    Attributes:
        ages: seconds since the oldest could be begun, was sent to the provider, or could be handed over.
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
        waits = Generation.awaits_id.is_not(None)
        query = (
            select(Generation.status, IN_REVIEW, waits, func.count(), func.min(_SINCE))
            .where(Generation.delivered_at.is_(None))
            .group_by(Generation.status, IN_REVIEW, waits)
        )
        now, backlog = self._clock(), Backlog()
        for status, in_review, awaits_shot, count, since in await self._database.read(
            lambda session: session.execute(query).all()
        ):
            age = 0.0 if since is None else max(0.0, (now - since).total_seconds())
            backlog.add(REVIEW if in_review else _state_of(status, awaits_shot=awaits_shot), count, age)
        return backlog


# As `waits_since`, `sent_at` and `due_since` say it of one.
_SINCE = case(
    (Generation.status.in_(WAITING), func.coalesce(Generation.released_at, Generation.created_at)),
    (Generation.status.in_(AT_PROVIDER), func.coalesce(Generation.submitted_at, Generation.created_at)),
    else_=DUE_SINCE,
)


def _state_of(status: Status, *, awaits_shot: bool) -> str:
    if awaits_shot and status in WAITING:
        return SHOT_BEFORE
    return status.value if status in OPEN else DELIVERING


def count_undelivered(session: Session, now: datetime) -> Mapping[int, int]:
    """Return how many results each server waits for in vain; servers without any are not in it.

    They are late, or were given up lately and nothing was posted in the server since then.
    """
    late = select(Generation.guild_id, func.count()).where(*_is_late(now))
    ended = select(Generation.guild_id, Generation.result_id).where(*_ended_lately(now))
    found = Counter[int]()
    for guild_id, result_id in session.execute(ended.order_by(Generation.delivered_at)):
        found[guild_id] = 0 if result_id is not None else found[guild_id] + 1
    for guild_id, count in session.execute(late.group_by(Generation.guild_id)):
        found[guild_id] += count
    return +found


def fetch_undelivered(session: Session, guild_id: int, now: datetime) -> Sequence[Generation]:
    """Return what a server waits for in vain, as `count_undelivered` counts it; what is late comes first."""
    is_here = Generation.guild_id + 0 == guild_id  # else SQLite reads all that the server ever asked for
    late = select(Generation).where(*_is_late(now), is_here).order_by(Generation.finished_at)
    ended = select(Generation).where(*_ended_lately(now), is_here).order_by(Generation.delivered_at)
    lost: list[Generation] = []
    for row in session.scalars(ended):
        lost = [] if row.result_id is not None else [*lost, row]
    return [*session.scalars(late), *lost]


def _is_late(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Generation.delivered_at.is_(None),
        Generation.result_id.is_(None),
        Generation.status.in_(OVER),
        Generation.finished_at <= now - LATE_AFTER,
        or_(Generation.released_at.is_(None), Generation.released_at <= now - LATE_AFTER),
        not_(or_(_is_silent(), IN_REVIEW)),
    )


def _ended_lately(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Whether it was posted or given up; what was erased leads to no message, as if it was given up."""
    return (
        Generation.delivered_at > now - LOSS_MEMORY,
        Generation.delivered_at <= now + CLOCK_SKEW,  # later: a clock was ahead then
        Generation.erased_at.is_(None),
        not_(_is_silent()),
    )


def _is_silent() -> ColumnElement[bool]:
    """Whether nobody needs a message (`bot.db.models.needs_no_message`).

    Of a film that moderators didn't approve, one shot tells (`bot.moderation.review_decisions`).
    """
    is_own = func.coalesce(Generation.cancelled_by == Generation.user_id, true())
    is_on_card = and_(Generation.film_id.is_not(None), Generation.source_id.is_(None))
    was_announced = and_(Generation.film_id.is_not(None), Generation.failure_kind.in_(REVIEWED))
    return or_(
        and_(Generation.status == Status.CANCELLED, or_(is_own, is_on_card)),
        and_(Generation.status == Status.FAILED, func.coalesce(was_announced, false())),
    )
