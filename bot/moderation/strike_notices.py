"""Tells members of strikes that no refusal told them of: by direct message, each once.

The rows are the outbox: `tell_at` says when one is due. A process takes a row by moving its `tell_at`, sends
the message with one nonce, and clears `tell_at`. A member who takes no messages finds it in `/usage`.
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
from bot.db.guild_models import ReportRow, StrikeKind, StrikeRow
from bot.jobs.ports import DeliveryPostponedError, UndeliverableError
from bot.policy.store import fetch_member_policy, fetch_policy
from bot.policy.strike_rows import DELETION, Struck, fetch_active_strikes, record_told
from bot.signals import run_every

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LOOK_INTERVAL = 2.0  # seconds between looks for due rows
LOOK_SIZE = 10  # rows in one look
SEND_TIMEOUT = 10.0  # seconds for one message; the program's end waits for it
RETRY = timedelta(seconds=60)  # shorter than Discord remembers a nonce
GIVE_UP_AFTER = timedelta(hours=24)  # since the strike


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice to a member: the strike, and how they stand now; `is_film`: a whole film was deleted."""

    row: StrikeRow
    struck: Struck
    is_film: bool = False


class MemberMessages(Protocol):
    """Sends direct messages; Discord's side is `cogs.delivery.strike_messages`."""

    async def tell_strike(self, notice: Notice) -> None:
        """Send one; raises `DeliveryPostponedError`: later perhaps; `UndeliverableError`: they take none."""
        ...


class StrikeNotices:
    """Sends what is due, until the program stops."""

    def __init__(
        self,
        database: Database,
        messages: MemberMessages,
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
            LOOK_INTERVAL, self._stopping, self.look, failed="could not tell members about strikes"
        )

    async def look(self) -> None:
        """Send what is due now."""
        now = self._clock()
        due = select(StrikeRow).where(StrikeRow.tell_at <= now).order_by(StrikeRow.tell_at).limit(LOOK_SIZE)
        for row in await self._database.read(lambda session: session.scalars(due).all()):
            if not self._stopping.is_set():
                await self._serve(row)

    async def _serve(self, row: StrikeRow) -> None:
        notice = await self._database.write(lambda session: _claim(session, row, self._clock()))
        if notice is None:
            return
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                await self._messages.tell_strike(notice)
        except (DeliveryPostponedError, TimeoutError) as error:
            log.warning("could not tell a member about a strike yet", strike=row.id, reason=repr(error))
            if self._clock() - row.created_at < GIVE_UP_AFTER:
                return
        except UndeliverableError as error:
            log.info(
                "a member doesn't accept a direct message about a strike", strike=row.id, reason=str(error)
            )
        await self._database.write(lambda session: record_told(session, row.id))


def _claim(session: Session, row: StrikeRow, now: datetime) -> Notice | None:
    """Take a row; None: another process has it, or there is nothing to tell any more."""
    taken = update(StrikeRow).where(StrikeRow.id == row.id, StrikeRow.tell_at == row.tell_at)
    result = session.execute(taken.values(tell_at=now + RETRY))
    if not isinstance(result, CursorResult) or not result.rowcount:
        return None
    rules = fetch_policy(session, row.guild_id).strikes
    active = rules and fetch_active_strikes(session, rules, row.guild_id, row.user_id, now)
    if not active or not active.count or row.fades_at <= now:
        record_told(session, row.id)
        return None
    block = fetch_member_policy(session, row.guild_id, row.user_id).block_at(now)
    struck = Struck(row.id, counts=True, active=active, block=block)
    return Notice(row, struck, is_film=_is_for_film(session, row))


def _is_for_film(session: Session, row: StrikeRow) -> bool:
    """Whether it was given for a whole film: one for a shot has the film's ID, too."""
    film_id, is_of_film, _ = row.source.removeprefix(DELETION).partition(":")
    if row.kind is not StrikeKind.REPORT or not is_of_film:
        return False
    deleted = (ReportRow.generation_id == film_id, ReportRow.deleted_by.is_not(None))
    return session.scalar(select(ReportRow.id).where(*deleted).limit(1)) is not None
