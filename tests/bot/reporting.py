"""Rows of reported videos, and what became of them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from bot.clock import utc_now
from bot.db.database import Database
from bot.db.guild_models import AuditRow, ReportRow
from bot.db.models import Generation, Status
from bot.moderation.decisions import Moderator
from bot.moderation.reports import Reports
from bot.policy.documents import Block, MemberPolicy
from bot.policy.store import fetch_member_policy, store_member_policy
from tests.bot.rows import insert

REPORTER = 50
MONA, NICK = Moderator(guild_id=1, user_id=98), Moderator(guild_id=1, user_id=99)


async def insert_video(database: Database, **changes: Any) -> Generation:
    """Write the row of a video that is posted."""
    posted: dict[str, Any] = {
        "status": Status.SUCCEEDED,
        "result_id": 70,
        "result_channel_id": 2,
        "video_url": "https://cdn.example/v.mp4",
        "delivered_at": utc_now(),
    }
    return await insert(database, **{**posted, **changes})


async def report_of(reports: Reports, video: Generation, reporter_id: int = REPORTER) -> ReportRow:
    return await reports.report(video.guild_id, video.id, reporter_id, "it is cruel")


async def reread_report(database: Database, report_id: str) -> ReportRow:
    return await database.read(lambda session: session.get_one(ReportRow, report_id))


async def audit_rows(database: Database) -> Sequence[AuditRow]:
    return await database.read(
        lambda session: (session.scalars(select(AuditRow).order_by(AuditRow.id))).all()
    )


async def set_block(database: Database, user_id: int, block: Block) -> None:
    await database.write(lambda session: store_member_policy(session, 1, user_id, MemberPolicy(block=block)))


async def get_block(database: Database, user_id: int) -> Block | None:
    return await database.read(lambda session: (fetch_member_policy(session, 1, user_id)).block)
