"""The line as those who wait are told of it: a new request's wait, and their position when it changes."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog
from structlog.contextvars import bound_contextvars

from bot.clock import Clock, utc_now
from bot.db.models import Generation
from bot.eta.duration_estimator import DurationEstimator
from bot.eta.eta import LAST_POSITION, Eta
from bot.jobs.ports import DeliveryPort
from bot.jobs.waiting_line import WaitingLine
from bot.signals import run_every

LOOK_INTERVAL = 2.0  # seconds; how often a card is edited is the budget's matter
SETTLING = timedelta(seconds=1.5)  # what goes to the provider at once never had a position
MAX_AT_ONCE = 10  # requests told in one look: half of all edits at most, the front of the line first

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class QueueEstimate:
    """Asks the line and the duration estimator, as a card's ETA does once there is a request."""

    def __init__(self, line: WaitingLine, estimator: DurationEstimator, clock: Clock = utc_now) -> None:
        self._line = line
        self._estimator = estimator
        self._clock = clock

    def eta_of_sent(self, generation: Generation) -> Eta:
        """Return what can be said of a request that is being made."""
        return self._estimator.eta(generation, self._clock())

    async def eta(self, preview: Generation, count: int = 1) -> Eta:
        """Return what can be said of a request that is not made; `preview`: as it would be if it were.

        `count`: of so many that are asked for at once, it's the last one.
        """
        position, free = await self._line.estimate_position(preview.guild_id, preview.user_id, count)
        now = self._clock()
        if position <= free:
            return self._estimator.eta(preview, now)
        if position > LAST_POSITION:
            return Eta(position)
        if count > 1:  # the first of them begin at once
            return self._estimator.eta_in_rounds(preview, position - free, now)
        return self._estimator.eta_in_queue(preview, position, now)


class PositionUpdater:
    """Keeps the cards of all requests that wait up to date, all servers' together.

    Args:
        stopping: set when the program is to stop.
        is_ours: whether this process tells those of a server, by its id; other processes tell the others.
    """

    def __init__(
        self,
        line: WaitingLine,
        delivery: DeliveryPort,
        estimator: DurationEstimator,
        stopping: asyncio.Event,
        clock: Clock = utc_now,
        *,
        is_ours: Callable[[int], bool] = lambda _: True,
    ) -> None:
        self._is_ours = is_ours
        self._line = line
        self._delivery = delivery
        self._estimator = estimator
        self._stopping = stopping
        self._clock = clock
        self._shown: dict[str, Eta] = {}  # by generation

    async def run(self) -> None:
        """Look regularly until `stopping` is set."""
        await run_every(LOOK_INTERVAL, self._stopping, self.look, failed="could not read the queue positions")

    async def look(self) -> None:
        """Tell those whose position has changed, or whose expected time is over."""
        line = await self._line.list_all()
        positions = {
            name: min(number, LAST_POSITION + 1)
            for number, (name, guild_id) in enumerate(line, start=1)
            if self._is_ours(guild_id)
        }
        self._shown = {name: eta for name, eta in self._shown.items() if name in positions}
        now = self._clock()
        news = [name for name, position in positions.items() if self._is_news(name, position, now)]
        if not news:
            return
        for generation in await self._line.list_waiting(news[:MAX_AT_ONCE]):
            if not timedelta() <= now - generation.created_at < SETTLING:  # a clock may have been ahead
                await self._tell(generation, positions[generation.id], now)

    def _is_news(self, name: str, position: int, now: datetime) -> bool:
        shown = self._shown.get(name)
        return shown is None or shown.position != position or shown.is_passed(now)

    async def _tell(self, generation: Generation, position: int, now: datetime) -> None:
        shown = self._shown.get(generation.id)
        if shown is not None and shown.position == position:
            eta = shown.late()
        elif position > LAST_POSITION:
            eta = Eta(position)
        else:
            eta = self._estimator.eta_in_queue(generation, position, now)
        self._shown[generation.id] = eta
        with bound_contextvars(generation=generation.id):
            await self._delivery.show_state(generation, eta, partial(self._still_waits, generation.id))

    async def _still_waits(self, name: str) -> bool:
        return bool(await self._line.list_waiting([name]))
