"""Cancelling: who hears what, what counts, and what can never happen however it falls together."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.admission.usage_counts import fetch_use
from bot.db.database import Database, open_database
from bot.db.guild_models import Action, AuditRow
from bot.db.models import ANSWER_GRACE, OPEN, Generation, Status
from bot.errors import DatabaseBusyError, NotFoundError, UserError
from bot.jobs.cancellation import Cancellation, Cancelled, TooLateError
from bot.policy.documents import MemberPolicy
from sandbox.provider import Fault, Provider
from tests.bot.clocks import StoppedClock, until
from tests.bot.engine import Engine, MakeEngine
from tests.bot.rows import insert, reread
from tests.bot.troubles import Logs, count_events, ends_in, locked

pytestmark = pytest.mark.both_engines

MODERATOR = 77
TICK = timedelta(microseconds=1)
CALL_WINDOW, LOOKUP_WINDOW = timedelta(seconds=1), timedelta(seconds=8)
LONGEST_DELAY = 2.0  # seconds; most of the videos of one round are made by then
ENDED = [status for status in Status if status not in OPEN]

# Each leaves the request in another state for a while: refused, lost, accepted without an answer.
CREATE_FAULTS = [
    Fault.status(429, retry_after=0),
    Fault.status(401),
    Fault.status(500),
    Fault.status(502, accepted=True),
    Fault.reset(accepted=True),
]


@pytest.fixture
def work() -> asyncio.Event:
    """What wakes the runner."""
    return asyncio.Event()


@pytest.fixture
def service(database: Database, work: asyncio.Event, clock: StoppedClock) -> Cancellation:
    """The service with a clock that stands still."""
    return Cancellation(database, work=work, clock=clock)


async def audit_rows(database: Database) -> Sequence[AuditRow]:
    return await database.read(lambda session: (session.scalars(select(AuditRow))).all())


async def insert_old(database: Database, clock: StoppedClock, **changes: Any) -> Generation:
    """Write a row whose first moments are long over."""
    moment = clock() - timedelta(minutes=5)
    return await insert(database, **{"created_at": moment, "not_before": moment, **changes})


async def counted(database: Database, row: Generation, clock: StoppedClock) -> tuple[int, int]:
    """Return how many requests of the member count, and how many are waited for."""
    use = await database.read(
        lambda session: fetch_use(session, row.guild_id, row.user_id, MemberPolicy(), clock())
    )
    return len(use.counted), use.at_once


@pytest.mark.parametrize("status", sorted(OPEN))
async def test_what_is_waited_for_is_cancelled_and_anybody_may_take_it_up(
    service: Cancellation, database: Database, clock: StoppedClock, work: asyncio.Event, status: Status
) -> None:
    lease = {"lease_owner": "somebody", "lease_until": clock() + timedelta(minutes=1)}
    row = await insert_old(database, clock, status=status, attempts=5, **lease)
    clock.advance(timedelta(seconds=1))
    cancelled = await service.cancel(row.guild_id, row.id, MODERATOR)
    after = await reread(database, row.id)
    assert (after.status, after.cancelled_by, after.finished_at) == (Status.CANCELLED, MODERATOR, clock())
    assert (after.lease_owner, after.lease_until, after.attempts) == (None, None, 0)
    assert after.not_before == clock()
    assert (after.delivered_at, after.late_until) == (None, None)
    assert cancelled.generation.id == row.id
    assert cancelled.generation.status is Status.CANCELLED
    assert work.is_set(), "the runner would sleep on"


@pytest.mark.parametrize(
    ("status", "is_sent"), [(Status.QUEUED, False), (Status.SUBMITTING, True), (Status.RUNNING, True)]
)
async def test_what_was_sent_counts_and_what_was_not_is_free(
    service: Cancellation, database: Database, clock: StoppedClock, status: Status, *, is_sent: bool
) -> None:
    sent_at = clock() - timedelta(minutes=1) if is_sent else None
    row = await insert_old(database, clock, status=status, submitted_at=sent_at, estimated_credits=1.5)
    assert await counted(database, row, clock) == (1, 1)
    cancelled = await service.cancel(row.guild_id, row.id, MODERATOR)
    assert cancelled.counts is is_sent
    assert await counted(database, row, clock) == (int(is_sent), 0)
    after = await reread(database, row.id)
    assert (after.submitted_at, after.estimated_credits) == (sent_at, 1.5), "what it may cost is forgotten"


@pytest.mark.parametrize("status", ENDED)
@pytest.mark.parametrize("late_until", [None, timedelta(hours=1)], ids=["", "late"])
async def test_what_is_finished_stays_as_it_is(
    service: Cancellation,
    database: Database,
    clock: StoppedClock,
    work: asyncio.Event,
    status: Status,
    late_until: timedelta | None,
) -> None:
    until_when = None if late_until is None else clock() + late_until
    row = await insert_old(database, clock, status=status, lease_owner="somebody", late_until=until_when)
    with pytest.raises(TooLateError, match=r"already finished.*Nothing changed\.$"):
        await service.cancel(row.guild_id, row.id, MODERATOR)
    after = await reread(database, row.id)
    assert (after.status, after.cancelled_by, after.lease_owner) == (status, None, "somebody")
    assert after.late_until == until_when
    assert await audit_rows(database) == []
    assert not work.is_set()


async def test_another_servers_number_looks_like_one_that_never_was(
    service: Cancellation, database: Database, clock: StoppedClock
) -> None:
    finished = await insert_old(database, clock, guild_id=1, status=Status.SUCCEEDED)
    waiting = await insert_old(database, clock, guild_id=1)
    answers: list[tuple[type[UserError], str]] = []
    for name in (finished.id, waiting.id, "nothing", "", "' OR 1=1 --"):
        with pytest.raises(UserError) as refusal:
            await service.cancel(2, name, MODERATOR)
        answers.append((refusal.type, str(refusal.value)))
    assert set(answers) == {(NotFoundError, str(NotFoundError()))}
    assert (await reread(database, waiting.id)).status is Status.QUEUED
    assert await audit_rows(database) == []


async def test_the_second_one_comes_too_late(
    service: Cancellation, database: Database, clock: StoppedClock
) -> None:
    row = await insert_old(database, clock)
    await service.cancel(row.guild_id, row.id, MODERATOR)
    first = await reread(database, row.id)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(TooLateError):
        await service.cancel(row.guild_id, row.id, MODERATOR + 1)
    after = await reread(database, row.id)
    assert (after.cancelled_by, after.finished_at) == (MODERATOR, first.finished_at)
    assert len(await audit_rows(database)) == 1


async def test_of_many_at_once_one_cancels(
    service: Cancellation, database: Database, clock: StoppedClock
) -> None:
    row = await insert_old(database, clock)
    calls = [service.cancel(row.guild_id, row.id, MODERATOR + number) for number in range(10)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    winners = [outcome for outcome in outcomes if isinstance(outcome, Cancelled)]
    assert len(winners) == 1
    assert sum(isinstance(outcome, TooLateError) for outcome in outcomes) == 9
    (told,) = await audit_rows(database)
    assert told.actor_id == winners[0].generation.cancelled_by


@pytest.mark.parametrize("is_sent", [False, True])
async def test_what_a_moderator_cancels_is_on_record(
    service: Cancellation, database: Database, clock: StoppedClock, *, is_sent: bool
) -> None:
    row = await insert_old(database, clock, submitted_at=clock() if is_sent else None, status=Status.RUNNING)
    await service.cancel(row.guild_id, row.id, MODERATOR)
    (told,) = await audit_rows(database)
    assert (told.guild_id, told.at, told.actor_id) == (row.guild_id, clock(), MODERATOR)
    assert (told.action, told.subject) == (Action.CANCEL, f"generation:{row.id}")
    assert (told.old, told.new) == (None, {"counts": is_sent})


async def test_each_shot_of_a_film_that_is_cancelled_is_in_the_log(
    service: Cancellation, database: Database, clock: StoppedClock, logs: Logs
) -> None:
    film_id = "f" * 16
    first, second, ended = [
        await insert_old(database, clock, film_id=film_id, shot=shot, status=status)
        for shot, status in enumerate((Status.RUNNING, Status.QUEUED, Status.FAILED), 1)
    ]
    assert await service.cancel_film(first.guild_id, film_id, MODERATOR) == 2
    assert ends_in(logs, "cancelled") == sorted([first.id, second.id])
    assert (await reread(database, ended.id)).status is Status.FAILED


async def test_what_the_member_cancels_concerns_no_moderator(
    service: Cancellation, database: Database, clock: StoppedClock
) -> None:
    row = await insert_old(database, clock)
    await service.cancel(row.guild_id, row.id, row.user_id)
    assert (await reread(database, row.id)).cancelled_by == row.user_id
    assert await audit_rows(database) == []


async def test_what_is_being_answered_waits_for_its_card(
    service: Cancellation, database: Database, clock: StoppedClock
) -> None:
    begins_at = clock() + ANSWER_GRACE
    row = await insert(database, card_id=None, created_at=clock(), not_before=begins_at)
    clock.advance(ANSWER_GRACE - TICK)
    await service.cancel(row.guild_id, row.id, MODERATOR)
    after = await reread(database, row.id)
    assert after.not_before == begins_at, (
        "it could be ended before its card is known, which says Waiting ever"
    )


async def test_what_never_got_a_card_waits_for_none(
    service: Cancellation, database: Database, clock: StoppedClock
) -> None:
    later = clock() + timedelta(minutes=30)
    row = await insert(database, card_id=None, created_at=clock() - ANSWER_GRACE, not_before=later)
    await service.cancel(row.guild_id, row.id, MODERATOR)
    assert (await reread(database, row.id)).not_before == clock()


@pytest.mark.usefixtures("disk")
async def test_while_nothing_can_be_written_it_is_refused_and_nothing_happens(
    service: Cancellation, database: Database, database_url: str, clock: StoppedClock, work: asyncio.Event
) -> None:
    row = await insert_old(database, clock)
    async with locked(database_url):
        with pytest.raises(DatabaseBusyError):
            await service.cancel(row.guild_id, row.id, MODERATOR)
    assert (await reread(database, row.id)).status is Status.QUEUED
    assert not work.is_set()


async def cancel_some_time(engine: Engine, chance: random.Random, row: Generation) -> Cancelled | None:
    """Cancel the row at some time on its way to a video; None: it was too late."""
    await asyncio.sleep(LONGEST_DELAY * chance.random() ** 2)  # many early: that time is short
    try:
        return await Cancellation(engine.database, work=engine.work).cancel(row.guild_id, row.id, MODERATOR)
    except TooLateError:
        return None


async def all_delivered(engines: Sequence[Engine], rows: Sequence[Generation]) -> None:
    async def look() -> bool:
        for engine in engines:
            engine.work.set()
        return all([(await engines[0].row(row.id)).delivered_at is not None for row in rows])

    await until("all are delivered", look, seconds=40)


def assert_ended_once(
    engines: Sequence[Engine], provider: Provider, row: Generation, cancelled: Cancelled | None
) -> None:
    """Check that one message says how the request ended, and that what was called free was never sent."""
    posted = [message for engine in engines for message in engine.delivery.messages]
    assert [message.is_ending for message in posted if message.generation_id == row.id] == [
        cancelled is not None
    ]
    paid = provider.count_accepted(row.id)
    if cancelled is None:
        assert (row.status, paid) == (Status.SUCCEEDED, 1)
    else:
        assert row.status is Status.CANCELLED
        assert paid == 0 or cancelled.counts, "a video is made that was said not to count"
        assert paid == (row.provider_id is not None), "what became of the create call is not known"
        assert row.submitted_at is not None or not paid, "what was paid is free"
        assert paid <= 1, "it was sent again"


@pytest.mark.nightly(daily=["sqlite-0-2", "postgresql-0-2"])
@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.usefixtures("patient_locks")
async def test_however_it_falls_together_each_request_ends_once(
    make_engine: MakeEngine,
    database_url: str,
    provider: Provider,
    logs: Logs,
    processes: int,
    seed: int,
) -> None:
    chance = random.Random(seed)
    rounds = 40
    for _ in range(rounds // 2):
        provider.faults.add("create", chance.choice(CREATE_FAULTS))
    async with open_database(database_url) as other:
        # No call is looked for before all cancels are made, or one that left no trace would be told as lost.
        times = {"max_running": rounds, "lookup_window": LOOKUP_WINDOW, "call_window": CALL_WINDOW}
        engines = [make_engine("one", **times), make_engine("two", database=other, **times)][:processes]
        rows = [await insert(engines[0].database) for _ in range(rounds)]
        async with engines[0].running(), engines[-1].running() if processes == 2 else asyncio.timeout(None):
            outcomes = await asyncio.gather(
                *(cancel_some_time(chance.choice(engines), chance, row) for row in rows)
            )
            await all_delivered(engines, rows)
        assert all(engine.runner.is_idle for engine in engines)
        for row, outcome in zip(rows, outcomes, strict=True):
            assert_ended_once(engines, provider, await engines[0].row(row.id), outcome)
    assert any(outcomes), "none was cancelled: the rounds show nothing"
    assert count_events(logs, "a step failed") == 0
