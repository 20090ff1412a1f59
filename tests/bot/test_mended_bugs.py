"""Bugs that were found by trying to break the bot: each stays mended."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.admission.check_request import Admission
from bot.clock import utc_now
from bot.db.database import ANSWER_PATIENCE, Database, open_database
from bot.db.models import Generation, Status
from bot.db.sqlite import BUSY_TIMEOUT_MS
from bot.errors import DatabaseBusyError
from bot.jobs.queue import GenerationQueue
from bot.jobs.runner import MAX_ATTEMPTS
from bot.jobs.steps.base import StepPostponedError
from bot.media.files import MediaError, probe
from bot.provider.catalogue import build_request
from bot.provider.client import VeoClient
from bot.provider.errors import VeoError
from bot.provider.models import Task, TaskState
from bot.provider.words import REASON_MAX_LENGTH
from bot.requests.service import GenerationService
from bot.requests.spec import RequestSpec
from sandbox.provider import Fault, Provider
from sandbox.recent import list_recent
from tests.bot.clocks import StoppedClock
from tests.bot.engine import LEASE, Engine, MakeEngine
from tests.bot.prices import FixedPrices
from tests.bot.rows import MODEL, PROMPT, insert, new_requester
from tests.bot.troubles import Logs, count_events, locked

HOURS = timedelta(hours=5)
GIVEN_UP = "gave up after too many attempts"
UNREAD = "could not run ffmpeg, so a video stays unchecked"
MEMBERS = 3
DISCORD_PATIENCE = 3.0  # seconds within which a command must be answered
LOCK_WAITED_FOR = "could not write to the database"
TURN_NOT_COME = "a write could not start in time"
UNRELEASED = "could not release the leases"

Spoil = Callable[[bytes], bytes]


async def test_a_pause_ends_when_the_clock_is_set_back(make_engine: MakeEngine, provider: Provider) -> None:
    engine = make_engine(account_wait=timedelta(minutes=1))
    provider.faults.add("create", Fault.status(401))
    row = await insert(engine.database)
    with pytest.raises(StepPostponedError):
        await engine.workflow.run(await engine.claim())
    await engine.queue.release_all()
    engine.clock.advance(-HOURS)
    after = await engine.delivered(row.id)
    assert after.status is Status.SUCCEEDED, "the pause of a minute became one of hours"
    assert provider.count("create") == 2, "the refused call is repeated once"


async def test_a_lease_from_a_clock_that_was_set_back_takes_up_no_place(
    database: Database, clock: StoppedClock
) -> None:
    queue = GenerationQueue(database, "one", max_running=1, lease=LEASE, clock=clock)
    row = await insert(database, not_before=clock(), lease_owner="dead", lease_until=clock() + HOURS)
    claimed = [taken.id for taken in await queue.claim(10)]
    assert claimed == [row.id], "the row itself was counted as running, so there was no slot for it"


async def test_a_lease_that_may_be_true_takes_up_a_place(database: Database, clock: StoppedClock) -> None:
    queue = GenerationQueue(database, "one", max_running=1, lease=LEASE, clock=clock)
    await insert(database, not_before=clock(), lease_owner="other", lease_until=clock() + 2 * LEASE)
    await insert(database, not_before=clock())
    assert await queue.claim(10) == [], "more would be at the provider than is allowed"


@pytest.mark.parametrize("ahead", [timedelta(minutes=7), HOURS], ids=str)
async def test_a_request_sent_by_a_clock_that_was_set_back_is_in_the_log(
    veo: VeoClient, ahead: timedelta
) -> None:
    task = await veo.create(build_request(MODEL, PROMPT, {}), "ours")
    entry = await veo.find("ours", utc_now() + ahead)
    assert entry is not None, f"a paid video is lost when the clock was {ahead} ahead"
    assert entry.inference_id == task.id


async def test_a_lost_answer_is_found_when_the_clock_is_set_back(engine: Engine, provider: Provider) -> None:
    row = await insert(engine.database)
    provider.faults.add("create", Fault.reset(accepted=True))
    provider.faults.add("logs", Fault.status(503))
    engine.clock.advance(HOURS)  # it was wrong when the call was made
    with pytest.raises(StepPostponedError):
        await engine.workflow.run(await engine.claim())
    await engine.queue.release_all()
    engine.clock.advance(-HOURS)
    after = await engine.delivered(row.id)
    assert (after.status, after.failure_kind) == (Status.SUCCEEDED, None), "a paid video is lost"
    assert provider.count("create") == 1, "it was ordered twice"


async def test_a_video_that_is_posted_is_no_failure_when_its_card_breaks(engine: Engine, logs: Logs) -> None:
    row = await insert(
        engine.database,
        status=Status.SUCCEEDED,
        result_id=5,
        attempts=MAX_ATTEMPTS,
        finished_at=engine.clock(),
    )
    engine.delivery.card_trouble = [RuntimeError("nobody foresaw this")]
    after = await engine.delivered(row.id)
    assert count_events(logs, GIVEN_UP) == 1, "the test did not come to the end of all attempts"
    assert (after.status, after.failure_kind, after.result_id) == (Status.SUCCEEDED, None, 5)
    assert engine.delivery.messages == [], "the member has the video and is told that there is none"


@pytest.mark.parametrize("before_cut", [0, 1, 3, 10])
async def test_a_key_that_is_cut_off_is_no_less_hidden(
    veo: VeoClient, provider: Provider, before_cut: int
) -> None:
    filling = "." * (REASON_MAX_LENGTH - before_cut)
    provider.faults.add("create", Fault.status(400, filling + provider.key))
    with pytest.raises(VeoError) as refusal:
        await veo.create(build_request(MODEL, PROMPT, {}), "ours")
    shown = str(refusal.value)
    assert filling in shown, "the test does not reach the place where messages are cut"
    assert shown.rpartition(".")[2] == "the key"[:before_cut], "a piece of the key is shown"


def emptied(_: bytes) -> bytes:
    return b""


def halved(content: bytes) -> bytes:
    return content[: len(content) // 2]


def zeroed(content: bytes) -> bytes:
    return bytes(len(content))


@pytest.mark.parametrize("spoil", [emptied, halved, zeroed])
async def test_a_kept_file_that_was_damaged_is_fetched_again(
    engine: Engine, provider: Provider, spoil: Spoil
) -> None:
    row = await insert(engine.database)
    engine.delivery.trouble = [RuntimeError("the process ends here, with the file on disk")]
    with pytest.raises(RuntimeError, match="ends here"):
        await carry_on(engine)
    (kept,) = engine.videos.glob("*.mp4")
    whole = kept.read_bytes()
    kept.write_bytes(spoil(whole))
    await engine.queue.release_all()
    after = await engine.delivered(row.id)
    assert after.status is Status.SUCCEEDED, "a video that can be had again is given up"
    ((_, clip),) = engine.delivery.videos
    assert (clip.size, clip.width) == (len(whole), 1280)
    assert provider.count("cdn") == 2


async def carry_on(engine: Engine) -> None:
    """Carry the one generation, through all its waits, until it breaks."""
    while True:
        try:
            await engine.workflow.run(await engine.claim())
        except StepPostponedError as error:
            await engine.queue.release_all()
            engine.clock.advance(error.wait)


@pytest.mark.parametrize("odd", ["Infinity", "-Infinity", "NaN", "1e999"])
def test_a_cost_that_is_no_number_is_unknown(odd: str) -> None:
    task = Task.model_validate_json(
        '{"id": "x", "status": "completed", "video": {"url": "https://example.com/v.mp4"},'
        f' "meta": {{"usage": {{"credits_used": {odd}}}}}}}'
    )
    assert task.credits_used is None, "it cannot be added up or written as JSON"
    assert task.state is TaskState.COMPLETED, "an odd detail hides that a paid video is ready"


@pytest.mark.parametrize("code", [126, 127, 139])
async def test_an_ffmpeg_that_a_shell_cannot_start_withholds_no_video(
    engine: Engine, provider: Provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, logs: Logs, code: int
) -> None:
    await engine.veo.create(build_request(MODEL, PROMPT, {"duration": 4}), "the same")
    await provider.rendered()  # with a sound ffmpeg, kept for the next that asks for the same
    wrapper = tmp_path / "ffmpeg"
    wrapper.write_text(f"#!/bin/sh\necho 'error while loading shared libraries' >&2\nexit {code}\n")
    wrapper.chmod(0o700)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(wrapper))
    row = await engine.delivered((await insert(engine.database)).id)
    assert row.status is Status.SUCCEEDED, f"exit code {code} of a shell was taken for a damaged video"
    ((_, clip),) = engine.delivery.videos
    assert (clip.width, clip.codec) == (0, ""), "nothing is known of a file that was not read"
    assert count_events(logs, UNREAD) == 1, "the operator has to hear of it"


@pytest.fixture
def service(database: Database, monkeypatch: pytest.MonkeyPatch) -> GenerationService:
    """The service, where a member waits far shorter for a turn than SQLite waits for a lock."""
    monkeypatch.setattr("bot.requests.service.DECISION_PATIENCE", BUSY_TIMEOUT_MS / 1000 / 4)
    work, stopping = asyncio.Event(), asyncio.Event()
    admission = Admission(FixedPrices(), daily_limit=MEMBERS)
    return GenerationService(database, admission=admission, work=work, stopping=stopping)


async def request_at_once(service: GenerationService) -> list[Generation | BaseException]:
    requests = [
        service.request(new_requester(), RequestSpec(model=MODEL, prompt=PROMPT, options={}))
        for _ in range(MEMBERS)
    ]
    return await asyncio.gather(*requests, return_exceptions=True)


async def nothing_was_counted(service: GenerationService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Check that the members can use their whole limit, after an outage in which all were refused."""
    monkeypatch.setattr("bot.requests.service.DECISION_PATIENCE", 60)
    assert await list_recent(service, 1) == [], "a refused request was written down"
    answers = await request_at_once(service)
    assert all(isinstance(answer, Generation) for answer in answers), f"the turn is still held: {answers}"


