"""What a server has used: the sums of a period, by member, by model and by bucket."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.db.database import Database
from bot.db.models import OPEN, Generation, Status
from bot.usage.reports import UsageReports
from bot.usage.service import Tally, UsagePeriod, bucket_starts, fetch_usage
from tests.bot.bound import bound_credits
from tests.bot.clocks import StoppedClock
from tests.bot.random_rows import GUILD, NOW, TICK, ask, generations
from tests.bot.rows import insert
from tests.examples import SCALE

pytestmark = pytest.mark.both_engines

periods = st.sampled_from(UsagePeriod)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 as hypothesis wants them


def tally_of(rows: list[Generation]) -> Tally:
    """Add rows up without SQL."""
    return Tally(
        videos=sum(row.status is Status.SUCCEEDED for row in rows),
        failed=sum(row.status is Status.FAILED for row in rows),
        cancelled=sum(row.status is Status.CANCELLED for row in rows),
        open=sum(row.status in OPEN for row in rows),
        credits=sum(bound_credits(row) for row in rows),
    )


@settings(max_examples=27 * SCALE)
@given(st.lists(generations, max_size=30), periods)
def test_all_sums_are_those_of_the_server_s_rows_in_the_period(
    rows: list[Generation], period: UsagePeriod
) -> None:
    report = ask(rows, lambda session: fetch_usage(session, GUILD, period, NOW))
    start = bucket_starts(period, NOW)[0]
    inside = [row for row in rows if row.guild_id == GUILD and start <= row.created_at <= NOW]

    assert (report.start, report.end, report.total) == (start, NOW, tally_of(inside))
    assert dict(report.by_member) == {
        user_id: tally_of([row for row in inside if row.user_id == user_id])
        for user_id in {row.user_id for row in inside}
    }
    assert dict(report.by_model) == {
        model: tally_of([row for row in inside if row.model == model])
        for model in {row.model for row in inside}
    }


@settings(max_examples=27 * SCALE)
@given(st.lists(generations, max_size=30), periods)
def test_the_buckets_together_are_the_total(rows: list[Generation], period: UsagePeriod) -> None:
    report = ask(rows, lambda session: fetch_usage(session, GUILD, period, NOW))
    assert sum((day.tally for day in report.days), Tally()) == report.total
    for model, tally in report.by_model:
        assert sum(day.videos.get(model, 0) for day in report.days) == tally.videos, model
    for day, end in zip(report.days, [*bucket_starts(period, NOW)[1:], NOW + TICK], strict=True):
        inside = [row for row in rows if row.guild_id == GUILD and day.start <= row.created_at < end]
        assert day.tally == tally_of(inside), f"the bucket from {day.start}"


@given(periods, moments)
def test_buckets_follow_each_other_up_to_now_and_span_the_period(period: UsagePeriod, now: datetime) -> None:
    starts = bucket_starts(period, now)
    assert all(early < late for early, late in pairwise(starts))
    assert starts[-1] <= now
    running = timedelta(hours=1) if period is UsagePeriod.DAY else timedelta(days=1)
    assert period.span - running <= now - starts[0] < period.span


@pytest.mark.parametrize(
    ("period", "count"), [(UsagePeriod.DAY, 24), (UsagePeriod.WEEK, 7), (UsagePeriod.MONTH, 30)]
)
def test_a_period_has_all_its_buckets_even_where_nothing_happened(period: UsagePeriod, count: int) -> None:
    report = ask([], lambda session: fetch_usage(session, GUILD, period, NOW))
    assert [day.tally for day in report.days] == [Tally()] * count
    assert (report.total, report.by_member, report.by_model) == (Tally(), [], [])


def test_a_year_is_cut_at_the_first_of_each_month() -> None:
    starts = bucket_starts(UsagePeriod.YEAR, NOW)
    assert starts[0] == datetime(2025, 3, 30, tzinfo=UTC)
    assert starts[1:] == [
        datetime(2025 + month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in range(3, 15)
    ]


def test_days_are_those_of_utc_wherever_the_clock_stands() -> None:
    tokyo = datetime(2026, 3, 30, 8, 59, tzinfo=timezone(timedelta(hours=9)))
    assert bucket_starts(UsagePeriod.WEEK, tokyo)[-1] == datetime(2026, 3, 29, tzinfo=UTC)


async def test_who_spent_most_comes_first_and_the_forgotten_are_one(
    database: Database, clock: StoppedClock
) -> None:
    for user_id, cost in ((5, 1.0), (0, 2.0), (0, 2.0), (9, 7.0), (4, 1.0), (6, 0.0)):
        await insert(
            database, user_id=user_id, status=Status.SUCCEEDED, credits_used=cost, created_at=clock()
        )
    await insert(database, user_id=7, status=Status.FAILED, created_at=clock())
    report = await UsageReports(database, clock=clock).read(GUILD, UsagePeriod.DAY)
    assert [(user_id, tally.credits) for user_id, tally in report.by_member] == [
        (9, 7.0),
        (0, 4.0),
        (4, 1.0),
        (5, 1.0),
        (6, 0.0),
        (7, 0.0),
    ]


async def test_a_report_comes_as_an_image_with_words_and_a_table(
    database: Database, clock: StoppedClock
) -> None:
    await insert(database, status=Status.SUCCEEDED, created_at=clock())
    reports = UsageReports(database, clock=clock)
    files = await reports.render(await reports.read(GUILD, UsagePeriod.WEEK), "Cozy Corner")
    assert files.png.startswith(b"\x89PNG")
    assert "1 video made" in files.description
    assert files.csv.startswith(b"kind,")


@pytest.mark.parametrize("period", UsagePeriod)
def test_a_period_is_named_by_its_length(period: UsagePeriod) -> None:
    names = ["24 hours", "7 days", "30 days", "365 days"]
    assert period.label == names[list(UsagePeriod).index(period)]
