"""The create calls that the database doesn't know: it was put back from a backup, and they were made since.

What waited in the backup's queue may have been sent after it. Those calls have the names that the next ones
would have, so the provider's log tells of them.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from sqlalchemy import func, select

from bot.clock import Clock
from bot.db.database import Database
from bot.db.models import WAITING, Generation
from bot.errors import DatabaseBusyError
from bot.provider.client import VeoClient
from bot.provider.errors import VeoError
from bot.provider.models import LogEntry

RETRY = timedelta(minutes=1)  # after a log that couldn't be read
LONGEST_NUMBER = 5  # digits; one that is refused all day long has four

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KnownCalls:
    """The log's rows about one request.

    Attributes:
        last: the number of the last call.
        latest: its row, which may be wrong if it says that the call failed.
        number: of the call that the provider took.
        accepted: its row; None: it took none.
    """

    last: int
    latest: LogEntry | None = None
    number: int = 0
    accepted: LogEntry | None = None


class UnknownCalls:
    """Tells of them by one look into the log, for all requests that are older than this process."""

    def __init__(self, veo: VeoClient, database: Database, clock: Clock) -> None:
        self._veo = veo
        self._database = database
        self._clock = clock
        self._opened_at = self._next_look = clock()
        self._calls: Mapping[str, KnownCalls] | None = None
        self._lock = asyncio.Lock()

    async def find(self, generation: Generation) -> KnownCalls | None:
        """Return what the log has of a request beyond its row; None: nothing, or it couldn't be read."""
        if generation.created_at > self._opened_at:
            return None  # no process before this one can have sent it
        async with self._lock:
            if self._calls is None and self._clock() >= self._next_look:
                self._next_look = self._clock() + RETRY
                await self._look()
        found = (self._calls or {}).get(generation.id)
        return found if found is not None and found.last > generation.submission else None

    async def _look(self) -> None:
        oldest = select(func.min(Generation.created_at)).where(Generation.status.in_(WAITING))
        try:
            since = await self._database.read(lambda session: session.scalar(oldest))
            self._calls = {} if since is None else _by_request(await self._veo.list_calls(since))
        except (VeoError, DatabaseBusyError) as error:
            log.warning("could not search the provider's log before sending", reason=str(error))


def _by_request(entries: list[LogEntry]) -> dict[str, KnownCalls]:
    """Return what the log has of each request, by its ID."""
    calls: dict[str, KnownCalls] = {}
    for entry in entries:
        request_id, dot, digits = (entry.client_request_id or "").partition(".")
        if dot and not (digits.isdecimal() and len(digits) <= LONGEST_NUMBER):
            continue  # another program's
        number = int(digits) if dot else 1
        known = calls.get(request_id, KnownCalls(0))
        if number > known.last:
            known = replace(known, last=number, latest=entry)
        if entry.inference_id and not entry.is_refused and number > known.number:
            known = replace(known, number=number, accepted=entry)
        calls[request_id] = known
    return calls
