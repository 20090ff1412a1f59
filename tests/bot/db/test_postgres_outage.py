"""PostgreSQL is killed, restarted or not there yet: members are told, and nothing is lost or done twice."""

import asyncio
import time
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import make_url

from bot.admission.check_request import Admission
from bot.db.database import BUSY, UNREADABLE, Database, DatabaseError, open_database
from bot.db.models import Status
from bot.db.postgres import CALL_TIMEOUT
from bot.db.state import get_state, keep_state
from bot.errors import DatabaseBusyError
from bot.requests.service import GenerationService
from bot.requests.spec import RequestSpec
from sandbox.provider import Provider
from sandbox.recent import list_recent
from tests.bot.clocks import until
from tests.bot.engine import Engine, MakeEngine
from tests.bot.prices import FixedPrices
from tests.bot.rows import MODEL, PROMPT, insert, new_requester
from tests.bot.troubles import Logs, count_events
from tests.postgres import Postgres, Server

PASSWORD = "unseen-password"

pytestmark = pytest.mark.postgres_only


@pytest.fixture
def server(postgres: Postgres) -> Server:
    """The server, for a test that kills or stops it."""
    if postgres.server is None:
        pytest.skip("the server at TEST_POSTGRES_URL is not ours to kill")
    return postgres.server


async def all_delivered(engine: Engine, names: list[str]) -> None:
    async def look() -> bool:
        engine.work.set()
        return all([(await engine.row(name)).delivered_at is not None for name in names])

    await until("all are delivered", look, seconds=40)


@pytest.mark.usefixtures("all_failures_told", "real_retries")
@pytest.mark.parametrize("kills", [1, 3])
async def test_a_server_that_is_killed_in_the_middle_of_work_costs_nothing(
    make_engine: MakeEngine, server: Server, provider: Provider, logs: Logs, kills: int
) -> None:
    engine = make_engine(lease=timedelta(seconds=3))  # what fell to the ground is picked up soon
    names = [(await insert(engine.database)).id for _ in range(12)]
    async with engine.running():
        for _ in range(kills):
            await until("some work is done", partial(_has_more_calls, provider, len(provider.calls) + 4))
            server.kill()
            await until("the outage is noticed", partial(_has_noticed, logs, _count_told(logs) + 1))
            await asyncio.to_thread(server.start)
        await all_delivered(engine, names)
    assert Counter(row.id for row, _ in engine.delivery.videos) == dict.fromkeys(names, 1)
    assert provider.count("create") == len(names), "a video was paid for twice"
    assert PASSWORD not in str(logs)


async def _has_more_calls(provider: Provider, times: int) -> bool:
    return len(provider.calls) >= times


async def _has_noticed(logs: Logs, times: int) -> bool:
    return _count_told(logs) >= times


def _count_told(logs: Logs) -> int:
    told = ("could not write to the database", "could not read the database")
    return sum(count_events(logs, event) for event in told)


@pytest.fixture
def service(database: Database) -> GenerationService:
    """The service behind /veo."""
    admission = Admission(FixedPrices(), daily_limit=5)
    return GenerationService(database, admission=admission, work=asyncio.Event(), stopping=asyncio.Event())


async def test_a_command_during_the_outage_is_answered_soon_and_not_counted(
    service: GenerationService, server: Server, logs: Logs
) -> None:
    await service.request(new_requester(), RequestSpec(model=MODEL, prompt=PROMPT, options={}))
    server.stop()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.db.database.ANSWER_PATIENCE", 2.0)
        begun = time.monotonic()
        with pytest.raises(DatabaseBusyError) as refused:
            await service.request(new_requester(), RequestSpec(model=MODEL, prompt=PROMPT, options={}))
        with pytest.raises(DatabaseBusyError) as unseen:
            await list_recent(service, 1)
        assert time.monotonic() - begun < CALL_TIMEOUT, "they waited as long as a task in the background does"
        assert (str(refused.value), str(unseen.value)) == (BUSY, UNREADABLE)
    await asyncio.to_thread(server.start)
    assert len(await list_recent(service, 1)) == 1
    await service.request(new_requester(), RequestSpec(model=MODEL, prompt=PROMPT, options={}))
    assert PASSWORD not in str(logs)


