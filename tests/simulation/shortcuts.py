"""Lets time without work pass in few steps: what would find nothing is not looked for.

The runner looks for work every second, 86,400 times in a quiet day. A look finds nothing while the database
is unchanged and no row's time has come. So the next look is put off to that moment, in whole seconds; a
commit of another process brings it forward (`World.committed`). Loops that tell or tidy up run less often,
and still less often in a run of many days.
"""

import math
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import bot.eta.duration_estimator
import bot.films.runner
import bot.jobs.position_updater
import bot.jobs.retirement
import bot.jobs.runner
import bot.library.takedowns
import bot.moderation.outbox_relay
import bot.moderation.reviews
import bot.privacy.retention
import bot.usage.reconciliation
from bot.db.models import Generation
from bot.eta.duration_estimator import ALL_MODELS
from bot.films.runner import FilmRunner
from bot.jobs.closures import LONGEST_WAIT
from bot.jobs.position_updater import PositionUpdater
from bot.jobs.queue import GenerationQueue
from bot.jobs.retirement import Departures
from bot.library.takedowns import Takedowns
from bot.moderation.outbox_relay import OutboxRelay
from bot.moderation.reviews import Reviews
from bot.usage.reconciliation import Reconciliation
from tests.simulation.visits import DAY

if TYPE_CHECKING:
    from tests.simulation.world import World

LONGEST_SLEEP = 1800.0  # seconds
LATELY = bot.usage.reconciliation.REACH + timedelta(
    days=1
)  # for which a charge is asked for, and a clock is off
MOMENT = "%Y-%m-%d %H:%M:%S.%f"  # as SQLite has them
RARELY: tuple[tuple[Any, str, float], ...] = (
    (bot.jobs.position_updater, "LOOK_INTERVAL", 120.0),
    (bot.moderation.outbox_relay, "LOOK_INTERVAL", 60.0),  # a nonce outlives it
    (bot.jobs.retirement, "LOOK_INTERVAL", 600.0),
    (bot.library.takedowns, "LOOK_INTERVAL", 60.0),
    (bot.films.runner, "LOOK_INTERVAL", 60.0),
    (bot.moderation.reviews, "LOOK_INTERVAL", 120.0),
    (bot.usage.reconciliation, "INTERVAL", 1800.0),
)
IN_MANY_DAYS: tuple[tuple[Any, str, float], ...] = (
    (bot.jobs.position_updater, "LOOK_INTERVAL", 600.0),
    (bot.moderation.outbox_relay, "LOOK_INTERVAL", 1800.0),
    (bot.library.takedowns, "LOOK_INTERVAL", 1800.0),
    (bot.films.runner, "LOOK_INTERVAL", 300.0),
    (bot.moderation.reviews, "LOOK_INTERVAL", 1800.0),
    (bot.usage.reconciliation, "INTERVAL", DAY / 4),
    (bot.privacy.retention, "CLEAN_INTERVAL", DAY),
    (bot.jobs.runner, "RENEWALS_PER_LEASE", 2),
)
# What a loop looks for, found out without building the loop's own statement.
QUEUED = "SELECT 1 FROM generations WHERE delivered_at IS NULL AND status = 'queued' LIMIT 1"
UNSENT = "SELECT 1 FROM generations WHERE status IN ('preparing', 'queued') LIMIT 1"
OUTBOX = (
    "SELECT 1 FROM audit WHERE post_at <= :now"
    " UNION SELECT 1 FROM reports WHERE post_at <= :now"
    " UNION SELECT 1 FROM appeals WHERE post_at <= :now"
    " UNION SELECT 1 FROM reviews WHERE post_at <= :now LIMIT 1"
)
UNDELETED = (
    "SELECT 1 FROM generations WHERE take_down_at <= :now"
    " UNION SELECT 1 FROM films WHERE take_down_at <= :now LIMIT 1"
)
UNJOINED = "SELECT 1 FROM films WHERE delivered_at IS NULL AND accepted_at IS NOT NULL LIMIT 1"
UNDECIDED = (
    "SELECT 1 FROM reviews WHERE decision IS NULL AND (ends_at <= :now OR NOT EXISTS"
    " (SELECT 1 FROM generations WHERE review_id = reviews.id AND review_until IS NOT NULL"
    " AND status IN ('preparing', 'queued', 'succeeded'))) LIMIT 1"
)
UNCHARGED = (
    "SELECT 1 FROM generations WHERE provider_id IS NOT NULL AND finished_at IS NOT NULL"
    " AND coalesce(cost_source, '') != 'ledger' AND finished_at > :lately LIMIT 1"
)
APPEALED = "SELECT 1 FROM appeals LIMIT 1"
APPEALS = ("end_unanswered", "drop_appeals")  # what the retention does about them each time
LOOKS: tuple[tuple[type, str, str], ...] = (
    (PositionUpdater, "look", QUEUED),
    (Departures, "look", UNSENT),
    (OutboxRelay, "_look", OUTBOX),
    (Reconciliation, "reconcile", UNCHARGED),
    (Takedowns, "look", UNDELETED),
    (FilmRunner, "look", UNJOINED),
    (FilmRunner, "release", UNJOINED),
    (Reviews, "look", UNDECIDED),
)
# A finished video that moderators see is left alone; one that can't be shown now, until then.
WAITING = (
    "SELECT status = 'queued' AND card_id IS NOT NULL, status IN ('submitting', 'running'),"
    " not_before, lease_until,"
    " (SELECT coalesce(post_at, '9999') FROM reviews WHERE reviews.id = generations.review_id"
    " AND decision IS NULL AND generations.status = 'succeeded'"
    " AND generations.review_until IS NOT NULL) AS shown_at"
    " FROM generations WHERE (delivered_at IS NULL OR late_until IS NOT NULL) AND NOT"
    " (status IN ('preparing', 'queued') AND awaits_id IS NOT NULL"
    " OR status = 'queued' AND review_until IS NOT NULL AND card_id IS NOT NULL)"
    " AND coalesce(shown_at, '') != '9999'"
)


