"""The order of tries while something is refused. Pure: `now` is passed in.

Requests that have never tried go first, then those that tried longest ago. Else the ones that are refused by
themselves could close the way again and again, and nobody would find out that the others are taken.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from cachetools import FIFOCache

DUE_REQUEST_WAIT = timedelta(seconds=10)  # for which a request whose time has come is waited for
MAX_TRIES = 10_000  # requests whose last try is remembered
MAX_WAITING = 200  # requests that others wait for; each try looks at all of them


class FairTries:
    """The order of tries, as one process has seen them."""

    def __init__(self) -> None:
        self._count = 0
        self._tries = FIFOCache[str, int](MAX_TRIES)  # by request: the number of its last try
        # By request: its model, and when it asks again.
        self._waiting = FIFOCache[str, tuple[str, datetime]](MAX_WAITING)

    def tries(self, request_id: str) -> None:
        """Record that a request is sent now."""
        self._count += 1
        self._tries[request_id] = self._count
        self._waiting.pop(request_id, None)

    def waits(self, request_id: str, model: str, due: datetime) -> None:
        """Record that a request asks again at a time."""
        self._waiting[request_id] = (model, due)

    def is_another_first(self, request_id: str, is_open: Callable[[str], bool], now: datetime) -> bool:
        """Whether a request whose time has come, and whose model `is_open`, goes before this one."""
        own = self._tries.get(request_id, 0)
        return any(
            self._tries.get(other, 0) < own and due <= now <= due + DUE_REQUEST_WAIT and is_open(model)
            for other, (model, due) in self._waiting.items()
        )
