"""Throttle of card edits: each at most once in an interval, all together at most at a given rate.

What is overtaken by a newer state of the same card is never sent; the newest one always is.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.db.models import OPEN, Generation, Status
from bot.db.review_models import is_held
from bot.eta.rate_limiter import RateLimiter
from bot.metrics.metrics import EDITS, SAVED, SENT

Edit = Callable[[], Awaitable[None]]

# A request that waits never comes after one that is being made, whatever order they are told in.
RANKS = {Status.PREPARING: 0, Status.QUEUED: 0, Status.SUBMITTING: 1, Status.RUNNING: 2}
FIRST_RANK, HELD_RANK, FINAL_RANK = 0, 3, 4
KEPT = 3600.0  # seconds after the last edit; another process may make the final one


def rank_of(generation: Generation) -> int:
    """Return how far a request has come; what has ended comes last, after what moderators see first."""
    if is_held(generation):
        return HELD_RANK
    return RANKS.get(generation.status, FINAL_RANK) if generation.status in OPEN else FINAL_RANK


@dataclass(slots=True)
class CardThrottle:
    """The throttle of one card's edits. Pure: times are seconds on the caller's clock.

    Attributes:
        free_at: when the next edit may begin.
        rank: of the newest state.
        newest: the number of the newest state.
    """

    free_at: float = 0.0
    rank: int = 0
    newest: int = 0

    def take_ticket(self, rank: int) -> int | None:
        """Return a number for a new state, or None where it is older than what was told already."""
        if rank < self.rank:
            return None
        self.rank = rank
        self.newest += 1
        return self.newest

    def delay(self, now: float) -> float:
        """Return the seconds until the card may be edited."""
        return max(0.0, self.free_at - now)

    def record_edit(self, now: float, interval: float) -> None:
        """Record that an edit has just gone out."""
        self.free_at = now + interval


@dataclass(slots=True)
class _Card:
    throttle: CardThrottle = field(default_factory=CardThrottle)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class CardEdits:
    """Edits cards as often as they may be edited. One object for the whole program.

    Args:
        interval: seconds between two edits of the same card.
        limiter: gives slots to all cards, in the order in which they are asked for.
        wait: waits so many seconds; whatever it raises leaves `edit` too.
    """

    def __init__(
        self,
        interval: float,
        limiter: RateLimiter,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._interval = interval
        self._limiter = limiter
        self._wait = wait
        self._cards: dict[int, _Card] = {}  # by message; those that may be edited again soon

    async def edit(self, card_id: int, rank: int, edit: Edit) -> None:
        """Call `edit` as soon as the card may be edited, unless a newer state has come by then.

        `rank`: the state's, see `rank_of`. What `edit` raises leaves here.
        """
        card = self._cards.setdefault(card_id, _Card())
        ticket = card.throttle.take_ticket(rank)
        if ticket is None:
            EDITS.labels(SAVED).inc()
            return
        clock = asyncio.get_running_loop().time
        async with card.lock:
            if ticket == card.throttle.newest and (delay := card.throttle.delay(clock())):
                await self._wait(delay)
            if ticket == card.throttle.newest:
                await self._limiter.acquire()
            if ticket != card.throttle.newest:
                EDITS.labels(SAVED).inc()
                return
            EDITS.labels(SENT).inc()
            try:
                await edit()
            finally:
                card.throttle.record_edit(clock(), self._interval)
                self._forget_later(card_id, card, ticket, self._interval if rank == FINAL_RANK else KEPT)

    def _forget_later(self, card_id: int, card: _Card, ticket: int, after: float) -> None:
        def forget() -> None:
            if ticket == card.throttle.newest:
                self._cards.pop(card_id, None)

        asyncio.get_running_loop().call_later(after, forget)
