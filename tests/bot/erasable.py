"""Requests that a member may want to be forgotten, and reports about them."""

from datetime import timedelta
from typing import Any

from sqlalchemy import inspect

from bot.clock import utc_now
from bot.db.database import Database
from bot.db.guild_models import ReportRow
from bot.db.models import Generation, Status
from tests.bot.rows import insert

ALICE = 2**62 + 3  # as large as ids get
BOB = 4
DAY = timedelta(days=1)


async def insert_delivered(database: Database, **changes: Any) -> Generation:
    """Write a row of alice's whose video is posted."""
    values = {
        "user_id": ALICE,
        "status": Status.SUCCEEDED,
        "delivered_at": utc_now(),
        "video_url": "https://cdn.example/video.mp4",
        "provider_id": "task-1",
        "thread_id": 11,
        "result_id": 12,
        "result_channel_id": 13,
        "options": {"duration": 4, "negative_prompt": "rain", "seed": 5, "generate_audio": False},
    }
    return await insert(database, **{**values, **changes})


async def insert_report(database: Database, generation: Generation, **changes: Any) -> ReportRow:
    """Write bob's report of a generation, which nobody has decided."""
    values = {
        "id": f"r-{generation.id}",
        "guild_id": generation.guild_id,
        "generation_id": generation.id,
        "reporter_id": BOB,
        "reason": "not nice",
        "created_at": utc_now(),
    }
    report = ReportRow(**{**values, **changes})
    await database.write(lambda session: session.add(report))
    return report


def columns_of(generation: Generation) -> dict[str, Any]:
    return {column.key: getattr(generation, column.key) for column in inspect(Generation).columns}


def links_of(generation: Generation) -> tuple[int | None, ...]:
    return (
        generation.card_id,
        generation.thread_id,
        generation.result_id,
        generation.result_channel_id,
    )
