"""What a member gets of their own data."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, Enum, Float, Integer, inspect

from bot.clock import utc_now
from bot.db.column_types import UtcDateTime
from bot.db.database import Database
from bot.db.models import Generation, Status, Unreviewed
from bot.failures import FailureKind
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.rules import QuotaRules, Subject
from bot.moderation.service import Moderation
from bot.policy.documents import LimitKind, Scope
from bot.privacy import service
from bot.privacy.service import Privacy
from tests.bot.clocks import StoppedClock
from tests.bot.erasable import ALICE, BOB, DAY, insert_delivered, insert_report
from tests.bot.rows import PROMPT, insert

MODERATOR = Moderator(guild_id=1, user_id=77)

# What the program notes for its own work.
INTERNAL = {
    "awaits_id",
    "released_at",
    "posting_at",
    "not_ready_at",
    "late_until",
    "not_before",
    "attempts",
    "take_down_at",
    "lease_owner",
    "lease_until",
}


@pytest.fixture
def privacy(database: Database, clock: StoppedClock) -> Privacy:
    """The service with a clock that stands still."""
    return Privacy(database, clock)


async def test_an_export_holds_the_members_requests_of_all_servers_and_nobody_elses(
    privacy: Privacy, database: Database, clock: StoppedClock
) -> None:
    younger = await insert_delivered(database, guild_id=1, created_at=clock() - DAY)
    older = await insert_delivered(database, guild_id=2, created_at=clock() - 2 * DAY)
    await insert_delivered(database, user_id=BOB, prompt="bob's secret")
    exported = await privacy.export(ALICE)
    assert exported["user_id"] == str(ALICE)
    assert exported["exported_at"] == clock().isoformat()
    assert [request["id"] for request in exported["requests"]] == [older.id, younger.id]
    assert [request["server_id"] for request in exported["requests"]] == ["2", "1"]
    assert "bob" not in json.dumps(exported)


async def test_many_requests_are_read_some_at_a_time(
    privacy: Privacy, database: Database, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [await insert_delivered(database, created_at=clock() - n * DAY) for n in range(7)]
    monkeypatch.setattr(service, "PAGE", 3)
    read, transactions = database.read, 0

    async def count_reads(*args: Any, **options: Any) -> Any:
        nonlocal transactions
        transactions += 1
        return await read(*args, **options)

    monkeypatch.setattr(database, "read", count_reads)
    exported = await privacy.export(ALICE)
    assert [request["id"] for request in exported["requests"]] == [row.id for row in reversed(rows)]
    assert transactions >= 3, "everybody would wait until the last one is read"


async def test_requests_of_the_same_moment_have_an_order_too(
    privacy: Privacy, database: Database, clock: StoppedClock
) -> None:
    for name in "cab":
        await insert_delivered(database, id=name, created_at=clock())
    first, second = await privacy.export(ALICE), await privacy.export(ALICE)
    assert [request["id"] for request in first["requests"]] == ["a", "b", "c"]
    assert first == second


def mark(column: Column[Any], number: int) -> Any:
    """Return a value that no other column has, or None where the column takes none."""
    match column.type:
        case UtcDateTime():
            return datetime(2026, 1, 1, tzinfo=UTC) + number * DAY
        case BigInteger():
            return 2**60 + number
        case Double() | Float():
            return 1_000_000.5 + number
        case Enum() | JSON() | Integer() | Boolean():
            return None
        case _:
            return f"{column.key}!"[:16]


async def test_everything_that_a_row_says_about_the_request_is_exported(
    privacy: Privacy, database: Database
) -> None:
    """Each column has a value of its own, which must be found again: so has one that is new some day."""
    columns = inspect(Generation).columns
    marks = {column.key: mark(column, number) for number, column in enumerate(columns)}
    marks = {key: value for key, value in marks.items() if value is not None} | {"user_id": ALICE}
    others = {"status": Status.FAILED, "failure_kind": FailureKind.UNMADE, "options": {"seed": 4_000_000_001}}
    await insert(database, **marks, **others)
    text = json.dumps(await privacy.export(ALICE))
    found = {key for key, value in marks.items() if shown(value) in text}
    assert found == marks.keys() - INTERNAL - {"cancelled_by"}, "cancelled_by is another person's id"
    for word in ('"failed"', '"unmade"', '"thread"', "4000000001", '"a moderator"'):
        assert word in text


def shown(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


async def test_an_export_says_what_it_cost_where_it_is_and_why_it_failed(
    privacy: Privacy, database: Database
) -> None:
    await insert_delivered(database, card_id=10, credits_used=3_120_000.0, estimated_credits=1.0)
    await insert_delivered(database, result_channel_id=None, video_url=None)
    await insert(
        database,
        user_id=ALICE,
        status=Status.FAILED,
        failure_kind=FailureKind.UNMADE,
        failure_reason="a filter",
        cancelled_by=ALICE,
        card_id=None,
    )
    posted, direct, failed = (await privacy.export(ALICE))["requests"]
    assert posted["cost"] == {"credits": 3_120_000.0, "usd": 1.56, "estimated_credits": 1.0}
    assert posted["links"] == {
        "card": "https://discord.com/channels/1/2/10",
        "thread": "https://discord.com/channels/1/11",
        "result": "https://discord.com/channels/1/13/12",
        "video": "https://cdn.example/video.mp4",
    }
    assert (posted["prompt"], posted["options"]["negative_prompt"]) == (PROMPT, "rain")
    assert (direct["links"]["result"], direct["result_id"]) == (None, "12"), "a direct message has no link"
    assert failed["failure"] == {"kind": "unmade", "reason": "a filter"}
    assert failed["cancelled_by"] == "you"
    assert set(failed["links"].values()) == {None}


REVIEWED: dict[str, Any] = {"unreviewed": Unreviewed.END, "review_id": "r"}


@pytest.mark.parametrize(
    "values",
    [
        {"unreviewed": Unreviewed.END, "delivered_at": None},
        {**REVIEWED, "review_until": utc_now(), "delivered_at": None},
        {**REVIEWED, "review_until": utc_now(), "status": Status.CANCELLED},
        {**REVIEWED, "removed_at": utc_now(), "failure_kind": FailureKind.DECLINED},
        {"unreviewed": Unreviewed.END, "status": Status.FAILED, "failure_kind": FailureKind.FILE_LOST},
    ],
    ids=["before the review", "in review", "cancelled in review", "declined", "its file is lost"],
)
async def test_what_moderators_have_not_approved_has_no_address(
    privacy: Privacy, database: Database, values: dict[str, Any]
) -> None:
    await insert_delivered(database, **values)
    await insert_delivered(database, **REVIEWED)
    hidden, approved = (await privacy.export(ALICE))["requests"]
    assert hidden["links"]["video"] is None
    assert approved["links"]["video"] == "https://cdn.example/video.mp4"


async def test_an_export_holds_what_moderators_decided_about_the_member(
    privacy: Privacy, database: Database, clock: StoppedClock
) -> None:
    decisions = Decisions(database, clock)
    rules = QuotaRules(decisions, daily_limit=5)
    in_two = Moderator(2, 77)
    await rules.set_limits(in_two, Subject(Scope.MEMBER, ALICE), {LimitKind.DAY: 3})
    await rules.set_limits(in_two, Subject(Scope.MEMBER, BOB), {LimitKind.DAY: 99})
    await rules.set_limits(in_two, Subject(Scope.ROLE, ALICE), {LimitKind.WEEK: 99})
    await rules.grant(MODERATOR, ALICE, 2, clock() + DAY)
    await rules.reset(MODERATOR, ALICE)
    await Moderation(decisions).block(MODERATOR, ALICE, None, "spam")
    await Moderation(decisions).block(MODERATOR, BOB, None, "bob's secret")
    now = clock().isoformat()
    assert (await privacy.export(ALICE))["limits"] == [
        {
            "server_id": "1",
            "block": {"since": now, "until": None, "reason": "spam"},
            "grants": [{"videos": 2, "since": now, "until": (clock() + DAY).isoformat()}],
            "counted_since": now,
            "rules": [],
        },
        {
            "server_id": "2",
            "block": None,
            "grants": [],
            "counted_since": None,
            "rules": [{"kind": "day", "most": 3}],
        },
    ]


@pytest.mark.both_engines
async def test_an_export_holds_the_reports_that_the_member_made(
    privacy: Privacy, database: Database, clock: StoppedClock
) -> None:
    row = await insert_delivered(database, user_id=BOB)
    await insert_report(database, row, id="late", reporter_id=ALICE, created_at=clock(), blocked_by=77)
    other = await insert_delivered(database, user_id=BOB)
    await insert_report(database, other, id="early", reporter_id=ALICE, created_at=clock() - DAY)
    await insert_report(database, other, id="bobs")
    early, late = (await privacy.export(ALICE))["reports"]
    assert (early["id"], late["id"]) == ("early", "late")
    assert late == {
        "id": "late",
        "server_id": "1",
        "request_id": row.id,
        "created_at": clock().isoformat(),
        "reason": "not nice",
        "video_deleted": False,
        "dismissed": False,
    }