class Shortcuts:
    """Puts off looks that would find nothing."""

    def __init__(self, world: "World") -> None:
        self._world = world

    @contextmanager
    def taken(self) -> Generator[None]:
        """Take them."""
        claim, rest = GenerationQueue.claim, self._rest

        async def claim_if_any(queue: GenerationQueue, max_rows: int) -> list[Generation]:
            claimed = await claim(queue, max_rows) if rest(queue) <= 0 else []
            bot.jobs.runner.LOOK_INTERVAL = 1.0 if claimed else rest(queue) or 1.0
            return claimed

        with ExitStack() as stack:
            stack.enter_context(patch.object(bot.jobs.runner, "LOOK_INTERVAL", 1.0))
            stack.enter_context(patch.object(GenerationQueue, "claim", claim_if_any))
            for place, name, seconds in (*RARELY, *self._more_rarely()):
                stack.enter_context(patch.object(place, name, seconds))
            for name in APPEALS:
                work = getattr(bot.privacy.retention, name)
                stack.enter_context(patch.object(bot.privacy.retention, name, self._if_appealed(work)))
            asked_for = [model for model in ALL_MODELS if model.id in self._world.sold]
            stack.enter_context(patch.object(bot.eta.duration_estimator, "ALL_MODELS", asked_for))
            for kind, name, query in LOOKS:
                stack.enter_context(patch.object(kind, name, self._if_any(getattr(kind, name), query)))
            yield

    def _more_rarely(self) -> Sequence[tuple[Any, str, float]]:
        """Return what is done less often still where there are many days."""
        return IN_MANY_DAYS if self._world.scenario.is_long else ()

    def _if_any(self, look: Callable[..., Awaitable[None]], query: str) -> Callable[..., Awaitable[None]]:
        async def look_if_any(*arguments: Any) -> None:
            now = self._world.now()
            moments = {"now": now.strftime(MOMENT), "lately": (now - LATELY).strftime(MOMENT)}
            if self._world.books.execute(query, moments).fetchone():
                await look(*arguments)

        return look_if_any

    def _if_appealed(self, work: Callable[..., int]) -> Callable[..., int]:
        """Return work on appeals that is only done where there are any."""

        def work_if_any(*arguments: Any) -> int:
            return work(*arguments) if self._world.books.execute(APPEALED).fetchone() else 0

        return work_if_any

    def _rest(self, queue: GenerationQueue) -> float:
        """Return the seconds until something may be due; 0: it may be now."""
        now = self._world.now().replace(tzinfo=None)
        rows = [
            (is_in_line, _is_held(lease_until, now, queue.lease), is_away, not_before, lease_until, shown_at)
            for is_in_line, is_away, not_before, lease_until, shown_at in self._world.books.execute(WAITING)
        ]
        taken = sum(is_away or (is_in_line and is_held) for is_in_line, is_held, is_away, *_ in rows)
        is_full = taken >= self._world.scenario.max_running
        moments = [
            _free_at(not_before, lease_until if is_held else None, shown_at, now)
            for is_in_line, is_held, _, not_before, lease_until, shown_at in rows
            if is_held or not (is_full and is_in_line)  # these wait for another's end, which is a commit
        ]
        rest = min(((moment - now).total_seconds() for moment in moments), default=LONGEST_SLEEP)
        return float(min(math.ceil(max(rest, 0.0)), LONGEST_SLEEP))


def _is_held(lease_until: str | None, now: datetime, lease: timedelta) -> bool:
    """Whether somebody holds a lease that makes sense (`bot.jobs.fair_order.is_free`)."""
    return lease_until is not None and now <= datetime.fromisoformat(lease_until) <= now + 2 * lease


def _free_at(not_before: str, lease_until: str | None, shown_at: str | None, now: datetime) -> datetime:
    """Return from when on a row may be taken; one that no wait is as long as, now (`bot.jobs.fair_order`)."""
    due = datetime.fromisoformat(not_before)
    due = now if due > now + LONGEST_WAIT else due
    return max([due, *(datetime.fromisoformat(moment) for moment in (lease_until, shown_at) if moment)])
