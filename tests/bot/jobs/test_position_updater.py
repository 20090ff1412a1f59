"""Those who wait are told where they stand: when it changes, and only then."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.errors import DatabaseBusyError
from bot.eta.duration_estimator import DurationEstimator
from bot.eta.eta import LAST_POSITION, Eta
from bot.jobs.position_updater import MAX_AT_ONCE, SETTLING, PositionUpdater, QueueEstimate
from bot.jobs.queue import GenerationQueue
from tests.bot.clocks import StoppedClock, until
from tests.bot.engine import LEASE
from tests.bot.recorder import RecordingDelivery
from tests.bot.rows import insert, new_row
from tests.bot.troubles import Logs, count_events, count_tracebacks

MAX_RUNNING = 2
UNREADABLE = "could not read the queue positions"


class Scene:
    """A line with what it says, and a clock that stands still."""

    def __init__(self, database: Database, clock: StoppedClock) -> None:
        self.database = database
        self.clock = clock
        self.delivery = RecordingDelivery(clock)
        self.stopping = asyncio.Event()
        self.queue = GenerationQueue(database, "one", max_running=MAX_RUNNING, lease=LEASE, clock=clock)
        self.estimator = DurationEstimator(
            interval=10, rate=50, deadline=timedelta(seconds=1000), max_running=MAX_RUNNING
        )
        self.line = PositionUpdater(self.queue.line, self.delivery, self.estimator, self.stopping, clock)

    async def ask(self, **changes: object) -> Generation:
        """Let a member who has nothing yet ask; return the row."""
        self.clock.advance(timedelta(seconds=1))
        now = self.clock()
        number = int(now.timestamp())
        return await insert(
            self.database, **{"created_at": now, "not_before": now, "user_id": number, **changes}
        )

    async def told(self) -> list[tuple[str, int | None]]:
        """Look until there is no news, and return who was told which position."""
        self.delivery.etas.clear()
        count = -1
        while count < len(self.delivery.etas):
            count = len(self.delivery.etas)
            await self.line.look()
            assert len(self.delivery.etas) - count <= MAX_AT_ONCE
        return [(name, eta.position) for name, eta in self.delivery.etas]

    def last(self) -> Eta:
        return self.delivery.etas[-1][1]


@pytest.fixture
def scene(database: Database, clock: StoppedClock) -> Scene:
    return Scene(database, clock)


async def test_everybody_is_told_once_and_again_when_it_changes(scene: Scene) -> None:
    one, two, three = [await scene.ask() for _ in range(3)]
    scene.clock.advance(SETTLING)
    assert sorted(await scene.told()) == sorted([(one.id, 1), (two.id, 2), (three.id, 3)])
    assert await scene.told() == [], "nothing has changed"
    claimed = await scene.queue.claim(1)
    assert [row.id for row in claimed] == [one.id]
    assert sorted(await scene.told()) == sorted([(two.id, 1), (three.id, 2)])


async def test_two_processes_tell_each_their_own_servers_the_places_among_all(scene: Scene) -> None:
    one, two, three = [await scene.ask(guild_id=guild_id) for guild_id in (8, 9, 8)]
    scene.clock.advance(SETTLING)
    for guild_id, expected in ((8, {(one.id, 1), (three.id, 3)}), (9, {(two.id, 2)})):
        scene.line = PositionUpdater(
            scene.queue.line,
            scene.delivery,
            scene.estimator,
            scene.stopping,
            scene.clock,
            is_ours=lambda asked, ours=guild_id: asked == ours,
        )
        assert set(await scene.told()) == expected


async def test_who_gets_a_place_at_once_is_told_no_position(scene: Scene) -> None:
    row = await scene.ask()
    assert await scene.told() == []
    scene.clock.advance(SETTLING)
    assert await scene.told() == [(row.id, 1)]


async def test_members_who_wait_are_told_an_honest_time_and_when_it_has_passed(scene: Scene) -> None:
    row = await scene.ask()
    scene.clock.advance(SETTLING)
    await scene.told()
    expected = scene.estimator.eta_in_queue(row, 1, scene.clock())
    assert scene.last() == expected
    assert expected.expected_at is not None
    scene.clock.advance(expected.expected_at - scene.clock())
    assert await scene.told() == [(row.id, 1)]
    assert scene.last() == Eta(1, is_late=True)
    scene.clock.advance(timedelta(hours=1))
    assert await scene.told() == [], "that it is late is said once"


async def test_far_back_only_that_it_is_far_is_told(scene: Scene) -> None:
    rows = [await scene.ask() for _ in range(LAST_POSITION + 3)]
    scene.clock.advance(SETTLING)
    told = dict(await scene.told())
    assert [told[row.id] for row in rows] == [*range(1, LAST_POSITION + 1), *[LAST_POSITION + 1] * 3]
    assert all(eta.expected_at is None for _, eta in scene.delivery.etas if eta.position == 51)
    await scene.queue.claim(1)
    told = dict(await scene.told())
    assert rows[-1].id not in told, "for who is far back nothing has changed"
    assert told[rows[LAST_POSITION].id] == LAST_POSITION


@pytest.mark.both_engines
async def test_a_card_is_not_told_of_what_has_left_the_line(scene: Scene) -> None:
    row = await scene.ask()
    scene.clock.advance(SETTLING)
    await scene.told()

    def work(session: Session):
        (session.get_one(Generation, row.id)).status = Status.CANCELLED

    await scene.database.write(work)
    assert await scene.told() == []


async def test_what_leaves_the_line_while_its_card_waits_for_its_turn_is_told_no_position(
    scene: Scene,
) -> None:
    row = await scene.ask()
    scene.clock.advance(SETTLING)
    scene.delivery.card_gate.clear()
    look = asyncio.create_task(scene.line.look())

    async def has_begun() -> bool:
        return scene.delivery.cards_begun == 1

    await until("its card is about to be edited", has_begun)
    (claimed,) = await scene.queue.claim(1)
    assert claimed.id == row.id
    await scene.queue.move(claimed, Status.SUBMITTING)
    scene.delivery.card_gate.set()
    await look
    assert scene.delivery.etas == []


async def test_who_would_get_the_last_free_slot_is_foretold_no_position(scene: Scene) -> None:
    estimate = QueueEstimate(scene.queue.line, scene.estimator, scene.clock)
    positions: list[int | None] = []
    for _ in range(MAX_RUNNING + 1):
        positions.append((await estimate.eta(new_row(user_id=7))).position)
        await scene.ask()
    assert positions == [*[None] * MAX_RUNNING, MAX_RUNNING + 1]


@pytest.mark.usefixtures("all_failures_told")
@pytest.mark.parametrize(("trouble", "tracebacks"), [(DatabaseBusyError("busy"), 0), (OSError("a fault"), 2)])
async def test_a_database_that_cannot_be_read_does_not_end_it(
    scene: Scene, logs: Logs, monkeypatch: pytest.MonkeyPatch, trouble: Exception, tracebacks: int
) -> None:
    monkeypatch.setattr("bot.jobs.position_updater.LOOK_INTERVAL", 0.01)
    row = await scene.ask()
    scene.clock.advance(SETTLING)
    list_all, troubles = scene.queue.line.list_all, [trouble, trouble]

    async def stumble() -> object:
        if troubles:
            raise troubles.pop()
        return await list_all()

    monkeypatch.setattr(scene.queue.line, "list_all", stumble)
    task = asyncio.create_task(scene.line.run(), name="line")

    async def is_told() -> bool:
        return [name for name, _ in scene.delivery.etas] == [row.id]

    await until("it is told", is_told)
    scene.stopping.set()
    await asyncio.wait_for(task, 20)
    assert count_events(logs, UNREADABLE) == 2
    assert count_tracebacks(logs, UNREADABLE) == tracebacks, "an outage of hours fills the log"
