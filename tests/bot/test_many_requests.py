"""A member with 20,000 requests: what reads them all holds up neither the event loop nor another read."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text

from bot.clock import utc_now
from bot.db.database import Database
from bot.db.models import Generation, Placement, Status
from bot.privacy.service import Privacy
from bot.usage.reports import UsageReports
from bot.usage.service import UsagePeriod
from cogs.privacy.views import export_file

MANY = 20_000
MEMBER, GUILD = 3, 1
LEAST = 3  # turns and reads while it works; one that begins before it and ends after it is no more than two
TICK = 0.005
PROMPT = "A paper boat on a pond, " * 20


@pytest.fixture
async def crowded(database: Database) -> Database:
    """A database with many requests of one member."""
    now = utc_now()
    rows: list[dict[str, Any]] = [
        {
            "id": f"row{number}",
            "interaction_id": number,
            "guild_id": GUILD,
            "channel_id": 2,
            "user_id": MEMBER,
            "placement": Placement.THREAD,
            "card_id": number,
            "prompt": PROMPT,
            "model": "google/veo3",
            "options": {"duration": 4},
            "status": Status.SUCCEEDED,
            "created_at": now - number * timedelta(seconds=90),
            "not_before": now,
            "submitted_at": now,
            "delivered_at": now,
            "attempts": 0,
        }
        for number in range(MANY)
    ]
    await database.write(lambda session: session.execute(insert(Generation), rows))
    return database


async def export(database: Database) -> None:
    document = await Privacy(database).export(MEMBER)
    await asyncio.to_thread(export_file, document)
    assert len(document["requests"]) == MANY


async def usage(database: Database) -> None:
    reports = UsageReports(database)
    report = await reports.read(GUILD, UsagePeriod.YEAR)
    await reports.render(report, "Cozy Corner")
    assert report.total.videos == MANY


@asynccontextmanager
async def others(database: Database) -> AsyncGenerator[Counter[str]]:
    """Count meanwhile how often the event loop comes round, and the answered reads of somebody else."""
    counts = Counter[str]()

    async def tick() -> None:
        while True:
            await asyncio.sleep(TICK)
            counts["event loop"] += 1

    async def read() -> None:
        while True:
            await database.read(lambda session: session.execute(text("SELECT 1")).all())
            counts["other reads"] += 1
            await asyncio.sleep(TICK)

    tasks = [asyncio.create_task(tick()), asyncio.create_task(read())]
    try:
        yield counts
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.nightly(daily=["sqlite-usage"])
@pytest.mark.parametrize("work", [export, usage])
async def test_others_are_served_while_it_reads_them_all(
    crowded: Database, work: Callable[[Database], Awaitable[None]]
) -> None:
    async with others(crowded) as counts:
        await work(crowded)
    assert min(counts["event loop"], counts["other reads"]) >= LEAST, f"{work.__name__} held up {counts}"
