"""PostgreSQL's answer to a COMMIT is lost: nobody is told that nothing was counted when something was."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, update

from bot.admission.check_request import Admission
from bot.clock import utc_now
from bot.db.database import BUSY, UNKNOWN, Database, open_database
from bot.db.models import Generation, Status
from bot.db.state import get_state, keep_state
from bot.errors import DatabaseBusyError, OutcomeUnknownError
from bot.jobs.queue import GenerationQueue, LeaseLostError
from bot.requests.service import GenerationService
from bot.requests.spec import RequestSpec
from tests.bot.db.line import Cut, Line, open_line
from tests.bot.engine import LEASE
from tests.bot.prices import FixedPrices
from tests.bot.rows import MODEL, PROMPT, insert, new_requester

pytestmark = pytest.mark.postgres_only


@pytest.fixture
async def line(database_url: str) -> AsyncIterator[Line]:
    """A line to the database that can be cut."""
    async with open_line(database_url) as line:
        yield line


@pytest.fixture
async def far_database(line: Line) -> AsyncIterator[Database]:
    """The database at the far end of `line`."""
    async with open_database(line.address) as database:
        yield database


async def ask(database: Database) -> Generation:
    service = GenerationService(
        database,
        admission=Admission(FixedPrices(1), daily_limit=5),
        work=asyncio.Event(),
        stopping=asyncio.Event(),
    )
    return await service.request(new_requester(), RequestSpec(model=MODEL, prompt=PROMPT, options={}))


async def all_rows(database: Database) -> list[Generation]:
    return await database.read(lambda session: list((session.scalars(select(Generation))).all()))


async def test_a_request_that_stands_is_served_although_the_answer_was_lost(
    far_database: Database, line: Line, database: Database
) -> None:
    line.cuts = [Cut.AFTER]
    accepted = await ask(far_database)
    [row] = await all_rows(database)
    assert (row.id, row.status, line.cuts) == (accepted.id, Status.QUEUED, [])


async def test_a_request_that_was_not_recorded_is_said_not_to_count(
    far_database: Database, line: Line, database: Database
) -> None:
    line.cuts = [Cut.BEFORE]
    with pytest.raises(DatabaseBusyError) as failed:
        await ask(far_database)
    assert (str(failed.value), await all_rows(database)) == (BUSY, [])


@pytest.mark.parametrize("cut", Cut)
async def test_who_asks_over_a_line_that_stays_down_hears_that_nobody_knows(
    far_database: Database, line: Line, cut: Cut
) -> None:
    line.cuts, line.stays_down = [cut], True
    with pytest.raises(OutcomeUnknownError) as failed:
        await ask(far_database)
    assert str(failed.value) == UNKNOWN


@pytest.mark.parametrize(("cut", "kept"), [(Cut.BEFORE, None), (Cut.AFTER, "blue")])
async def test_a_change_whose_answer_was_lost_is_not_called_undone(
    far_database: Database, line: Line, cut: Cut, kept: str | None
) -> None:
    line.cuts = [cut]
    with pytest.raises(OutcomeUnknownError):
        await keep_state(far_database, "colour", "blue")
    assert await get_state(far_database, "colour") == kept


@pytest.mark.parametrize("cut", Cut)
async def test_a_generation_goes_on_whatever_became_of_the_step_whose_answer_was_lost(
    far_database: Database, line: Line, database: Database, cut: Cut
) -> None:
    await insert(database)
    queue = GenerationQueue(far_database, "us", max_running=1, lease=LEASE)
    [claimed] = await queue.claim(1)
    line.cuts = [cut]
    moved = await queue.move(claimed, Status.SUBMITTING, submitted_at=utc_now())
    assert (moved.status, moved.lease_owner, line.cuts) == (Status.SUBMITTING, "us", [])


async def test_a_step_that_another_process_made_meanwhile_is_not_taken_for_our_own(
    far_database: Database, line: Line, database: Database
) -> None:
    row = await insert(database)
    queue = GenerationQueue(far_database, "us", max_running=1, lease=LEASE)
    [claimed] = await queue.claim(1)
    taken = (
        update(Generation).where(Generation.id == row.id).values(lease_owner="others", status=Status.RUNNING)
    )
    await database.write(lambda session: session.execute(taken))
    line.cuts = [Cut.BEFORE]
    with pytest.raises(LeaseLostError):
        await queue.move(claimed, Status.RUNNING)
