"""A moderators' channel that remembers, and rows that wait for it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.guild_models import Action, AuditRow, ReportRow
from bot.moderation.appeal_decisions import Appeal
from bot.moderation.follow_ups import Case
from bot.moderation.outbox_relay import OutboxRelay
from bot.moderation.reported import ReportedVideo
from bot.policy.audit import record
from bot.policy.store import fetch_policy, store_policy
from tests.bot.clocks import until
from tests.bot.rows import insert

GUILD, CHANNEL = 1, 100
OTHER_GUILD, OTHER_CHANNEL = 2, 200
TICK = timedelta(seconds=1)

Hook = Callable[[int], Exception | None]


class RecordingModeratorChannel:
    """Remembers what was shown; `trouble` says for a channel what goes wrong, for every message."""

    def __init__(self) -> None:
        self.shown: list[tuple[int, str]] = []
        self.reports: list[ReportedVideo] = []
        self.tries: list[int] = []  # channels
        self.told: list[int] = []  # members
        self.dms: Callable[[], bool | Exception] = lambda: True  # what becomes of a direct message
        self.trouble: Hook = lambda _: None
        self.hangs_in: int | None = None

    async def post_entry(self, channel_id: int, entry: AuditRow) -> None:
        await self._try(channel_id)
        self.shown.append((channel_id, entry.reason or ""))

    async def post_report(self, channel_id: int, reported: ReportedVideo) -> int:
        await self._try(channel_id)
        self.shown.append((channel_id, reported.report.reason))
        self.reports.append(reported)
        return 4000 + len(self.shown)

    async def post_case(self, channel_id: int, case: Case) -> int:
        await self._try(channel_id)
        self.shown.append((channel_id, case.row.why or "" if isinstance(case, Appeal) else case.row.id))
        return 5000 + len(self.shown)

    async def tell_member(self, appeal: Appeal) -> bool:
        outcome = self.dms()
        if isinstance(outcome, Exception):
            raise outcome
        if outcome:
            self.told.append(appeal.row.user_id)
        return outcome

    async def update_case(self, case: Case) -> None:
        await self._try(case.row.channel_id or 0)
        told_at = case.row.told_at if isinstance(case, Appeal) else None
        self.shown.append((case.row.channel_id or 0, f"{case.row.decision}: {told_at}"))

    async def _try(self, channel_id: int) -> None:
        self.tries.append(channel_id)
        if channel_id == self.hangs_in:
            await asyncio.Event().wait()
        await asyncio.sleep(0)  # another relay may do something meanwhile
        if (error := self.trouble(channel_id)) is not None:
            raise error

    def in_channel(self, channel_id: int) -> list[str]:
        return [text for where, text in self.shown if where == channel_id]


def failing_in(channel_id: int, error: Exception) -> Hook:
    return lambda where: error if where == channel_id else None


@asynccontextmanager
async def running(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: Clock = utc_now
) -> AsyncGenerator[None]:
    """Run an outbox relay, and end it as the program does."""
    stopping = asyncio.Event()
    task = asyncio.create_task(OutboxRelay(database, moderator_channel, stopping, clock).run())
    try:
        yield
    finally:
        stopping.set()
        await asyncio.wait_for(task, timeout=30)


async def set_channel(database: Database, guild_id: int, channel_id: int | None) -> None:
    def work(session: Session):
        policy = fetch_policy(session, guild_id)
        store_policy(session, guild_id, policy.model_copy(update={"moderators_channel_id": channel_id}))

    await database.write(work)


async def add_entry(database: Database, text: str, now: datetime, guild_id: int = GUILD) -> None:
    """Write an audit row as the services do."""
    await database.write(
        lambda session: record(session, guild_id, 5, Action.PAUSE, now, subject="server", reason=text)
    )


async def add_report(
    database: Database, text: str, now: datetime, generation_id: str | None = None, **changes: Any
) -> None:
    """Write a report that is due at `now`."""
    if generation_id is None:
        generation_id = (await insert(database)).id
    values: dict[str, Any] = {"id": text, "guild_id": GUILD, "reporter_id": 7, "created_at": now, **changes}
    await database.write(
        lambda session: session.add(
            ReportRow(generation_id=generation_id, reason=text, post_at=now, **values)
        )
    )


async def due_times(database: Database, guild_id: int = GUILD) -> dict[str, datetime | None]:
    """Return when each row of a server is due, by its text."""
    rows = await database.read(
        lambda session: [
            *(session.scalars(select(AuditRow).where(AuditRow.guild_id == guild_id))).all(),
            *(session.scalars(select(ReportRow).where(ReportRow.guild_id == guild_id))).all(),
        ]
    )
    return {row.reason or "": row.post_at for row in rows}


async def shown(moderator_channel: RecordingModeratorChannel, *texts: str, channel_id: int = CHANNEL) -> None:
    """Wait until all of `texts` are shown, in this order."""

    async def look() -> bool:
        return [text for text in moderator_channel.in_channel(channel_id) if text in texts] == list(texts)

    await until(f"{texts} are shown", look)


async def all_due_was_tried(
    database: Database, moderator_channel: RecordingModeratorChannel, now: datetime
) -> None:
    """Wait until the relay has looked once more: it comes to a new row after all that were due before."""
    text = f"sentinel {len(moderator_channel.shown)}"
    await add_entry(database, text, now, OTHER_GUILD)
    await shown(moderator_channel, text, channel_id=OTHER_CHANNEL)


async def recorded(database: Database, *texts: str) -> None:
    """Wait until nothing of `texts` is due any more."""

    async def look() -> bool:
        times = await due_times(database)
        return all(times[text] is None for text in texts)

    await until(f"{texts} are written down as shown", look)
