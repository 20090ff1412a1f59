"""Telling of a trouble that lasts: at once, then at growing intervals, and once more when it's over.

What is tried every second would fill the log otherwise, and hide in it what else happens.
"""

import re

from bot.clock import monotonic

FIRST_REMINDER, LONGEST_REMINDER = 60.0, 600.0  # seconds between two lines about the same trouble
CALM_SECONDS = 5.0  # without a failure, after which one success says that it's over
# Told of one trouble as they come. An error may name a new number each time, which hides no other error.
MAX_REASONS, MAX_KINDS = 5, 20
NUMBERS = re.compile(r"\b(?=[a-f]*\d)[0-9a-f]+\b", re.IGNORECASE)


class Outage:
    """One thing that works or doesn't, as often as it's tried; it decides which failures are worth a line.

    What comes back for less than the time between two lines goes on as the same trouble.
    """

    def __init__(self) -> None:
        self._begun_at: float | None = None
        self._begin(0.0)

    def _begin(self, now: float) -> None:
        self._failed_at, self._due_at = now, now + FIRST_REMINDER
        self._interval = FIRST_REMINDER
        self._failures = 0
        self._reasons, self._kinds = set[str](), set[str]()
        self._is_over = False

    def failed(self, reason: str) -> dict[str, object] | None:
        """Note a failure, and return what its line says of the time before; None: it needs no line.

        `reason`: a new one is told at once. Empty: the trouble has just begun.
        """
        now = monotonic()
        if self._begun_at is None or (self._is_over and now >= self._due_at):
            self._begin(now)
            self._begun_at = now
        self._failed_at, self._is_over = now, False
        self._failures += 1
        if self._is_news(reason):
            self._reasons.add(reason)
            self._kinds.add(_kind_of(reason))
        elif now >= self._due_at:
            self._interval = min(2 * self._interval, LONGEST_REMINDER)
            self._due_at = now + self._interval
        else:
            return None
        return self._so_far(now) if self._failures > 1 else {}

    def worked(self) -> dict[str, object] | None:
        """Note a success, and return what the line about the end says; None: it needs no line."""
        now = monotonic()
        if self._begun_at is None or self._is_over or now - self._failed_at < CALM_SECONDS:
            return None
        self._is_over = True
        return self._so_far(now)

    def _is_news(self, reason: str) -> bool:
        is_another = _kind_of(reason) not in self._kinds and len(self._kinds) < MAX_KINDS
        return is_another or (reason not in self._reasons and len(self._reasons) < MAX_REASONS)

    def _so_far(self, now: float) -> dict[str, object]:
        return {"for_seconds": round(now - (self._begun_at or now)), "failures": self._failures}


def _kind_of(reason: str) -> str:
    return NUMBERS.sub("", reason)
