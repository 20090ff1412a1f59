"""The line before the provider: members take turns, whoever came first. SQL beside its twin in Python."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import true, update
from sqlalchemy.orm import Session

from bot.db.database import Database
from bot.db.models import AT_PROVIDER, Generation, Status
from bot.jobs.fair_order import RECENT, fetch_line, fetch_next_position, in_fair_order, parameters
from bot.jobs.queue import GenerationQueue
from tests.bot.clocks import StoppedClock
from tests.bot.engine import LEASE
from tests.bot.random_rows import ask
from tests.bot.rows import insert, new_row

pytestmark = pytest.mark.both_engines

NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)
Member = tuple[int, int]

# Few, so that some agree; the longest that is looked back is among them, and longer.
ages = st.integers(0, 5).map(lambda count: timedelta(minutes=count)) | st.sampled_from(
    [RECENT / 4, RECENT - timedelta(minutes=1), RECENT, RECENT + timedelta(minutes=1), 2 * RECENT]
)
times = ages.map(lambda age: NOW - age)
leases = st.sampled_from([None, NOW - timedelta(seconds=1), NOW + LEASE, NOW + 3 * LEASE])
rows = st.builds(
    new_row,
    guild_id=st.integers(1, 2),
    user_id=st.integers(1, 3),
    status=st.sampled_from([Status.QUEUED] * 4 + list(Status)),
    created_at=times,
    lease_until=leases,
    submitted_at=st.none() | times,
    finished_at=st.none() | times | st.just(NOW + timedelta(minutes=1)),  # by a clock that was set back
)


def member_of(row: Generation) -> Member:
    return row.guild_id, row.user_id


def is_leased(row: Generation) -> bool:
    return row.lease_until is not None and NOW <= row.lease_until <= NOW + 2 * LEASE


def waits_since(row: Generation, rows: Sequence[Generation]) -> datetime:
    """Return since when its member has waited for this one with nothing in a slot."""
    beginning = min(row.created_at, NOW - RECENT)
    left = [
        other.finished_at
        for other in rows
        if member_of(other) == member_of(row) and other.submitted_at and other.created_at >= beginning
        if other.finished_at and other.finished_at <= NOW
    ]
    return max([row.created_at, *left])


def expected_line(rows: Sequence[Generation]) -> list[str]:
    """Give one slot after the other to the member who has least.

    Of two, it's who has waited longer, with none of their requests in a slot.
    """
    queued = [row for row in rows if row.status is Status.QUEUED]
    waiting = sorted((row for row in queued if not is_leased(row)), key=lambda row: (row.created_at, row.id))
    slots = Counter(
        member_of(row) for row in rows if row.status in AT_PROVIDER or (row in queued and is_leased(row))
    )
    since: dict[Member, datetime] = {}  # when a member was given a slot here

    def rank(row: Generation) -> tuple[int, datetime, Member]:
        member = member_of(row)
        return slots[member], since.get(member) or waits_since(row, rows), member

    line: list[str] = []
    while waiting:
        row = min({member_of(row): row for row in reversed(waiting)}.values(), key=rank)
        slots[member_of(row)] += 1
        since[member_of(row)] = NOW + timedelta(seconds=1 + len(line))
        waiting.remove(row)
        line.append(row.id)
    return line


@given(st.lists(rows, max_size=25))
def test_each_slot_goes_to_the_member_who_has_least(found: list[Generation]) -> None:
    expected = expected_line(found)

    def read(session: Session) -> list[str]:
        return list((session.scalars(in_fair_order(true()), parameters(NOW, LEASE))).all())

    assert ask(found, read) == expected


@given(st.lists(rows, max_size=25), st.integers(1, 3), st.integers(1, 3))
def test_the_position_that_is_foretold_is_the_one_that_a_request_gets(
    found: list[Generation], user_id: int, count: int
) -> None:
    times = [NOW + timedelta(seconds=number) for number in range(1, count + 1)]
    new = [new_row(guild_id=1, user_id=user_id, created_at=time) for time in times]

    def read(session: Session) -> tuple[int, list[str]]:
        position = fetch_next_position(session, 1, user_id, NOW, LEASE, count)
        session.add_all(new)
        session.flush()
        return position, [name for name, _ in fetch_line(session, NOW, LEASE)]

    position, line = ask(found, read)
    assert line.index(new[-1].id) + 1 == position


@pytest.fixture
def queue(database: Database, clock: StoppedClock) -> GenerationQueue:
    """The queue, with three slots at the provider."""
    return GenerationQueue(database, "one", max_running=3, lease=LEASE, clock=clock)


async def ask_for(
    database: Database, clock: StoppedClock, user_id: int, count: int, **more: Any
) -> list[str]:
    """Let a member ask `count` times, one second after the other."""
    names: list[str] = []
    for _ in range(count):
        clock.advance(timedelta(seconds=1))
        times = {"created_at": clock(), "not_before": clock()}
        row = await insert(database, user_id=user_id, **{**times, **more})
        names.append(row.id)
    return names


async def test_who_asks_often_does_not_keep_the_others_waiting(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    eager = await ask_for(database, clock, 1, 5)
    (second,) = await ask_for(database, clock, 2, 1)
    (third,) = await ask_for(database, clock, 1, 1, guild_id=9)
    assert [name for name, _ in await queue.line.list_all()] == [eager[0], second, third, *eager[1:]]
    assert [row.id for row in await queue.claim(10)] == [eager[0], second, third]


async def test_what_runs_already_counts(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    await insert(database, user_id=1, status=Status.RUNNING, lease_until=clock() + LEASE)
    waiting = await ask_for(database, clock, 1, 2)
    others = await ask_for(database, clock, 2, 2)
    assert [name for name, _ in await queue.line.list_all()] == [others[0], waiting[0], others[1], waiting[1]]
    assert {row.id for row in await queue.claim(10)} == {others[0], waiting[0]}


async def serve_all(database: Database, clock: StoppedClock) -> list[str]:
    """Give the only slot to one after the other, each for a minute; return the order."""
    queue = GenerationQueue(database, "one", max_running=1, lease=LEASE, clock=clock)
    sent: list[str] = []
    while claimed := await queue.claim(1):
        clock.advance(timedelta(minutes=1))
        sent.append(claimed[0].id)
        times = dict.fromkeys(("submitted_at", "finished_at", "delivered_at"), clock())
        over = {"status": Status.SUCCEEDED, **times}
        change = update(Generation).where(Generation.id == claimed[0].id).values(over)
        await database.write(lambda session, change=change: session.execute(change))
    return sent


async def test_members_take_turns_where_one_slot_is_all_there_is(
    database: Database, clock: StoppedClock
) -> None:
    shots = await ask_for(database, clock, 1, 3)
    others = [name for user_id in (2, 3) for name in await ask_for(database, clock, user_id, 1)]
    (late,) = await ask_for(database, clock, 4, 1, created_at=clock() + timedelta(minutes=2))
    assert await serve_all(database, clock) == [shots[0], *others, shots[1], late, shots[2]]


@pytest.mark.parametrize("age", [timedelta(hours=25), 2 * RECENT])
async def test_a_film_takes_turns_however_long_ago_it_was_asked_for(
    database: Database, clock: StoppedClock, age: timedelta
) -> None:
    shots = await ask_for(database, clock, 1, 4, created_at=clock() - age)
    others = [name for user_id in (2, 3) for name in await ask_for(database, clock, user_id, 2)]
    assert await serve_all(database, clock) == [
        *(shots[0], others[0], others[2]),
        *(shots[1], others[1], others[3]),
        *shots[2:],
    ]


async def test_who_alone_asks_gets_all_places(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    names = await ask_for(database, clock, 1, 5)
    assert [row.id for row in await queue.claim(10)] == names[:3]


async def test_a_request_that_is_not_answered_yet_stands_in_no_line(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    await insert(database, card_id=None, created_at=clock(), not_before=clock() + timedelta(seconds=20))
    assert await queue.line.list_all() == []


async def test_a_request_that_finds_a_free_place_would_not_have_to_wait(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    assert await queue.line.estimate_position(1, 3) == (1, 3)
    for _ in range(2):
        await insert(database, user_id=9, status=Status.RUNNING)
    assert await queue.line.estimate_position(1, 3) == (1, 1)
    await ask_for(database, clock, 8, 1)
    assert await queue.line.estimate_position(1, 3) == (2, 1), "the last slot is somebody else's already"
    await insert(database, user_id=9, status=Status.RUNNING)
    assert await queue.line.estimate_position(1, 3) == (2, 0)


async def test_what_waits_for_moderators_costs_its_member_no_place_in_the_line(
    queue: GenerationQueue, database: Database, clock: StoppedClock
) -> None:
    await insert(database, user_id=3, review_until=clock() + timedelta(hours=1))
    await ask_for(database, clock, 8, 2)
    assert await queue.line.estimate_position(1, 3) == (2, 3), "behind another member's second one"
