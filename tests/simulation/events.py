"""What happened, line by line, and a digest of it: two runs of one seed have the same."""

import hashlib
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

from bot.errors import DatabaseBusyError
from tests.simulation.loop import OWNER

HIDDEN = frozenset({"event", "level", "exc_info", "timestamp"})


class EventLog:
    """The lines of a run.

    Args:
        stamp: the moment, as it stands before each line.
        folder: where the files are; it has another name in each run, so no line names it.
        is_kept: whether the lines themselves are kept, beside their digest.

    Attributes:
        lines: all of them, or none.
        unforeseen: errors that the program logged with their traceback, since nobody expected them.
    """

    def __init__(self, stamp: Callable[[], str], folder: str, *, is_kept: bool) -> None:
        self._stamp = stamp
        self._folder = folder
        self._is_kept = is_kept
        self._hash = hashlib.sha256()
        self.lines: list[str] = []
        self.unforeseen: list[str] = []

    @property
    def digest(self) -> str:
        """The digest of all lines so far."""
        return self._hash.hexdigest()[:16]

    def add(self, who: str, what: str) -> None:
        """Write down a line."""
        line = f"{self._stamp()}  {who}: {what.replace(self._folder, '~')}"
        self._hash.update(line.encode(errors="replace"))
        if self._is_kept:
            self.lines.append(line)

    def take(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> Any:
        """Take a line of the program's own log; as structlog's last processor."""
        owner = OWNER.get()
        name = str(getattr(owner, "name", "world"))
        told = " ".join(f"{key}={value}" for key, value in sorted(event.items()) if key not in HIDDEN)
        error = event.get("exc_info")
        if error and not getattr(owner, "is_dead", False):
            self._note_error(str(event["event"]), error)
        self.add(name, f"{event.get('level', '')} {event['event']} {told}".rstrip())
        raise structlog.DropEvent

    def _note_error(self, event: str, error: Any) -> None:
        if error is True:
            error = sys.exc_info()[1]
        if not isinstance(error, DatabaseBusyError):  # somebody else held the file
            self.unforeseen.append(f"{event}: {error!r}")
