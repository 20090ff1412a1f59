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
from sqlalchemy import CursorResult, and_, not_, select, update
from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.guild_models import AppealRow, AuditRow, ReportRow
from bot.db.review_models import ReviewRow, ReviewStage
from bot.jobs.ports import DeliveryPostponedError, Posted, UndeliverableError
from bot.moderation.appeal_decisions import Appeal, load_appeal
from bot.moderation.follow_ups import Case, CaseMessages, FollowUps
from bot.moderation.outbox import (
    GIVE_UP_AFTER,
    REFUSED_WAIT,
    RETRY,
    Row,
    move,
    record_shown,
    show_end,
    wait_after,
)
from bot.moderation.reported import ReportedVideo, load_reported
from bot.moderation.review_decisions import Review, load_review
from bot.policy.store import fetch_policy
from bot.signals import run_every

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LOOK_INTERVAL = 2.0  # seconds between looks for due rows
LOOK_SIZE = 10  # rows in one look
POST_TIMEOUT = 10.0  # seconds for one message; the program's end waits for it

Shown = AuditRow | ReportedVideo | Case
CASES = (AppealRow, ReviewRow)  # whose decision is shown in their message

# The outboxes, and since when a row of each waits.
OUTBOXES = (
    (AuditRow, AuditRow.at),
    (ReportRow, ReportRow.created_at),
    (AppealRow, AppealRow.created_at),
    (ReviewRow, ReviewRow.created_at),
)
# A finished video is shown by who has its file (`bot.moderation.approval`), how it ended is shown here.
HAS_FILE = and_(ReviewRow.stage == ReviewStage.POSTED, ReviewRow.decision.is_(None))


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that this process shows, and where.

    `until`: when it's due again. Where that has changed meanwhile, somebody made the row due: a decision, or
    another channel for moderators. It's then shown again, though it was just shown. So is what was decided
    meanwhile, whatever has been done about that: what this process shows is the open question.
    """

    row: Row
    until: datetime
    channel_id: int
    shown: Shown


class ModeratorChannel(CaseMessages, Protocol):
    """Shows things in a channel of the moderators; Discord's side is `cogs.delivery.moderator_channel`.

    All may raise `DeliveryPostponedError`: later perhaps; and `UndeliverableError`: the channel refuses.
    """

    async def post_entry(self, channel_id: int, entry: AuditRow) -> None:
        """Show one row of the audit trail."""
        ...

    async def post_report(self, channel_id: int, reported: ReportedVideo) -> int:
        """Show a report with its buttons, in its message if that's there; return the message's id."""
        ...


@dataclass(slots=True)
class Refusals:
    """A channel's refusals: since when, and whether the log has what was given up because of them."""

    since: datetime
    is_reported: bool = False


