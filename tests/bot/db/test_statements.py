"""What is asked of the databases: indexes are used, and no words of members get into errors."""

from datetime import timedelta

import pytest
from sqlalchemy import Select, select, text, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.clock import utc_now
from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.films.chain import ANY_READY
from bot.jobs.fair_order import UNFINISHED, in_fair_order, parameters
from tests.bot.engine import LEASE
from tests.bot.rows import new_row

pytestmark = pytest.mark.both_engines

WORDS = "a most private prompt"


DUE = (
    select(Generation.id)
    .where(UNFINISHED, Generation.status != Status.QUEUED)
    .order_by(Generation.created_at)
    .limit(100)
)
LINE = in_fair_order(true()).params(parameters(utc_now(), LEASE))
SAME_TASK = select(Generation.id).where(Generation.provider_id == "x:veo3", Generation.id != "other").limit(1)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (DUE, "ix_generations_unfinished"),
        (SAME_TASK, "ix_generations_provider"),
        (ANY_READY, "ix_generations_awaits"),
    ],
)
async def test_what_is_asked_all_the_time_does_not_read_what_is_finished(
    database: Database, database_url: str, query: Select[str], index: str
) -> None:
    await database.write(fill)
    assert index in await plan_of(query, database, database_url)


async def test_whose_turn_it_is_does_not_read_what_everybody_has_finished(
    database: Database, database_url: str
) -> None:
    await database.write(fill)
    plan = await plan_of(LINE, database, database_url)
    assert "ix_generations_ended" not in plan
    assert "ix_generations_member" in plan or "ix_generations_user" in plan  # either leads to a member's


def fill(session: Session) -> None:
    """Insert many requests that are over, and a few that wait: without rows, any plan is good."""
    now = utc_now()
    for number in range(400):
        at, is_open = now - timedelta(hours=number), number % 100 == 0
        ended = {"status": Status.SUCCEEDED, "finished_at": at, "delivered_at": at}
        changes = {"status": Status.QUEUED} if is_open else ended
        session.add(new_row(user_id=number % 20, created_at=at, **changes))
    session.flush()
    session.execute(text("ANALYZE"))


async def plan_of(query: Select[str], database: Database, database_url: str) -> str:
    """Return how the database would find the rows of `query`."""
    is_sqlite = database_url.startswith("sqlite")
    dialect = sqlite.dialect() if is_sqlite else postgresql.dialect()
    statement = query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    explained = f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{statement}"

    def work(session: Session) -> str:
        if not is_sqlite:
            session.execute(text("SET LOCAL enable_seqscan = off"))  # a table this small needs no index
        # As it is: the times in it have colons.
        return str(session.connection().exec_driver_sql(explained).all())

    return await database.read(work)


async def test_an_error_of_the_database_does_not_show_the_words_of_members(database: Database) -> None:
    with pytest.raises(SQLAlchemyError) as failure:
        await database.write(
            lambda session: session.execute(text("SELECT :words FROM nowhere"), {"words": WORDS})
        )
    assert WORDS not in str(failure.value)
