"""A member with 20,000 requests: what reads them all holds up neither the event loop nor another read."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text

from bot.admission.entitlement import Entitlements
from bot.clock import utc_now
from bot.db.database import Database
from bot.db.models import Generation, Placement, Status
from bot.library.history import History
from bot.privacy.service import Privacy
from bot.usage.reports import UsageReports
from bot.usage.service import UsagePeriod
from cogs.privacy.views import export_file

MANY = 20_000
MEMBER, GUILD = 3, 1
LONGEST_GAP = 1.0  # seconds; the health check gives up after five
LARGEST_SHARE = 1 / 3  # of the time that the work takes, on a machine that is too slow for that
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


async def entitlement(database: Database) -> None:
    await Entitlements(database, daily_limit=5).read(GUILD, MEMBER, ())


async def history(database: Database) -> None:
    assert await History(database).read(GUILD, MEMBER) is not None


@asynccontextmanager
async def gaps(database: Database) -> AsyncGenerator[dict[str, float]]:
    """Measure meanwhile how long the event loop, and a read of somebody else, are held up at most."""
    longest = {"event loop": 0.0, "other reads": 0.0}

    async def tick() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(TICK)
            longest["event loop"] = max(longest["event loop"], time.monotonic() - began - TICK)

    async def read() -> None:
        while True:
            began = time.monotonic()
            await database.read(lambda session: session.execute(text("SELECT 1")).all())
            longest["other reads"] = max(longest["other reads"], time.monotonic() - began)
            await asyncio.sleep(TICK)

    tasks = [asyncio.create_task(tick()), asyncio.create_task(read())]
    try:
        yield longest
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("work", [export, usage, entitlement, history])
async def test_nothing_else_waits_for_what_reads_them_all(
    crowded: Database, work: Callable[[Database], Awaitable[None]]
) -> None:
    began = time.monotonic()
    async with gaps(crowded) as longest:
        await work(crowded)
    bound = max(LONGEST_GAP, (time.monotonic() - began) * LARGEST_SHARE)
    assert max(longest.values()) < bound, f"{work.__name__} held up {longest}"