class OutboxRelay:
    """Posts what is due, until the program stops."""

    def __init__(
        self,
        database: Database,
        moderator_channel: ModeratorChannel,
        stopping: asyncio.Event,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._moderator_channel = moderator_channel
        self._stopping = stopping
        self._clock = clock
        self._follow_ups = FollowUps(database, moderator_channel, clock)
        # What is in memory starts over with the program: that only makes us try longer.
        self._refusing: dict[int, Refusals] = {}  # by the channel
        self._failing: dict[tuple[str, int | str], datetime] = {}  # since when a row can't be shown

    async def run(self) -> None:
        """Look for what is due until `stopping` is set."""
        await run_every(
            LOOK_INTERVAL, self._stopping, self._look, failed="could not post in the moderators' channels"
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
                if table is ReviewRow:
                    due = due.where(not_(HAS_FILE))
                rows += session.scalars(due.limit(LOOK_SIZE)).all()
            return rows

        return sorted(await self._database.read(look), key=_waiting_since)[:LOOK_SIZE]

    async def _serve(self, row: Row) -> None:
        claim = await self._claim(row)
        if isinstance(claim, Appeal | Review):
            await self._follow_ups.serve(claim)
        elif claim is not None:
            await self._show(claim)

    async def _show(self, claim: Claim) -> None:
        guild_id = claim.row.guild_id
        try:
            async with asyncio.timeout(POST_TIMEOUT):
                message_id = await self._post(claim.channel_id, claim.shown)
        except (DeliveryPostponedError, TimeoutError) as error:
            log.warning("could not show a message to the moderators yet", guild=guild_id, reason=repr(error))
            await self._postpone(claim, wait_after(error))
        except UndeliverableError as error:
            await self._record_refusal(claim, error)
        except Exception:  # a row that cannot be shown must not keep the others from being shown
            log.exception("could not show a row to the moderators", guild=guild_id, row=claim.row.id)
            await self._lay_aside(claim)
        else:
            self._refusing.pop(claim.channel_id, None)
            self._failing.pop(_key_of(claim.row), None)
            await self._record_posted(claim, message_id)

    async def _claim(self, row: Row) -> Claim | Case | None:
        """Return what to show, and where; or an appeal or a review that is over, which needs no channel.

        None: another process has taken the row, or the server has no channel for moderators any more.
        """

        def claim(session: Session) -> Claim | Case | None:
            now = self._clock()  # not before: a write may wait for longer than `RETRY`
            until = now + RETRY
            if not move(session, row, until, seen=row.post_at):
                return None
            shown = _load(session, row, now)
            if isinstance(shown, Appeal | Review) and shown.row.decision is not None:
                return shown
            channel_id = fetch_policy(session, row.guild_id).moderators_channel_id
            if channel_id is not None:
                if isinstance(shown, Appeal | Review) and shown.row.message_id is None:
                    shown.row.channel_id = channel_id  # it may be there, though nobody learns of its message
                return Claim(row, until, channel_id, shown)
            move(session, row, None)  # a report is shown later: `Moderation.change_settings`
            return None

        return await self._database.write(claim)

    async def _post(self, channel_id: int, shown: Shown) -> int | None:
        if isinstance(shown, ReportedVideo):
            return await self._moderator_channel.post_report(channel_id, shown)
        if isinstance(shown, Appeal | Review):
            return await self._moderator_channel.post_case(channel_id, shown)
        await self._moderator_channel.post_entry(channel_id, shown)
        return None

    async def _record_posted(self, claim: Claim, message_id: int | None) -> None:
        shown_at = None if message_id is None else Posted(message_id, claim.channel_id)
        await self._database.write(
            lambda session: record_shown(session, claim.row, claim.until, shown_at, self._clock())
        )

    async def _record_refusal(self, claim: Claim, error: UndeliverableError) -> None:
        """Let the whole server wait, so that a closed channel is not asked for each row."""
        now, guild_id, channel_id = self._clock(), claim.row.guild_id, claim.channel_id
        if channel_id not in self._refusing:
            self._refusing[channel_id] = Refusals(now)
            log.warning(
                "could not post in the moderators' channel",
                guild=guild_id,
                channel=channel_id,
                reason=str(error),
            )
        refusals = self._refusing[channel_id]
        if now - refusals.since >= GIVE_UP_AFTER and await self._give_up(guild_id, now - GIVE_UP_AFTER):
            if not refusals.is_reported:
                log.error("gave up on a moderators' message after a day", guild=guild_id, channel=channel_id)
            refusals.is_reported = True
        await self._postpone(claim, REFUSED_WAIT)

    async def _give_up(self, guild_id: int, before: datetime) -> bool:
        """Post no row that has waited since `before`; return whether there was one.

        `/veo-admin log` still has the trail. A member waits for an answer to an appeal, so that one is tried
        until the channel is back or the appeal is over (`ANSWER_TIME`).
        """

        def give_up(session: Session) -> bool:
            given_up = 0
            for table, waiting_since in OUTBOXES[:2]:
                waiting = update(table).where(
                    table.guild_id == guild_id, table.post_at.is_not(None), waiting_since <= before
                )
                result = session.execute(waiting.values(post_at=None))
                given_up += result.rowcount if isinstance(result, CursorResult) else 0
            return given_up > 0

        return await self._database.write(give_up)

    async def _postpone(self, claim: Claim, wait: timedelta) -> None:
        """Let all that is due in a server wait, so that it is shown in order later.

        What another process is showing just now isn't due, and stays with that process. What follows the end
        of an appeal needs no channel (`FollowUps`).
        """
        now = self._clock()

        def postpone(session: Session) -> None:
            move(session, claim.row, now + wait, seen=claim.until)
            show_end(session, claim.row, now + wait)  # Discord may still take what it didn't answer
            for waiting, _ in OUTBOXES:
                due = [waiting.guild_id == claim.row.guild_id, waiting.post_at <= now]
                due += [table.decision.is_(None) for table in CASES if table is waiting]
                session.execute(update(waiting).where(*due).values(post_at=now + wait))

        await self._database.write(postpone)

    async def _lay_aside(self, claim: Claim) -> None:
        """Try a row that can't be shown again later, for a day since the first time: it may be older."""
        now, key = self._clock(), _key_of(claim.row)
        is_hopeless = now - self._failing.setdefault(key, now) >= GIVE_UP_AFTER
        if is_hopeless:
            del self._failing[key]
        later = None if is_hopeless else now + REFUSED_WAIT

        def lay_aside(session: Session) -> None:
            move(session, claim.row, later, seen=claim.until)
            show_end(session, claim.row, now + REFUSED_WAIT)

        await self._database.write(lay_aside)


def _load(session: Session, row: Row, now: datetime) -> Shown:
    if isinstance(row, AuditRow):
        return row
    if isinstance(row, AppealRow):
        return load_appeal(session, session.get_one(AppealRow, row.id), now)
    if isinstance(row, ReviewRow):
        return load_review(session, session.get_one(ReviewRow, row.id))
    report = session.get_one(ReportRow, row.id)  # somebody may have decided it since it was found
    return load_reported(session, report)


def _key_of(row: Row) -> tuple[str, int | str]:
    return row.__tablename__, row.id


def _waiting_since(row: Row) -> datetime:
    return row.at if isinstance(row, AuditRow) else row.created_at
