"""What waits for a model or a server that is gone ends once, and nothing else does."""

import asyncio
from datetime import timedelta

import pytest

from bot.clock import utc_now
from bot.db.database import Database
from bot.db.models import Status
from bot.failures import FailureKind
from bot.jobs.cancellation import Cancellation
from bot.jobs.retirement import Departures, IsGone, Retirement
from tests.bot.rows import MODEL, insert, reread
from tests.bot.troubles import Logs

LEASE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
OTHER = "google/veo-3.1-t2v"


@pytest.mark.both_engines
async def test_what_was_not_sent_ends_and_anybody_may_tell_the_member(database: Database) -> None:
    later = utc_now() + HOUR
    held = await insert(database, not_before=later, attempts=3)
    imaged = await insert(database, status=Status.PREPARING, picture_urls=["https://cdn/x"])
    abandoned = await insert(database, lease_owner="dead", lease_until=utc_now() - HOUR)
    await Retirement(database, LEASE).end([MODEL])
    for row in [await reread(database, one.id) for one in (held, imaged, abandoned)]:
        assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.MODEL_GONE)
        assert (row.lease_owner, row.attempts) == (None, 0)
        assert row.not_before <= utc_now(), "the member is told an hour later"
        assert row.finished_at is not None


async def test_what_is_sent_carried_or_just_being_answered_is_left_alone(database: Database) -> None:
    now = utc_now()
    left = [
        await insert(database, model=OTHER),
        await insert(database, status=Status.SUBMITTING, submitted_at=now),
        await insert(database, status=Status.RUNNING, submitted_at=now),
        await insert(database, status=Status.CANCELLED),
        await insert(database, lease_owner="alive", lease_until=now + LEASE),
        await insert(database, card_id=None),
    ]
    await Retirement(database, LEASE).end([MODEL])
    after = [await reread(database, row.id) for row in left]
    assert [row.status for row in after] == [row.status for row in left]
    assert all(row.failure_kind is None for row in after)


async def test_of_many_that_look_at_once_one_ends_a_request(database: Database, logs: Logs) -> None:
    rows = [await insert(database) for _ in range(5)]
    await asyncio.gather(*(Retirement(database, LEASE).end([MODEL]) for _ in range(4)))
    ended = [
        line["generation"] for line in logs if (line["event"], line.get("kind")) == ("failed", "model_gone")
    ]
    assert sorted(ended) == sorted(row.id for row in rows)


async def test_what_waits_on_a_server_that_removed_the_bot_is_cancelled_and_nothing_else(
    database: Database,
) -> None:
    left, stayed, others = [await insert(database, guild_id=guild_id) for guild_id in (1, 2, 3)]
    departures = Departures(
        Cancellation(database, work=asyncio.Event()),
        _answer({1, 3}),
        asyncio.Event(),
        is_ours=lambda guild_id: guild_id != others.guild_id,
    )
    await departures.look()
    statuses = [(await reread(database, row.id)).status for row in (left, stayed, others)]
    assert statuses == [Status.CANCELLED, Status.QUEUED, Status.QUEUED]


async def test_a_program_that_stops_asks_no_more_about_servers(database: Database) -> None:
    row, stopping = await insert(database), asyncio.Event()
    stopping.set()
    await Departures(Cancellation(database, work=asyncio.Event()), _answer({1}), stopping).look()
    assert (await reread(database, row.id)).status is Status.QUEUED


def _answer(gone: set[int]) -> IsGone:
    async def is_gone(guild_id: int) -> bool:
        return guild_id in gone

    return is_gone
