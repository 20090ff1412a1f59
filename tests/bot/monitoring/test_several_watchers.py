"""Several workers look at one bot, each with its own disk and its own calls to the provider."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.db.database import Database
from bot.db.models import Status
from bot.monitoring.alert_inputs import AlertInputReader, AlertSources, ProviderRecord
from bot.monitoring.alerts import LOOK_INTERVAL, Alerts, AlertSettings, Announcement
from bot.monitoring.backlog import BacklogReader
from bot.provider.client import VeoClient
from bot.provider.errors import KeyRefusedError, UnavailableError, VeoError
from bot.provider.transport import Call, CallKind
from tests.bot.clocks import StoppedClock
from tests.bot.rows import insert

pytestmark = pytest.mark.both_engines

CHANNEL = 77
ROUND = timedelta(seconds=LOOK_INTERVAL)
GIB = 2**30  # bytes


class Channel:
    """The operator's channel; remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    async def post_alert(self, channel_id: int, announcement: Announcement) -> None:
        assert channel_id == CHANNEL
        self.told.append((announcement.key.kind.value, announcement.transition))


class Worker:
    """What looks in one process; `seconds`: the monotonic clock of what its calls say."""

    def __init__(
        self, database: Database, veo: VeoClient, channel: Channel, clock: StoppedClock, folder: Path
    ) -> None:
        self.seconds = 0.0
        self.folder = folder
        self.stopping = asyncio.Event()
        self._record = ProviderRecord(lambda: self.seconds)
        backlog = BacklogReader(database, clock)
        signs = AlertInputReader(AlertSources(database, veo, self._record, backlog, folder), clock)
        settings = AlertSettings(balance_limit=0.0, channel_id=CHANNEL)
        self.alerts = Alerts(database, signs, channel, settings, self.stopping, clock)

    def hear(self, kind: CallKind, error: VeoError | None = None) -> None:
        self._record.learn_from(Call(kind, 0.1, error))


@pytest.fixture
def channel() -> Channel:
    return Channel()


@pytest.fixture
def workers(
    database: Database, veo: VeoClient, channel: Channel, clock: StoppedClock, tmp_path: Path
) -> list[Worker]:
    return [Worker(database, veo, channel, clock, tmp_path / name) for name in ("one", "two")]


async def look_in_turn(clock: StoppedClock, workers: list[Worker], rounds: int = 3) -> None:
    for _ in range(rounds):
        for worker in workers:
            clock.advance(ROUND / len(workers))
            await worker.alerts.look()


async def test_a_worker_that_heard_nothing_for_long_does_not_end_what_another_hears_now(
    database: Database, workers: list[Worker], channel: Channel, clock: StoppedClock
) -> None:
    await insert(database, status=Status.RUNNING)
    one, two = workers
    two.hear(CallKind.RETRIEVE)  # long ago: it has nothing to ask since
    one.hear(CallKind.RETRIEVE, UnavailableError("503"))
    one.seconds = 400.0
    await look_in_turn(clock, workers)
    assert channel.told == [("provider_down", "begun")]
    one.hear(CallKind.RETRIEVE)
    await look_in_turn(clock, workers)
    assert channel.told == [("provider_down", "begun"), ("provider_down", "over")]


async def test_a_key_that_one_worker_has_just_seen_refused_is_not_called_taken_again_by_another(
    workers: list[Worker], channel: Channel, clock: StoppedClock
) -> None:
    one, two = workers
    two.hear(CallKind.CREATE)
    one.hear(CallKind.CREATE, KeyRefusedError("401"))
    await look_in_turn(clock, workers)
    assert channel.told == [("key_refused", "begun")]


async def test_a_disk_is_full_until_that_workers_disk_has_room(
    workers: list[Worker], channel: Channel, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = {workers[0].folder: GIB // 4, workers[1].folder: 50 * GIB}
    monkeypatch.setattr("bot.monitoring.alert_inputs._free_bytes", free.__getitem__)
    await look_in_turn(clock, workers)
    assert channel.told == [("disk_full", "begun")]
    free[workers[0].folder] = 50 * GIB
    await look_in_turn(clock, workers)
    assert channel.told == [("disk_full", "begun"), ("disk_full", "over")]


@pytest.mark.parametrize("is_killed", [False, True], ids=["stopped", "killed"])
async def test_what_a_worker_found_that_is_gone_does_not_hold_for_ever(
    workers: list[Worker],
    channel: Channel,
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
    is_killed: bool,
) -> None:
    one, two = workers
    free = {one.folder: GIB // 4, two.folder: 50 * GIB}
    monkeypatch.setattr("bot.monitoring.alert_inputs._free_bytes", free.__getitem__)
    await look_in_turn(clock, workers)
    if not is_killed:
        running = asyncio.create_task(one.alerts.run())
        await asyncio.sleep(0)
        one.stopping.set()
        await running
    await look_in_turn(clock, [two], rounds=12 if is_killed else 1)
    assert channel.told == [("disk_full", "begun"), ("disk_full", "over")]
