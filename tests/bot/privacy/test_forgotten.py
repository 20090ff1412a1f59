"""Whatever a member has asked for: nothing of it is left, and every sum is as it was."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.admission.budgets import period_start
from bot.admission.limits import LONGEST_WINDOW
from bot.admission.usage_counts import fetch_member_spent, fetch_spent, fetch_use
from bot.clock import utc_now
from bot.db.database import Database
from bot.db.guild_models import ReportRow
from bot.db.models import OPEN, Base, Generation, Status
from bot.failures import FailureKind
from bot.media.files import VideoStore
from bot.media.orphaned_files import OrphanedFiles
from bot.policy.documents import MemberPolicy, Period
from bot.privacy.retention import Retention
from bot.privacy.service import Privacy
from tests.bot.erasable import ALICE, BOB, columns_of
from tests.bot.rows import new_row, reread
from tests.examples import SCALE

pytestmark = pytest.mark.both_engines

NOW = utc_now()
DAYS = st.floats(0, 40)  # some of them longer ago than any window reaches
MESSAGES = 7_000_000_000_000_000_000  # ids of messages, above all other numbers
SEEDS = 4_000_000_000
LATE = timedelta(hours=1)

Case = Mapping[str, Any]

cases = st.fixed_dictionaries(
    {
        "user_id": st.sampled_from([ALICE, BOB]),
        "guild_id": st.sampled_from([1, 2]),
        "days": DAYS,
        "status": st.sampled_from(Status),
        "is_sent": st.booleans(),
        "is_own_end": st.booleans(),
        "delivery": st.sampled_from(["waiting", "late", "delivered"]),
        "report": st.sampled_from([None, "open", "decided"]),
        "credits_used": st.none() | st.integers(0, 5).map(float),
    }
)


def row_of(number: int, case: Case) -> Generation:
    """Return a request whose every word and link holds `mark(number)` or a number of its own."""
    created_at = NOW - timedelta(days=case["days"])
    ids = MESSAGES + 10 * number
    is_open = case["status"] in OPEN
    status = Status.SUCCEEDED if is_open and case["delivery"] != "waiting" else case["status"]
    return new_row(
        id=f"row-{number}",
        user_id=case["user_id"],
        guild_id=case["guild_id"],
        status=status,
        created_at=created_at,
        submitted_at=created_at if case["is_sent"] else None,
        delivered_at=None if case["delivery"] == "waiting" else created_at,
        late_until=NOW + LATE if case["delivery"] == "late" else None,
        cancelled_by=case["user_id"] if case["is_own_end"] else None,
        credits_used=case["credits_used"],
        estimated_credits=2.5,
        locale=mark(number),
        prompt=f"{mark(number)} prompt",
        options={"duration": 4, "negative_prompt": f"{mark(number)} negative", "seed": SEEDS + number},
        video_url=f"https://cdn.example/{mark(number)}.mp4",
        provider_id=f"{mark(number)} task",
        failure_kind=FailureKind.UNMADE if status is Status.FAILED else None,
        failure_reason=f"{mark(number)} reason",
        card_id=ids,
        thread_id=ids + 1,
        result_id=ids + 2,
        result_channel_id=ids + 3,
    )


def report_of(number: int, case: Case) -> ReportRow:
    return ReportRow(
        id=f"report-{number}",
        guild_id=case["guild_id"],
        generation_id=f"row-{number}",
        reporter_id=99,
        reason="not nice",
        created_at=NOW,
        dismissed_by=77 if case["report"] == "decided" else None,
    )


def mark(number: int) -> str:
    return f"secret<{number}>"


async def fill(database: Database, drawn: list[Case]) -> None:
    """Put the drawn requests in place of those of the example before."""

    def work(session: Session):
        session.execute(delete(Generation))
        session.execute(delete(ReportRow))
        session.add_all(row_of(number, case) for number, case in enumerate(drawn))
        session.add_all(report_of(number, case) for number, case in enumerate(drawn) if case["report"])

    await database.write(work)


async def dump(database: Database) -> str:
    """Return the text of every table, as one would read it with any tool."""

    def read(session: Session) -> str:
        tables = Base.metadata.sorted_tables
        return "\n".join(repr(tuple(row)) for table in tables for row in session.execute(select(table)))

    return await database.read(read)


async def count_everything(database: Database) -> list[object]:
    """Return what limits, budgets and reports about spending see."""
    since = {period: period_start(period, NOW) for period in Period}

    def count(session: Session) -> list[object]:
        sums: list[object] = []
        for guild_id in (1, 2):
            sums.append(fetch_spent(session, guild_id, since))
            for user_id in (ALICE, BOB):
                sums.append(fetch_use(session, guild_id, user_id, MemberPolicy(), NOW))
                month = NOW - LONGEST_WINDOW + timedelta(microseconds=1)
                sums.append(fetch_member_spent(session, guild_id, user_id, month))
        return sums

    return await database.read(count)


def traces(text: str, number: int) -> set[str]:
    """Return what of a request can still be read: its words, its links."""
    words = [mark(number), str(SEEDS + number)]
    links = [str(MESSAGES + 10 * number + place) for place in range(4)]
    found = {"words" for word in words if word in text}
    return found | {"links" for link in links if link in text}


def expected_traces(case: Case) -> set[str]:
    if case["user_id"] == BOB or case["delivery"] != "delivered":
        return {"words", "links"}
    return {"links"} if case["report"] == "open" else set()


async def end_everything(database: Database) -> None:
    """Let what is on its way arrive, and moderators decide every report."""

    def work(session: Session):
        session.execute(update(Generation).values(delivered_at=NOW, late_until=None))
        waiting = update(Generation).where(Generation.status.in_(OPEN))
        session.execute(waiting.values(status=Status.SUCCEEDED))
        session.execute(update(ReportRow).values(dismissed_by=77))

    await database.write(work)


@settings(
    max_examples=20 * SCALE,
    # `fill` begins anew each time, on a busy machine slowly.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@pytest.mark.nightly(daily=["sqlite"])
@given(st.lists(cases, max_size=8))
async def test_nothing_is_left_but_what_counts(
    database: Database, store: VideoStore, drawn: list[Case]
) -> None:
    await fill(database, drawn)
    bobs = [f"row-{number}" for number, case in enumerate(drawn) if case["user_id"] == BOB]
    bobs_before = [columns_of(await reread(database, row_id)) for row_id in bobs]
    before = await count_everything(database)

    forgotten = await Privacy(database, now).forget(ALICE)

    text = await dump(database)
    for number, case in enumerate(drawn):
        assert traces(text, number) == expected_traces(case), case
    assert [columns_of(await reread(database, row_id)) for row_id in bobs] == bobs_before
    assert await count_everything(database) == before, "a limit or a budget has changed"
    alices = [case for case in drawn if case["user_id"] == ALICE]
    gone = [case for case in alices if case["delivery"] == "delivered"]
    assert (forgotten.now, forgotten.later) == (len(gone), len(alices) - len(gone))

    await end_everything(database)
    sums = await count_everything(database)
    await Retention(
        database, store, OrphanedFiles(database, store), keep=None, stopping=asyncio.Event(), clock=now
    ).clean()

    text = await dump(database)
    for number, case in enumerate(drawn):
        assert not (case["user_id"] == ALICE and traces(text, number)), case
    assert await count_everything(database) == sums, "a limit or a budget has changed"
    old = [case for case in alices if timedelta(days=case["days"]) >= LONGEST_WINDOW]
    mentions = sum(str(ALICE) in line for line in text.splitlines())
    assert mentions == len(alices) - len(old), "what counts no more must be nobody's"


def now() -> datetime:
    return NOW
