"""Generations of every kind and cost, for properties of sums. All costs are whole, so that sums are exact."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from bot.db.models import Base, Generation, Status
from bot.failures import FailureKind
from tests.bot.rows import new_row

NOW = datetime(2026, 3, 29, 12, 34, 56, 789, tzinfo=UTC)
GUILD = 1
TICK = timedelta(microseconds=1)

Result = TypeVar("Result")

# Moments of all periods, and many at the edges of hours, days and months.
edges = st.tuples(
    st.sampled_from([NOW, NOW.replace(minute=0, second=0, microsecond=0), datetime(2026, 3, 1, tzinfo=UTC)]),
    st.sampled_from([timedelta(), timedelta(hours=23), timedelta(days=6), timedelta(days=29)]),
    st.sampled_from([timedelta(), TICK, -TICK]),
).map(lambda parts: parts[0] - parts[1] + parts[2])
ages = st.one_of(
    *(st.timedeltas(timedelta(), timedelta(days=most)) for most in (1, 8, 31, 400)),
    st.timedeltas(timedelta(hours=-1), timedelta()),
)
moments = st.one_of(ages.map(lambda age: NOW - age), edges)
costs = st.none() | st.integers(0, 5).map(lambda number: number * 1_000_000.0)

generations = st.builds(
    new_row,
    guild_id=st.sampled_from([GUILD, GUILD, GUILD, 2]),
    user_id=st.sampled_from([0, 3, 4, 2**63 - 1]),
    model=st.sampled_from(["google/veo3", "google/veo-3.0-fast", "gone/model"]),
    status=st.sampled_from(Status),
    created_at=moments,
    submitted_at=st.none() | st.just(NOW),
    late_until=st.none() | st.just(NOW),
    failure_kind=st.none() | st.sampled_from(FailureKind),
    credits_used=costs,
    estimated_credits=costs,
)


def ask(rows: Sequence[Generation], question: Callable[[Session], Result]) -> Result:
    """Return what `question` reads from a fresh SQLite database that holds just these rows."""
    engine = create_engine("sqlite://")
    try:
        Base.metadata.create_all(engine)
        with Session(engine, expire_on_commit=False) as session:
            session.add_all(rows)
            session.commit()
            return question(session)
    finally:
        engine.dispose()
