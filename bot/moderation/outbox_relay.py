"""The moderators' channel: posts what the audit trail and the reports have for it, each once.

The rows are the outbox: `post_at` says when one is due. A process takes a row by moving its `post_at` into
the future, posts it and clears `post_at`. If it dies in between, the row is due again within the minutes in
which Discord returns the first message for the same nonce, so nothing is shown twice; only when the program
stays down for longer may one entry be.
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
from bot.db.guild_models import AppealRow, AuditRow, ReportRow
from bot.db.models import Generation
from bot.jobs.ports import DeliveryPostponedError, UndeliverableError
from bot.moderation.appeal_decisions import Appeal, load_appeal, note_told
from bot.moderation.report_decisions import ReportedVideo
from bot.policy.store import fetch_policy
from bot.signals import run_every

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LOOK_INTERVAL = 2.0  # seconds between looks for due rows
LOOK_SIZE = 10  # rows in one look
POST_TIMEOUT = 10.0  # seconds for one message; the program's end waits for it
RETRY = timedelta(seconds=60)  # shorter than Discord remembers a nonce (`NONCE_LIFE`)
REFUSED_WAIT = timedelta(minutes=10)  # a moderator may mend the permissions
PATIENCE = timedelta(hours=24)  # with a channel that refuses

Row = AuditRow | ReportRow | AppealRow
Shown = AuditRow | ReportedVideo | Appeal

# The outboxes, and since when a row of each waits.
OUTBOXES = (
    (AuditRow, AuditRow.at),
    (ReportRow, ReportRow.created_at),
    (AppealRow, AppealRow.created_at),
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that this process shows, and where.

    `until`: when it's due again. Where that has changed meanwhile, somebody made the row due: a decision, or
    another channel for moderators. It's then shown again, though it was just shown.
    """

    row: Row
    until: datetime
    channel_id: int
    shown: Shown


class ModeratorChannel(Protocol):
    """Shows things in a channel of the moderators; Discord's side is `cogs.delivery.moderator_channel`.

    All may raise `DeliveryPostponedError`: later perhaps; and `UndeliverableError`: the channel refuses.
    """

    async def post_entry(self, channel_id: int, entry: AuditRow) -> None:
        """Show one row of the audit trail."""
        ...

    async def post_report(self, channel_id: int, reported: ReportedVideo) -> int:
        """Show a report with its buttons; return the message's id."""
        ...

    async def post_appeal(self, channel_id: int, appeal: Appeal) -> int:
        """Show what a member asks about, with its buttons; return the message's id."""
        ...

    async def tell_member(self, appeal: Appeal) -> bool:
        """Send a member what was decided; return whether Discord took it."""
        ...

    async def update_appeal(self, appeal: Appeal) -> None:
        """Show in the appeal's message what was decided."""
        ...


