"""Group commit: what waits together is committed together, in order, and no one takes another one with it."""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from bot.db.database import Database
from bot.db.models import StateRow
from bot.db.state import get_state
from bot.db.transactions import MAX_BACKGROUND, MAX_BATCH, GroupCommit, Outcome
from bot.errors import DatabaseBusyError
from tests.bot.troubles import Disk, Logs, busy_thread

GUILD = 1


@contextmanager
def counted_commits() -> Generator[list[int]]:
    """Count the commits of all databases."""
    commits: list[int] = []

    def count(_: object) -> None:
        commits.append(1)

    event.listen(Engine, "commit", count)
    try:
        yield commits
    finally:
        event.remove(Engine, "commit", count)


def add(session: Session, name: str) -> str:
    session.add(StateRow(name=name, value=name))
    return name


async def names(database: Database) -> list[str]:
    return await database.read(
        lambda session: list(session.scalars(text("SELECT name FROM notes ORDER BY rowid")))
    )


@pytest.mark.sqlite_only
async def test_those_who_wait_together_share_one_commit_in_the_order_in_which_they_came(
    database: Database,
) -> None:
    with counted_commits() as commits:
        async with asyncio.TaskGroup() as tasks, busy_thread(database):
            for number in range(10):
                tasks.create_task(database.write(lambda session, n=number: add(session, str(n)), GUILD))
            await asyncio.sleep(0)
    assert len(commits) == 2, "each had a commit of its own"
    assert await names(database) == [str(number) for number in range(10)]


@pytest.mark.sqlite_only
async def test_one_that_fails_takes_no_other_with_it(database: Database) -> None:
    def fail(session: Session) -> None:
        add(session, "lost")
        session.flush()
        raise RuntimeError("no")

    async with busy_thread(database):
        before = asyncio.create_task(database.write(lambda session: add(session, "before")))
        failing = asyncio.create_task(database.write(fail))
        duplicate = asyncio.create_task(database.write(lambda session: add(session, "before")))
        after = asyncio.create_task(database.write(lambda session: add(session, "after")))
        await asyncio.sleep(0)
    outcomes = await asyncio.gather(before, failing, duplicate, after, return_exceptions=True)
    assert [type(outcome).__name__ for outcome in outcomes] == [
        "str",
        "RuntimeError",
        "IntegrityError",
        "str",
    ]
    assert await names(database) == ["before", "after"]


@pytest.mark.sqlite_only
async def test_what_people_wait_for_goes_before_what_nobody_waits_for(database: Database) -> None:
    async with asyncio.TaskGroup() as tasks, busy_thread(database):
        for number in range(2 * MAX_BACKGROUND):
            tasks.create_task(database.write(lambda session, n=number: add(session, f"background {n}")))
        await asyncio.sleep(0)
        tasks.create_task(database.write(lambda session: add(session, "answer"), hurried=True))
        await asyncio.sleep(0)
    assert (await names(database))[0] == "answer"


@pytest.mark.sqlite_only
async def test_a_crowd_does_not_wait_for_its_last(database: Database) -> None:
    with counted_commits() as commits:
        async with asyncio.TaskGroup() as tasks, busy_thread(database):
            for number in range(2 * MAX_BATCH):
                tasks.create_task(
                    database.write(lambda session, n=number: add(session, str(n)), hurried=True)
                )
            await asyncio.sleep(0)
    assert len(commits) == 3


@pytest.mark.sqlite_only
async def test_one_who_waits_too_long_or_leaves_writes_nothing(database: Database) -> None:
    async with busy_thread(database):
        late = asyncio.create_task(database.write(lambda session: add(session, "late"), patience=0.01))
        gone = asyncio.create_task(database.write(lambda session: add(session, "gone")))
        await asyncio.sleep(0)
        gone.cancel()
        outcomes = await asyncio.gather(late, gone, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [DatabaseBusyError, asyncio.CancelledError]
    assert await names(database) == []


@pytest.mark.sqlite_only
async def test_a_write_that_waits_too_long_another_day_is_another_trouble(
    database: Database, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("bot.outages.monotonic", lambda: now)
    for _ in range(2):
        async with busy_thread(database):
            late = asyncio.create_task(database.write(lambda session: add(session, "late"), patience=0.01))
            with pytest.raises(DatabaseBusyError):
                await late
        now += 86_400
        await get_state(database, "nothing")
        await database.write(lambda session: session.scalar(text("SELECT 1")))
    told = [line for line in logs if line["event"] == "a write could not start in time"]
    assert [line.get("for_seconds") for line in told] == [None, None], "it did not last for a day"


@pytest.mark.sqlite_only
async def test_a_disk_that_is_full_refuses_all_and_keeps_nothing(database: Database, disk: Disk) -> None:
    def fill(session: Session) -> None:
        session.add(StateRow(name="large", value="x" * 1_000_000))

    async with busy_thread(database):
        disk.is_full = True
        before, after = partial(add, name="before"), partial(add, name="after")
        writing = [asyncio.create_task(database.write(work)) for work in (before, fill, after)]
        await asyncio.sleep(0)
    outcomes = await asyncio.gather(*writing, return_exceptions=True)
    disk.is_full = False
    kept = await names(database)
    told = [
        name for name, outcome in zip(("before", "large", "after"), outcomes, strict=True) if outcome == name
    ]
    assert isinstance(outcomes[1], DatabaseBusyError)
    assert kept == told, "what is kept is not what was answered"


async def test_the_caller_s_error_is_raised_where_it_waits(database: Database) -> None:
    class OurError(Exception):
        pass

    def fail(session: Session) -> None:
        add(session, "lost")
        raise OurError

    with pytest.raises(OurError):
        await database.write(fail, GUILD)
    assert await get_state(database, "lost") is None


def test_a_loop_that_is_closed_by_force_ends_though_a_commit_hangs() -> None:
    async def hang(*_: object) -> Sequence[Outcome]:
        await asyncio.Event().wait()
        raise AssertionError("it does not come back")

    async def begin_to_write() -> None:
        commits = GroupCommit(hang)
        write = commits.run(lambda _: None, "lane", None, deadline=None, is_urgent=True)
        asyncio.create_task(write, name="writer").add_done_callback(ended.append)
        await asyncio.sleep(0.1)

    ended: list[asyncio.Task[None]] = []
    asyncio.run(begin_to_write())
    assert [task.cancelled() for task in ended] == [True]
