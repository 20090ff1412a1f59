"""Lets time without work pass in few steps: what would find nothing is not looked for.

The runner looks for work every second, which is 86,400 looks in a quiet night. A look finds nothing while the
database is unchanged and no row's time has come. So the next look is put off to that moment, in whole seconds; a
commit of another process brings it forward (`World.committed`). Loops that only tell or clean up run less often.
"""

import math
from collections.abc import Collection, Generator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import bot.eta.duration_estimator
import bot.jobs.departures
import bot.jobs.position_updater
import bot.jobs.runner
import bot.moderation.outbox_relay
from bot.db.models import Generation
from bot.jobs.closures import LONGEST_WAIT
from bot.jobs.queue import GenerationQueue

if TYPE_CHECKING:
    from tests.simulation.world import World

LONGEST_SLEEP = 1800.0  # seconds
RARELY: tuple[tuple[Any, str, float], ...] = (
    (bot.jobs.position_updater, "LOOK_INTERVAL", 120.0),
    (bot.moderation.outbox_relay, "LOOK_INTERVAL", 300.0),
    (bot.jobs.departures, "LOOK_INTERVAL", 600.0),
    (bot.eta.duration_estimator, "RECALL_INTERVAL", 3600.0),
    (bot.eta.duration_estimator, "METRICS_INTERVAL", 7200.0),
)
WAITING = (
    "SELECT not_before, lease_until FROM generations WHERE delivered_at IS NULL OR late_until IS NOT NULL"
)


class Shortcuts:
    """Puts off looks that would find nothing."""

    def __init__(self, world: "World") -> None:
        self._world = world

    @contextmanager
    def taken(self) -> Generator[None]:
        """Take them."""
        claim, renew, rest = GenerationQueue.claim, GenerationQueue.renew, self._rest

        async def claim_if_any(queue: GenerationQueue, most: int) -> list[Generation]:
            claimed = await claim(queue, most) if rest(queue) <= 0 else []
            bot.jobs.runner.LOOK_INTERVAL = 1.0 if claimed else rest(queue) or 1.0
            return claimed

        async def renew_if_any(queue: GenerationQueue, names: Collection[str]) -> None:
            if names:
                await renew(queue, names)

        with ExitStack() as stack:
            stack.enter_context(patch.object(bot.jobs.runner, "LOOK_INTERVAL", 1.0))
            stack.enter_context(patch.object(GenerationQueue, "claim", claim_if_any))
            stack.enter_context(patch.object(GenerationQueue, "renew", renew_if_any))
            for place, name, seconds in RARELY:
                stack.enter_context(patch.object(place, name, seconds))
            yield

    def _rest(self, queue: GenerationQueue) -> float:
        """Return the seconds until something may be due; 0: it may be now."""
        now = self._world.now().replace(tzinfo=None)
        moments = [
            _free_at(not_before, lease_until, now, queue.lease)
            for not_before, lease_until in self._world.books.execute(WAITING)
        ]
        rest = min(((moment - now).total_seconds() for moment in moments), default=LONGEST_SLEEP)
        return float(min(math.ceil(max(rest, 0.0)), LONGEST_SLEEP))


def _free_at(not_before: str, lease_until: str | None, now: datetime, lease: timedelta) -> datetime:
    """Return from when on a row may be taken; one that no wait is as long as, now (`bot.jobs.claims`)."""
    due = datetime.fromisoformat(not_before)
    due = now if due > now + LONGEST_WAIT else due
    if lease_until is None:
        return due
    held = datetime.fromisoformat(lease_until)
    return max(due, now if held > now + 2 * lease else held)
