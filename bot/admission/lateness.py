"""The lateness of interactions, so that no work is done that Discord takes no answer for any more.

Discord says when each was made, by its own clock, and the host's may differ by any amount. So what counts
is how much later one comes than the quick ones of the last minutes. It's compared with the host's monotonic
clock, which never jumps.
"""

import math
from heapq import nsmallest

WINDOW = 600.0  # seconds for which the quick ones count, at least; clocks drift apart by under 0.1 s in it
TOO_LATE = 2.8  # seconds; Discord takes an answer within 3, and an answer is a call


class Lateness:
    """The quickest ways of the last minutes. They're kept in memory: a new process measures them itself.

    The second quickest is what others are compared with, so that one with a wrong time spoils nothing.
    """

    def __init__(self) -> None:
        self._since = -math.inf
        self._quick = self._quick_before = list[float]()

    def record(self, made_at: float, now: float) -> float:
        """Record an interaction; return how many seconds later than the quick ones it came, 0.0 or more.

        Args:
            made_at: when it was made, in seconds by Discord's clock.
            now: seconds on a monotonic clock of ours.
        """
        took = now - made_at
        if now - self._since >= WINDOW:
            is_recent = now - self._since < 2 * WINDOW
            self._quick_before = self._quick if is_recent else []
            self._since, self._quick = now, []
        self._quick = nsmallest(2, [*self._quick, took])
        return max(0.0, took - nsmallest(2, [*self._quick, *self._quick_before])[-1])
