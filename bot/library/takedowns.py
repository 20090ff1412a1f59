"""Deletes the messages of removed videos and films where the click that removed them didn't get to the end.

The rows are the outbox: `take_down_at` says when one is due. The click that removes it deletes its messages
and clears that. It stays where the process ended in between, or where Discord refused. A process takes a row
by moving its `take_down_at`.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.film_models import FilmRow
from bot.db.guild_models import Action, AuditRow
from bot.db.models import Generation
from bot.errors import DatabaseBusyError
from bot.jobs.ports import DeliveryPostponedError
from bot.library.removal import record_taken_down
from bot.policy.audit import fetch_latest
from bot.signals import StoppingError, run_every

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LOOK_INTERVAL = 5.0  # seconds between looks for due rows
LOOK_SIZE = 10  # rows in one look
TAKEDOWN_TIMEOUT = 30.0  # seconds for the messages of one; the program's end waits for it
RETRY = timedelta(minutes=10)  # a moderator may mend the permissions
GIVE_UP_AFTER = timedelta(hours=24)  # since it was removed

Removed = Generation | FilmRow


@dataclass(frozen=True, slots=True)
class Takedown:
    """A removed video or film.

    Attributes:
        actor_id: who removed it, at `since`.
        is_decided: a moderator did so, after a report.
    """

    row: Removed
    actor_id: int
    since: datetime
    is_decided: bool = False


class RemovedMessages(Protocol):
    """Deletes messages; Discord's side is `cogs.delivery.removed_messages`."""

    async def take_down(self, takedown: Takedown) -> None:
        """Delete all messages that are left; raises `DeliveryPostponedError`: one is still there."""
        ...


class Takedowns:
    """Does what is due, until the program stops."""

    def __init__(
        self,
        database: Database,
        messages: RemovedMessages,
        stopping: asyncio.Event,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._messages = messages
        self._stopping = stopping
        self._clock = clock

    async def run(self) -> None:
        """Look for what is due until `stopping` is set."""
        await run_every(
            LOOK_INTERVAL, self._stopping, self.look, failed="could not delete messages of removed videos"
        )

    async def look(self) -> None:
        """Delete what is due now."""
        for row in await self._fetch_due():
            if not self._stopping.is_set():
                await self._serve(row)

    async def _fetch_due(self) -> list[Removed]:
        now = self._clock()

        def look(session: Session) -> list[Removed]:
            rows: list[Removed] = []
            for table in (Generation, FilmRow):
                due = select(table).where(table.take_down_at <= now).order_by(table.take_down_at)
                rows += session.scalars(due.limit(LOOK_SIZE)).all()
            return rows

        return await self._database.read(look)

    async def _serve(self, row: Removed) -> None:
        until = self._clock() + RETRY
        takedown = await self._database.write(lambda session: _claim(session, row, until))
        if takedown is None:
            return
        if not await self._take_down(takedown):
            if self._clock() - takedown.since < GIVE_UP_AFTER:
                return
            log.error("gave up deleting the message of a removed video or film", subject=row.id)
        await self._database.write(lambda session: record_taken_down(session, row, until))

    async def _take_down(self, takedown: Takedown) -> bool:
        """Delete all messages that are left; return whether none is."""
        subject_id = takedown.row.id
        try:
            async with asyncio.timeout(TAKEDOWN_TIMEOUT):
                await self._messages.take_down(takedown)
        except (DatabaseBusyError, StoppingError):
            raise
        except (DeliveryPostponedError, TimeoutError) as error:
            log.warning("a removed video or film is still posted", subject=subject_id, reason=repr(error))
            return False
        except Exception:  # nobody foresaw it; what is kept is forgotten after a day all the same
            log.exception("could not delete the message of a removed video or film", subject=subject_id)
            return False
        return True


def _claim(session: Session, row: Removed, until: datetime) -> Takedown | None:
    """Take a row; None: another process has it, or it's done."""
    table = type(row)
    taken = update(table).where(table.id == row.id, table.take_down_at == row.take_down_at)
    result = session.execute(taken.values(take_down_at=until))
    if not isinstance(result, CursorResult) or not result.rowcount:
        return None
    about_it = AuditRow.subject == f"{'film' if isinstance(row, FilmRow) else 'generation'}:{row.id}"
    entry = fetch_latest(session, row.guild_id, Action.VIDEO_DELETE, row.removed_at, about_it)
    if entry is None or entry.actor_id is None:
        return Takedown(row, row.user_id, row.removed_at or until)
    is_decided = entry.reason is not None and entry.actor_id != row.user_id
    return Takedown(row, entry.actor_id, entry.at, is_decided=is_decided)
