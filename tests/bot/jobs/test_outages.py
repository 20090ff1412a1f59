"""The database is locked or its disk is full for a while: members are told, and nothing is lost."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from bot.admission.check_request import Admission
from bot.db.database import Database
from bot.db.models import Status
from bot.errors import DatabaseBusyError, UserError
from bot.jobs.queue import LeaseLostError
from bot.media.downloads import FETCH_ATTEMPTS
from bot.requests.service import GenerationService
from bot.requests.spec import RequestSpec
from sandbox.odd_answers import once_done
from sandbox.provider import Fault, Kind, Provider
from sandbox.recent import list_recent
from tests.bot.clocks import until
from tests.bot.engine import Engine
from tests.bot.prices import FixedPrices
from tests.bot.rows import MODEL, insert, new_requester
from tests.bot.troubles import Disk, Logs, count_events, locked

pytestmark = pytest.mark.usefixtures("all_failures_told")

BUSY = "could not write to the database"
UNREADABLE = "could not read the queue"
LONG = "x" * 50_000  # needs pages that the file does not have yet


@pytest.fixture
def service(database: Database) -> GenerationService:
    """The service with a limit that no test here reaches."""
    work, stopping = asyncio.Event(), asyncio.Event()
    return GenerationService(
        database, admission=Admission(FixedPrices(), daily_limit=1000), work=work, stopping=stopping
    )


@asynccontextmanager
async def full(disk: Disk) -> AsyncGenerator[None]:
    """Leave no room on the disk."""
    disk.is_full = True
    try:
        yield
    finally:
        disk.is_full = False


@pytest.fixture(params=["locked", "full"])
def outage(
    request: pytest.FixtureRequest, disk: Disk, database_url: str
) -> AbstractAsyncContextManager[None]:
    """Each way in which nothing that needs room can be written, to be entered once."""
    return locked(database_url) if request.param == "locked" else full(disk)


async def logged(logs: Logs, name: str, times: int) -> None:
    """Return when the event was logged this often."""

    async def look() -> bool:
        return count_events(logs, name) >= times

    await until(f"{name!r} is logged {times} times", look)


async def change_refused(logs: Logs) -> None:
    """Return when a change could not be written; looks for work that failed are not counted."""

    async def look() -> bool:
        return count_events(logs, BUSY) > count_events(logs, UNREADABLE)

    await until("a change could not be written", look)


async def request(service: GenerationService) -> str:
    # Long, so that a few of them fill what is left of the file's last page.
    wish = {"negative_prompt": "y" * 1000}
    return (
        await service.request(new_requester(), RequestSpec(model=MODEL, prompt="x" * 2000, options=wish))
    ).id


async def request_many(service: GenerationService, accepted: list[str]) -> None:
    for _ in range(20):
        accepted.append(await request(service))  # noqa: PERF401 those before an error are accepted


async def test_a_member_is_told_and_nothing_is_counted(
    service: GenerationService, outage: AbstractAsyncContextManager[None]
) -> None:
    accepted = [await request(service)]
    async with outage:
        with pytest.raises(
            DatabaseBusyError, match=r"try again.*This didn't count toward your limit\.$"
        ) as refusal:
            await request_many(service, accepted)
    assert isinstance(refusal.value, UserError), "the member would be told of a fault"
    assert {row.id for row in await list_recent(service, 1)} == set(accepted)
    await request_many(service, accepted)
    assert {row.id for row in await list_recent(service, 1)} == set(accepted)


@pytest.mark.usefixtures("real_retries")
async def test_a_change_is_tried_until_it_is_written(
    engine: Engine, outage: AbstractAsyncContextManager[None], logs: Logs
) -> None:
    row = await insert(engine.database, status=Status.RUNNING)
    claimed = await engine.claim()
    async with outage:
        writing = asyncio.create_task(engine.queue.move(claimed, Status.SUCCEEDED, video_url=LONG))
        await logged(logs, BUSY, 2)
        assert not writing.done()
        assert (await engine.row(row.id)).status is Status.RUNNING, "reading goes on"
    assert (await writing).status is Status.SUCCEEDED
    assert (await engine.row(row.id)).video_url == LONG


async def test_a_change_that_can_never_be_written_ends_with_an_error(
    engine: Engine, outage: AbstractAsyncContextManager[None], logs: Logs
) -> None:
    row = await insert(engine.database, status=Status.RUNNING)
    claimed = await engine.claim()
    async with outage:
        with pytest.raises(DatabaseBusyError):
            await engine.queue.update(claimed, video_url=LONG)
    assert count_events(logs, BUSY) == FETCH_ATTEMPTS  # what the tests allow in place of half a minute
    assert (await engine.row(row.id)).video_url is None


async def test_a_lost_lease_is_not_tried_again(engine: Engine, logs: Logs) -> None:
    await insert(engine.database, status=Status.RUNNING)
    claimed = await engine.claim()
    await engine.queue.release_all()
    with pytest.raises(LeaseLostError):
        await engine.queue.update(claimed, thread_id=8)
    assert logs == []


@asynccontextmanager
async def running_and_delivering(engine: Engine, *names: str) -> AsyncGenerator[None]:
    """Run while the body causes an outage, and go on until all are delivered."""

    async def all_delivered() -> bool:
        engine.work.set()
        return all([(await engine.row(name)).delivered_at is not None for name in names])

    async with engine.running():
        yield
        await until("all are delivered", all_delivered)


@pytest.mark.usefixtures("disk")
async def test_the_runner_outlasts_a_queue_that_cannot_be_read(
    engine: Engine, database_url: str, logs: Logs, provider: Provider
) -> None:
    row = await insert(engine.database)
    async with running_and_delivering(engine, row.id), locked(database_url):
        calls = len(provider.calls)
        for times in (1, 2, 3):
            engine.work.set()
            await logged(logs, UNREADABLE, times)
        assert len(provider.calls) <= calls + 1, "more was asked than what was under way"
    assert (await engine.row(row.id)).status is Status.SUCCEEDED
    assert provider.count("create") == 1


@pytest.mark.usefixtures("disk", "real_retries")
@pytest.mark.parametrize("kind", ["create", "retrieve", "cdn"])
async def test_a_lock_in_the_middle_loses_and_doubles_nothing(
    engine: Engine, database_url: str, logs: Logs, provider: Provider, kind: Kind
) -> None:
    row = await insert(engine.database)
    provider.faults.add(kind, Fault.hang())
    async with running_and_delivering(engine, row.id):
        await provider.called(kind)
        async with locked(database_url):
            provider.faults.clear()
            await change_refused(logs)
    after = await engine.row(row.id)
    assert (after.status, len(engine.delivery.messages)) == (Status.SUCCEEDED, 1)
    assert provider.count("create") == 1


def with_long_address(task: dict[str, Any]) -> dict[str, Any]:
    """Change a finished task so that writing it down needs pages that the file does not have yet."""
    return {**task, "video": f"{task['video']['url']}#{LONG[:4000]}"}


@pytest.mark.usefixtures("real_retries")
async def test_a_full_disk_in_the_middle_loses_nothing(
    engine: Engine, disk: Disk, logs: Logs, provider: Provider
) -> None:
    row = await insert(engine.database)
    provider.hold = True
    async with running_and_delivering(engine, row.id):
        await provider.called("retrieve", 2)
        async with full(disk):
            provider.faults.add("retrieve", once_done(with_long_address), times=None)
            provider.release()
            await change_refused(logs)
    after = await engine.row(row.id)
    assert after.status is Status.SUCCEEDED, after.failure_kind
    assert len(engine.delivery.videos) == 1
    assert provider.count("create") == 1


@pytest.mark.usefixtures("disk")
async def test_patience_that_ends_leaves_the_work_to_the_next_try(
    engine: Engine, database_url: str, logs: Logs, provider: Provider
) -> None:
    """The create call was answered, but its answer could not be written down in time."""
    row = await insert(engine.database)
    provider.faults.add("create", Fault.hang())
    async with engine.running():
        await provider.called("create")
        async with locked(database_url):
            provider.faults.clear()
            await logged(logs, "could not release the generation", 1)
    engine.restart()
    assert (await engine.row(row.id)).status is Status.SUBMITTING
    assert (await engine.delivered(row.id)).status is Status.SUCCEEDED
    assert provider.count("create") == 1, "it was ordered twice"