@pytest.mark.sqlite_only
async def test_members_do_not_wait_one_after_the_other_for_a_locked_database(
    service: GenerationService, database_url: str, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with locked(database_url):
        answers = await request_at_once(service)
    assert [type(answer) for answer in answers] == [DatabaseBusyError] * MEMBERS
    assert count_events(logs, LOCK_WAITED_FOR) == 1, "it is one trouble"
    await nothing_was_counted(service, monkeypatch)


async def test_members_are_told_when_another_writer_does_not_end(
    service: GenerationService, database: Database, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = threading.Event()
    writing = asyncio.create_task(database.write(lambda _: ends.wait(60)))
    await asyncio.sleep(0)  # it is on the database's thread
    answers = await request_at_once(service)
    ends.set()
    await writing
    assert [type(answer) for answer in answers] == [DatabaseBusyError] * MEMBERS
    assert count_events(logs, TURN_NOT_COME) == 1, "it is one trouble"
    await nothing_was_counted(service, monkeypatch)


def test_both_waits_together_leave_time_for_the_answer() -> None:
    longest = ANSWER_PATIENCE + BUSY_TIMEOUT_MS / 1000
    assert longest < DISCORD_PATIENCE, f"a command is answered after {longest} s: Discord gave up on it"


@pytest.mark.usefixtures("disk")
async def test_a_locked_database_does_not_break_the_programs_end(
    engine: Engine, database_url: str, logs: Logs
) -> None:
    row = await insert(engine.database, lease_owner="one", lease_until=engine.clock() + LEASE)
    async with locked(database_url), engine.running():
        pass  # an error of the runner is raised here, where the program waits for it
    assert count_events(logs, UNRELEASED) == 1, "the operator has to hear of it"
    assert (await engine.row(row.id)).lease_owner == "one", "the lease ends by itself"


async def test_a_video_whose_end_is_cut_off_is_refused_by_a_working_ffmpeg(
    veo: VeoClient, provider: Provider, files: Path, tmp_path: Path
) -> None:
    await veo.create(build_request(MODEL, PROMPT, {"duration": 4}), "cut")
    await provider.rendered()
    whole = await asyncio.to_thread(lambda: next(files.glob("*.mp4")).read_bytes())
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[:3000])
    with pytest.raises(MediaError, match="no video"):
        await probe(cut)


@pytest.mark.sqlite_only
async def test_a_start_waits_for_a_locked_database(database_url: str, real_retries: None) -> None:  # noqa: ARG001
    async with open_database(database_url):
        pass
    async with locked(database_url):
        start = asyncio.create_task(_open_and_close(database_url))
        done, _ = await asyncio.wait([start], timeout=BUSY_TIMEOUT_MS / 1000 + 0.5)
        assert not done, "the start gave up, or did not notice the lock"
    await start


async def _open_and_close(url: str) -> None:
    async with open_database(url):
        pass