class OutboxRelay:
    """Posts what is due, until the program stops."""

    def __init__(
        self, database: Database, board: ModeratorChannel, stopping: asyncio.Event, clock: Clock = utc_now
    ) -> None:
        self._database = database
        self._board = board
        self._stopping = stopping
        self._clock = clock
        # Since when a channel refuses. A restart begins anew: it only makes us try longer.
        self._refusing: dict[int, datetime] = {}

    async def run(self) -> None:
        """Look for what is due until `stopping` is set."""
        await run_every(
            LOOK_INTERVAL, self._stopping, self._look, failed="the moderators' channels cannot be served"
        )

    async def _look(self) -> None:
        for row in await self._fetch_due():
            if not self._stopping.is_set():
                await self._serve(row)

    async def _fetch_due(self) -> list[Row]:
        """Return some due rows, those that have waited longest first."""
        now = self._clock()

        def look(session: Session) -> list[Row]:
            rows: list[Row] = []
            for table, waiting_since in OUTBOXES:
                due = select(table).where(table.post_at <= now).order_by(waiting_since, table.id)
                rows += session.scalars(due.limit(LOOK_SIZE)).all()
            return rows

        return sorted(await self._database.read(look), key=_waiting_since)[:LOOK_SIZE]

    async def _serve(self, row: Row) -> None:
        claim = await self._claim(row)
        if claim is None:
            return
        try:
            async with asyncio.timeout(POST_TIMEOUT):
                message_id = await self._post(claim.channel_id, claim.shown)
        except (DeliveryPostponedError, TimeoutError) as error:
            log.warning("not shown to the moderators yet", guild=row.guild_id, reason=repr(error))
            await self._postpone(claim, _wait_after(error))
        except UndeliverableError as error:
            await self._note_refusal(claim, error)
        except Exception:  # a row that cannot be shown must not keep the others from being shown
            log.exception("a row cannot be shown to the moderators", guild=row.guild_id, row=row.id)
            await self._lay_aside(claim)
        else:
            self._refusing.pop(claim.channel_id, None)
            await self._note_posted(claim, message_id)

    async def _claim(self, row: Row) -> Claim | None:
        """Return the channel and what to show there.

        None: another process has taken the row, or the server has no channel for moderators any more.
        """
        until = self._clock() + RETRY

        def claim(session: Session) -> Claim | None:
            if not _move(session, row, until, seen=row.post_at):
                return None
            channel_id = fetch_policy(session, row.guild_id).moderators_channel_id
            if isinstance(row, AppealRow) and row.decision is not None:
                channel_id = row.channel_id  # its message is where it is
            if channel_id is not None:
                return Claim(row, until, channel_id, _load(session, row))
            _move(session, row, None)  # a report is shown later: `Moderation.change_settings`
            return None

        return await self._database.write(claim)

    async def _post(self, channel_id: int, shown: Shown) -> int | None:
        if isinstance(shown, ReportedVideo):
            return await self._board.post_report(channel_id, shown)
        if isinstance(shown, Appeal) and shown.row.decision is not None and shown.row.message_id is not None:
            return await self._follow_up(shown, shown.row.message_id)
        if isinstance(shown, Appeal):
            return await self._board.post_appeal(channel_id, shown)
        await self._board.post_entry(channel_id, shown)
        return None

    async def _follow_up(self, appeal: Appeal, message_id: int) -> int:
        """Do what follows a decision, where the process that wrote it down could not; return the message."""
        row = appeal.row
        if row.told_at is None and await self._board.tell_member(appeal):
            row.told_at = self._clock()
            await self._database.write(lambda session: note_told(session, row.id, self._clock()))
        await self._board.update_appeal(appeal)
        return message_id

    async def _note_posted(self, claim: Claim, message_id: int | None) -> None:
        def settle(session: Session) -> None:
            row = claim.row
            _move(session, row, None, seen=claim.until)
            if isinstance(row, ReportRow | AppealRow):
                table = type(row)
                session.execute(
                    update(table)
                    .where(table.id == row.id)
                    .values(channel_id=claim.channel_id, message_id=message_id)
                )

        await self._database.write(settle)

    async def _note_refusal(self, claim: Claim, error: UndeliverableError) -> None:
        """Let the whole server wait, so that a closed channel is not asked for each row."""
        now, guild_id, channel_id = self._clock(), claim.row.guild_id, claim.channel_id
        if channel_id not in self._refusing:
            self._refusing[channel_id] = now
            log.warning(
                "the moderators' channel refuses", guild=guild_id, channel=channel_id, reason=str(error)
            )
        if now - self._refusing[channel_id] >= PATIENCE:
            await self._give_up(guild_id, now - PATIENCE)
        await self._postpone(claim, REFUSED_WAIT)

    async def _give_up(self, guild_id: int, before: datetime) -> None:
        """Post no row that has waited since `before`; `/veo-admin log` still has the trail."""

        def give_up(session: Session) -> None:
            # A member waits for an answer to an appeal, so that one is tried until the channel is back.
            for table, waiting_since in OUTBOXES[:2]:
                waiting = update(table).where(
                    table.guild_id == guild_id, table.post_at.is_not(None), waiting_since <= before
                )
                session.execute(waiting.values(post_at=None))

        await self._database.write(give_up)
        log.error("gave up showing a message that waited for a day", guild=guild_id)

    async def _postpone(self, claim: Claim, wait: timedelta) -> None:
        """Let all that is due in a server wait, so that it is shown in order later.

        What another process is showing just now isn't due, and stays with that process.
        """
        now = self._clock()

        def postpone(session: Session) -> None:
            _move(session, claim.row, now + wait, seen=claim.until)
            for table, _ in OUTBOXES:
                due = update(table).where(table.guild_id == claim.row.guild_id, table.post_at <= now)
                session.execute(due.values(post_at=now + wait))

        await self._database.write(postpone)

    async def _lay_aside(self, claim: Claim) -> None:
        now = self._clock()
        is_hopeless = now - _waiting_since(claim.row) >= PATIENCE
        later = None if is_hopeless else now + REFUSED_WAIT
        await self._database.write(lambda session: _move(session, claim.row, later, seen=claim.until))


def _load(session: Session, row: Row) -> Shown:
    if isinstance(row, AuditRow):
        return row
    if isinstance(row, AppealRow):
        return load_appeal(session, session.get_one(AppealRow, row.id))
    report = session.get_one(ReportRow, row.id)  # somebody may have decided it since it was found
    return ReportedVideo(report, session.get(Generation, row.generation_id))


def _move(session: Session, row: Row, post_at: datetime | None, *, seen: datetime | None = None) -> bool:
    """Change when the row is due; `seen`: only where that is what it was. Return whether it was changed."""
    table = type(row)
    query = update(table).where(table.id == row.id)
    if seen is not None:
        query = query.where(table.post_at == seen)
    result = session.execute(query.values(post_at=post_at))
    return isinstance(result, CursorResult) and result.rowcount == 1


def _waiting_since(row: Row) -> datetime:
    return row.at if isinstance(row, AuditRow) else row.created_at


def _wait_after(error: DeliveryPostponedError | TimeoutError) -> timedelta:
    asked = error.retry_after if isinstance(error, DeliveryPostponedError) else None
    return max(RETRY, timedelta(seconds=asked or 0))
