"""Reads what servers have used and draws it, for `/quota usage`."""

import asyncio

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.usage.charts import render_usage
from bot.usage.service import UsageFiles, UsagePeriod, UsageReport, fetch_usage


class UsageReports:
    """Reads what servers have used, and draws it."""

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def read(self, guild_id: int, period: UsagePeriod) -> UsageReport:
        """Return what a server used until now."""
        return await self._database.read(
            lambda session: fetch_usage(session, guild_id, period, self._clock()), hurried=True
        )

    async def render(self, report: UsageReport, server_name: str) -> UsageFiles:
        """Return the report as a chart and a table."""
        return await asyncio.to_thread(render_usage, report, server_name)