async def test_connections_that_died_while_nobody_looked_are_replaced(
    database: Database, server: Server
) -> None:
    await asyncio.gather(*(keep_state(database, str(n), "red") for n in range(5)))
    server.kill()
    await asyncio.to_thread(server.start)
    assert await get_state(database, "4") == "red"
    await keep_state(database, "4", "blue")
    assert await get_state(database, "4") == "blue"


async def test_an_outage_is_told_once_and_so_is_its_end(
    make_engine: MakeEngine, server: Server, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.outages.CALM_SECONDS", 0.5)
    engine = make_engine()
    async with engine.running():
        await until("it works", partial(_works, engine.database))
        server.stop()
        for _ in range(20):  # looks for work
            engine.work.set()
            await asyncio.sleep(0.1)
        await asyncio.to_thread(server.start)
        await until("its end is told", lambda: _is_logged(logs, "the database can be written again"))
    assert count_events(logs, "could not read the queue") == 1
    reasons = [line["error"] for line in logs if line["event"] == "could not write to the database"]
    assert len(reasons) == len(set(reasons)) < 5, "the same was told again"
    assert "Errno" not in str(reasons)


async def _works(database: Database) -> bool:
    return await get_state(database, "nothing") is None


@pytest.mark.usefixtures("real_retries")
async def test_a_start_waits_for_a_server_that_is_not_up_yet(
    database_url: str, server: Server, logs: Logs
) -> None:
    server.stop()
    start = asyncio.create_task(_open_and_note(database_url))
    await until("it is logged", lambda: _is_logged(logs, "could not open the database yet"))
    await asyncio.sleep(3)  # for several tries
    assert not start.done(), "the start did not wait"
    assert count_events(logs, "could not open the database yet") == 1, "one line is enough"
    await asyncio.to_thread(server.start)
    await start
    assert PASSWORD not in str(logs)


async def _open_and_note(url: str) -> None:
    async with open_database(url) as database:
        await keep_state(database, "colour", "red")


async def _is_logged(logs: Logs, event: str) -> bool:
    return count_events(logs, event) > 0


@pytest.mark.usefixtures("real_retries")
async def test_a_start_does_not_wait_for_ever(
    database_url: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.db.database.START_PATIENCE", 0.5)
    server.stop()
    with pytest.raises(DatabaseError, match=r"^The database at .* can't be reached: ") as failure:
        await _open_and_note(database_url)
    assert PASSWORD not in str(failure.value)


REFUSED = {
    "a closed port": (
        "postgresql+asyncpg://veo:unseen-password@127.0.0.1:1/veo",
        r"^The database at 127.0.0.1:1/veo can't be reached: ",
    ),
    "no such host": (
        "postgresql+asyncpg://veo:unseen-password@nowhere.invalid/veo",
        r"^The database at nowhere.invalid/veo can't be reached: ",
    ),
    "an unknown option": (
        "postgresql+asyncpg://veo:unseen-password@127.0.0.1:1/veo?colour=red",
        r"^The database's address has an unknown option",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_an_address_that_leads_nowhere_is_told_in_a_sentence(name: str) -> None:
    address, sentence = REFUSED[name]
    with pytest.raises(DatabaseError, match=sentence) as failure:
        await _open_and_note(address)
    assert PASSWORD not in str(failure.value)


@pytest.mark.parametrize(
    ("user", "name", "sentence"),
    [
        ("postgres", "missing", r"^There's no such database: .*missing\. Create it with createdb\.$"),
        ("stranger", "postgres", r"rejects the user or the password\.$"),
    ],
)
async def test_what_the_server_refuses_is_told_in_a_sentence(
    database_url: str, user: str, name: str, sentence: str
) -> None:
    address = make_url(database_url).set(username=user, database=name).render_as_string(hide_password=False)
    with pytest.raises(DatabaseError, match=sentence) as failure:
        await _open_and_note(address)
    assert PASSWORD not in str(failure.value)


async def test_a_result_that_is_ready_meanwhile_is_written_after_the_outage(
    make_engine: MakeEngine, server: Server
) -> None:
    engine = make_engine()
    row = await insert(engine.database, status=Status.RUNNING)
    claimed = await engine.claim()
    server.stop()
    with pytest.raises(DatabaseBusyError):
        await engine.queue.move(claimed, Status.SUCCEEDED, video_url="https://cdn.invalid/1.mp4")
    await asyncio.to_thread(server.start)
    await engine.queue.move(claimed, Status.SUCCEEDED, video_url="https://cdn.invalid/1.mp4")
    assert (await engine.row(row.id)).status is Status.SUCCEEDED
