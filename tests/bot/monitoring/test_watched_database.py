"""What is read from the database for those who watch, and what alerts keep in it."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, select
from sqlalchemy.orm import Session

from bot.clock import utc_now
from bot.db.database import Database, open_database
from bot.db.models import Generation, Status
from bot.db.state import keep_state
from bot.errors import DatabaseBusyError
from bot.failures import FailureKind
from bot.monitoring.alert_inputs import AlertInputReader, AlertSources, ProviderRecord
from bot.monitoring.alert_rules import AlertKey, AlertKind, AlertState, evaluate_alerts
from bot.monitoring.alert_store import AlertStore
from bot.monitoring.backlog import BacklogReader, count_undelivered, fetch_undelivered
from bot.monitoring.health import DatabaseCheck
from bot.provider.client import VeoClient
from tests.bot.rows import insert
from tests.bot.troubles import Disk, Logs, count_events, damage
from tests.postgres import Postgres, connect

KEY = AlertKey(AlertKind.DELIVERIES_FAILING, 42)


def ago(**span: float) -> Any:
    return utc_now() - timedelta(**span)


async def test_the_backlog_tells_where_requests_stand_and_since_when(database: Database) -> None:
    await insert(database, status=Status.QUEUED, created_at=ago(minutes=3))
    await insert(database, status=Status.QUEUED, created_at=ago(minutes=1))
    await insert(database, status=Status.SUCCEEDED, created_at=ago(hours=1), finished_at=ago(seconds=30))
    await insert(database, status=Status.FAILED, created_at=ago(hours=1), finished_at=ago(seconds=90))
    await insert(database, status=Status.SUCCEEDED, finished_at=ago(hours=9), delivered_at=ago(hours=9))

    backlog = await BacklogReader(database).read()

    assert backlog is not None
    assert backlog.counts == {"queued": 2, "delivering": 2}
    assert backlog.ages["queued"] == pytest.approx(180, abs=5)
    assert backlog.ages["delivering"] == pytest.approx(90, abs=5)
    assert backlog.is_waiting


async def test_what_waits_for_moderators_is_no_work_that_waits(database: Database) -> None:
    await insert(database, status=Status.QUEUED, created_at=ago(hours=9), review_until=ago(hours=-15))

    backlog = await BacklogReader(database).read()

    assert backlog is not None
    assert backlog.counts == {"review": 1}
    assert not backlog.is_waiting


async def test_what_moderators_had_to_see_first_could_not_be_posted_before(database: Database) -> None:
    await insert(database, status=Status.SUCCEEDED, finished_at=ago(hours=20), released_at=ago(seconds=30))
    await insert(database, status=Status.SUCCEEDED, finished_at=ago(seconds=60), released_at=ago(hours=1))

    backlog = await BacklogReader(database).read()

    assert backlog is not None
    assert backlog.ages["delivering"] == pytest.approx(60, abs=5)


@pytest.mark.both_engines
@pytest.mark.parametrize("status", [Status.PREPARING, Status.QUEUED])
async def test_a_shot_that_waits_for_the_one_before_waits_for_no_slot(
    database: Database, status: Status
) -> None:
    await insert(database, status=status, created_at=ago(hours=3), film_id="f", awaits_id="a")
    await insert(database, status=Status.QUEUED, created_at=ago(hours=3), released_at=ago(minutes=2))

    backlog = await BacklogReader(database).read()

    assert backlog is not None
    assert backlog.counts == {"shot_before": 1, "queued": 1}
    assert backlog.ages["queued"] == pytest.approx(120, abs=5), "the slots are called too few"


async def test_what_is_being_sent_is_as_old_as_its_create_call(database: Database) -> None:
    await insert(
        database, status=Status.SUBMITTING, created_at=ago(hours=3), submitted_at=ago(seconds=3), submission=1
    )

    backlog = await BacklogReader(database).read()

    assert backlog is not None
    assert backlog.ages["submitting"] == pytest.approx(3, abs=5), "its long wait is called a stuck call"


async def test_the_backlog_is_counted_once_for_all_who_ask(database: Database) -> None:
    reader = BacklogReader(database)
    first = await reader.read()
    await insert(database)
    assert await reader.read() is first


DECLINED = {"status": Status.FAILED, "failure_kind": FailureKind.DECLINED}
BY_MODERATOR = {"status": Status.CANCELLED, "cancelled_by": 9}


def undelivered(session: Session, now: datetime) -> Mapping[int, int]:
    """Return how many results each server waits for in vain; those that are listed must be as many."""
    found = count_undelivered(session, now)
    for guild_id in (1, 2):
        assert len(fetch_undelivered(session, guild_id, now)) == found.get(guild_id, 0)
    return found


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("changes", "ages", "expected"),
    [
        ({"status": Status.SUCCEEDED}, {"finished_at": 11}, {1: 1}),
        ({"status": Status.SUCCEEDED}, {"finished_at": 1}, {}),
        ({"status": Status.SUCCEEDED, "result_id": 5}, {"finished_at": 11}, {}),
        ({"status": Status.RUNNING}, {}, {}),
        ({"status": Status.CANCELLED, "cancelled_by": 3}, {"finished_at": 11}, {}),
        ({"status": Status.CANCELLED, "cancelled_by": 9}, {"finished_at": 11}, {1: 1}),
        ({**BY_MODERATOR, "film_id": "f"}, {"finished_at": 60, "delivered_at": 5}, {}),
        ({**BY_MODERATOR, "film_id": "f", "source_id": "s"}, {"finished_at": 60, "delivered_at": 5}, {1: 1}),
        ({"status": Status.SUCCEEDED}, {"finished_at": 60, "delivered_at": 5}, {1: 1}),
        ({**DECLINED, "film_id": "f"}, {"finished_at": 5, "delivered_at": 5}, {}),
        ({**DECLINED}, {"finished_at": 60, "delivered_at": 5}, {1: 1}),
        ({"status": Status.SUCCEEDED}, {"finished_at": 180, "delivered_at": 120}, {}),
    ],
)
async def test_a_result_is_unposted_when_it_is_late_or_was_given_up(
    database: Database, changes: dict[str, Any], ages: dict[str, int], expected: dict[int, int]
) -> None:
    now = utc_now()
    moments = {column: now - timedelta(minutes=age) for column, age in ages.items()}
    await insert(database, **changes, **moments)

    def work(session: Session):
        assert undelivered(session, now) == expected

    await database.read(work)


async def test_a_result_that_was_given_up_is_forgotten_once_another_is_posted(database: Database) -> None:
    ended: dict[str, Any] = {"status": Status.SUCCEEDED, "finished_at": ago(hours=1)}
    await insert(database, **ended, delivered_at=ago(minutes=20))
    await insert(database, **ended, delivered_at=ago(minutes=20), guild_id=2)
    await insert(database, **ended, delivered_at=ago(minutes=10), result_id=77)

    def work(session: Session):
        assert undelivered(session, utc_now()) == {2: 1}

    await database.read(work)


async def test_what_a_clock_that_was_ahead_gave_up_does_not_hold_for_ever(database: Database) -> None:
    ended: dict[str, Any] = {"status": Status.SUCCEEDED, "finished_at": ago(hours=1)}
    await insert(database, **ended, delivered_at=ago(days=-400))
    await insert(database, **ended, delivered_at=ago(minutes=10), result_id=77)

    def work(session: Session):
        assert undelivered(session, utc_now()) == {}

    await database.read(work)


async def test_a_result_that_its_member_had_deleted_was_not_given_up(database: Database) -> None:
    done: dict[str, Any] = {
        "status": Status.SUCCEEDED,
        "finished_at": ago(minutes=9),
        "delivered_at": ago(minutes=9),
    }
    await insert(database, **done, erased_at=ago(minutes=1))

    def work(session: Session):
        assert undelivered(session, utc_now()) == {}

    await database.read(work)


@pytest.mark.both_engines
async def test_alerts_are_kept_and_forgotten(database: Database) -> None:
    state = AlertState(since=utc_now(), told_at=utc_now(), is_told=True, facts={"results": 3})
    await AlertStore(database).write(KEY, state)
    assert await AlertStore(database).read() == {KEY: state}
    await AlertStore(database).write(KEY, None)
    assert await AlertStore(database).read() == {}


async def test_a_note_that_makes_no_sense_is_passed_over(database: Database) -> None:
    await keep_state(database, "alert:disk_full", "{")
    assert await AlertStore(database).read() == {}


async def test_what_cannot_be_kept_is_remembered_and_kept_later(database: Database, disk: Disk) -> None:
    book, state = AlertStore(database), AlertState(told_at=utc_now(), facts={"words": "x" * 10_000})
    disk.is_full = True
    await book.write(KEY, state)
    assert await book.read() == {KEY: state}
    disk.is_full = False
    await book.read()
    assert await AlertStore(database).read() == {KEY: state}


@pytest.fixture
async def signs(database: Database, veo: VeoClient, tmp_path: Path) -> AlertInputReader:
    watched = AlertSources(database, veo, ProviderRecord(), BacklogReader(database), tmp_path)
    return AlertInputReader(watched)


async def test_a_full_database_is_an_alert_though_small_writes_still_work(
    database: Database, disk: Disk, signs: AlertInputReader
) -> None:
    before = evaluate_alerts(await signs.read(is_account_in_doubt=False), 5.0)
    disk.is_full = True
    with pytest.raises(DatabaseBusyError):
        await keep_state(database, "large", "x" * 100_000)
    after = evaluate_alerts(await signs.read(is_account_in_doubt=False), 5.0)
    assert before[AlertKind.DATABASE_UNWRITABLE].holds is False
    assert after[AlertKind.DATABASE_UNWRITABLE].holds is True


@pytest.mark.sqlite_only
async def test_a_damaged_file_is_an_alert_and_no_sign_of_life(
    database: Database, database_url: str, signs: AlertInputReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.monitoring.health.DATABASE_LIMIT", 0.0)
    path = Path(make_url(database_url).database or "")
    check = DatabaseCheck(database, path)
    before = evaluate_alerts(await signs.read(is_account_in_doubt=False), 5.0)
    await asyncio.to_thread(damage, path)
    with pytest.raises(DatabaseBusyError):
        await database.read(lambda session: session.scalars(select(Generation)).all())
    after = evaluate_alerts(await signs.read(is_account_in_doubt=False), 5.0)
    assert before[AlertKind.DATABASE_DAMAGED].holds is False
    assert after[AlertKind.DATABASE_DAMAGED].holds is True
    assert not (await check()).is_good, "what is damaged is called healthy"


@pytest.mark.both_engines
@pytest.mark.postgres_only
async def test_a_server_that_takes_no_writes_is_no_sign_of_life(
    database: Database, database_url: str, logs: Logs
) -> None:
    name = make_url(database_url).database
    async with connect(database_url) as past:
        await past.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        try:
            async with open_database(database_url) as replica:
                await DatabaseCheck(replica, None)()
        finally:
            await past.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    told = "the database isn't responding"
    assert count_events(logs, told) == 1, "a replica that only answers questions is called healthy"
    await DatabaseCheck(database, None)()
    assert count_events(logs, told) == 1, "a database that takes writes isn't"


@pytest.mark.postgres_only
async def test_a_server_that_is_away_is_an_alert_and_not_an_error_of_whoever_looks(
    database: Database, signs: AlertInputReader, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    if postgres.server is None:
        pytest.skip("the server at TEST_POSTGRES_URL is not ours to stop")
    monkeypatch.setattr("bot.monitoring.backlog.COUNT_TTL_SECONDS", 0.0)
    monkeypatch.setattr("bot.monitoring.alert_rules.DATABASE_LIMIT", 0.0)
    backlog, book, state = BacklogReader(database), AlertStore(database), AlertState(told_at=utc_now())
    before = await backlog.read()
    postgres.server.stop()
    try:
        read = await signs.read(is_account_in_doubt=False)
        await book.write(KEY, state)
        during, kept = await backlog.read(), await book.read()
    finally:
        await asyncio.to_thread(postgres.server.start)
    assert before is not None
    assert during is None, "what cannot be counted was counted"
    assert read.undelivered is None
    assert evaluate_alerts(read, 5.0)[AlertKind.DATABASE_UNWRITABLE].holds is True
    assert kept == {KEY: state}, "what was said in the outage is forgotten"
