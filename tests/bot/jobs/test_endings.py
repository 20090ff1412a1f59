"""The strike for what the provider's safety refused: for which words, and that a redo is one of its own."""

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.database import Database, open_database
from bot.db.guild_models import StrikeRow
from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.jobs.queue import GenerationQueue
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.strikes import Strikes
from tests.bot.clocks import StoppedClock
from tests.bot.engine import LEASE
from tests.bot.rows import insert

REFUSED = "The prompt was blocked by our safety filters."
MONA = Moderator(1, 9)


@pytest.fixture
async def queue(database: Database, clock: StoppedClock) -> GenerationQueue:
    """The queue of a server that gives strikes."""
    await Strikes(Decisions(database, clock)).change(MONA, is_on=True)
    return GenerationQueue(database, "one", max_running=100, lease=LEASE, clock=clock)


async def refuse(
    queue: GenerationQueue, database: Database, clock: StoppedClock, **changes: Any
) -> Generation:
    """Let a request end; return it as it was."""
    reason: str = changes.pop("reason", REFUSED)
    due = {"created_at": clock(), "not_before": clock(), **changes}
    await insert(database, **due)
    [generation] = await queue.claim(100)
    return await queue.fail(generation, FailureKind.UNMADE, reason)


async def count(database: Database) -> int:
    return len(await database.read(lambda session: session.scalars(select(StrikeRow)).all()))


async def test_shots_that_were_requested_together_are_one_act_and_a_redo_is_another(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    film: dict[str, Any] = {"film_id": "f" * 16, "created_at": clock()}
    for number in (1, 2):
        await refuse(queue, database, clock, **film, shot=number)
    assert await count(database) == 1
    for number in (2, 3):
        await refuse(
            queue, database, clock, **{**film, "created_at": clock() + timedelta(hours=1)}, shot=number
        )
    assert await count(database) == 2


@pytest.mark.both_engines
async def test_words_of_which_a_video_was_made_give_none(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    made = await insert(database, status=Status.SUCCEEDED, prompt="a fox", user_id=4)
    await refuse(queue, database, clock, prompt="a fox", source_id=made.id)
    assert await count(database) == 0
    await refuse(queue, database, clock, prompt="a fox in a war", source_id=made.id)
    options = {"negative_prompt": "a war"}
    refused = await refuse(queue, database, clock, prompt="a fox", options=options, source_id=made.id)
    assert await count(database) == 2, "other words are an act of their own"
    await refuse(queue, database, clock, prompt="a fox", options=options, source_id=refused.id)
    assert await count(database) == 3, "none was made of these"


async def test_a_reason_that_only_quotes_the_prompt_gives_none(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    prompt = "nsfw content is blocked by safety"
    await refuse(queue, database, clock, reason=f"Too long: {prompt}", prompt=prompt)
    assert await count(database) == 0


@pytest.mark.both_engines
async def test_a_video_that_may_still_come_gives_none(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    await insert(database, created_at=clock(), not_before=clock())
    [generation] = await queue.claim(100)
    late_until = clock() + timedelta(hours=6)
    await queue.fail(generation, FailureKind.UNMADE, REFUSED, late_until=late_until)
    assert await count(database) == 0


@pytest.mark.postgres_only
async def test_a_strike_waits_for_what_another_process_decides_about_the_server(
    queue: GenerationQueue, database: Database, database_url: str, clock: StoppedClock
) -> None:
    await insert(database, created_at=clock(), not_before=clock())
    [generation] = await queue.claim(100)
    began, ends = threading.Event(), threading.Event()

    def decide_slowly(_: Session) -> None:
        began.set()
        assert ends.wait(60)

    async def decide() -> None:
        async with open_database(database_url) as other:
            await other.write(decide_slowly, MONA.guild_id)

    deciding = asyncio.create_task(asyncio.to_thread(asyncio.run, decide()))
    assert await asyncio.to_thread(began.wait, 60)
    failing = asyncio.create_task(queue.fail(generation, FailureKind.UNMADE, REFUSED))
    await asyncio.wait({failing}, timeout=0.5)
    is_early = failing.done()
    ends.set()
    await asyncio.gather(deciding, failing)
    assert not is_early, "of two strikes at once, neither would count the other"
    assert await count(database) == 1
