"""Messages that were sent and whose answer never came: they may still get through, where they were sent to.

Sent there again soon after, the first one comes back, by its nonce. Sent elsewhere, it'd be shown twice: so
that waits until the first one can't come any more. A restart forgets that; it takes a while itself, and the
place has to change at the same time.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import FIFOCache

from bot.jobs.ports import ARRIVAL

MAX_UNANSWERED = 1000  # the oldest are forgotten first


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A message that may still get through.

    Attributes:
        channel_id: where it was sent to; None: it's a direct message.
        left: seconds until it can't come any more.
    """

    channel_id: int | None
    left: float


class UnansweredPosts:
    """The last one of each generation and film."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # By the subject's ID: the channel's ID, None for a direct message; and until when it may come.
        self._sent = FIFOCache[str, tuple[int | None, float]](MAX_UNANSWERED)

    def note(self, subject_id: str, channel_id: int | None) -> None:
        """Note that what was sent there was not answered."""
        self._sent[subject_id] = (channel_id, self._clock() + ARRIVAL.total_seconds())

    def find(self, subject_id: str) -> Unanswered | None:
        """Return the one that may still get through, if there is one."""
        channel_id, until = self._sent.get(subject_id, (None, 0.0))
        left = until - self._clock()
        return Unanswered(channel_id, left) if left > 0 else None
