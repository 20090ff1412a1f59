"""What is in a database: something of everything, and all of it again."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.clock import utc_now
from bot.db.copying import TABLES
from bot.db.database import open_database
from bot.db.guild_models import Action, GuildRow, MemberRow, ReportRow
from bot.db.models import Status
from bot.db.state import keep_state
from bot.failures import FailureKind
from bot.policy.audit import record
from tests.bot.rows import insert

NewDatabase = Callable[[str], str]  # the engine to the address


async def fill(address: str) -> None:
    """Write something of everything."""
    now = utc_now()
    async with open_database(address) as database:
        await insert(
            database, prompt="Ein Boot \U0001f6a4 «schwimmt»", options={"duration": 4, "seed": 2**32}
        )
        await insert(
            database,
            status=Status.FAILED,
            failure_kind=FailureKind.REFUSED,
            failure_reason="no\nthanks",
            earlier_posts=[[None, 2**62], [5, 6]],
            picture_urls=["https://cdn.invalid/1.png"],
            estimated_credits=0.1,
            credits_used=3_120_000.25,
            delivered_at=now,
            interaction_id=-(2**62),
        )
        await keep_state(database, "colour", "red")

        def work(session: Session):
            session.add(GuildRow(guild_id=2**62, policy={"words": ["\u00df"], "budgets": {}}))
            session.add(MemberRow(guild_id=2**62, user_id=3, standing={"grants": []}))
            for _ in range(3):
                record(session, 1, 2, Action.PAUSE, now, old=None, new={"a": [1, None]})
            session.add(
                ReportRow(id="r", guild_id=1, generation_id="g", reporter_id=2, reason="!", created_at=now)
            )

        await database.write(work)


async def contents(address: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables."""

    def read(session: Session) -> dict[str, list[tuple[Any, ...]]]:
        tables = {table.name: select(table).order_by(*table.primary_key.columns) for table in TABLES}
        return {name: [tuple(row) for row in session.execute(query)] for name, query in tables.items()}

    async with open_database(address) as database:
        return await database.read(read)
