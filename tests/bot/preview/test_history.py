"""Which requests of a server are compared, and how they are read."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.admission.replay import RuleSet
from bot.db.database import Database
from bot.policy.documents import LimitKind, Policy, Rule, Scope
from bot.preview import history
from bot.preview.contents import compare_contents, word_check
from bot.preview.history import SPAN, Span, find_span, read_pages
from bot.preview.limits import Replays
from cogs.quota.preview_text import cut_lines
from tests.bot.rows import new_row
from tests.examples import SCALE

NOW = datetime(2026, 4, 15, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
servers = count(50_000)


async def lay(database: Database, hours_ago: Sequence[int]) -> int:
    """Write requests down in a server of their own, and return its id."""
    guild_id = next(servers)
    rows = [new_row(guild_id=guild_id, created_at=NOW - hours * HOUR) for hours in hours_ago]
    await database.write(lambda session: session.add_all(rows))
    return guild_id


async def moments_of(pages: AsyncIterator[history.Page]) -> list[list[datetime]]:
    return [[request.created_at for request, _ in page] async for page in pages]


@pytest.mark.both_engines
@settings(max_examples=7 * SCALE, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours_ago=st.lists(st.integers(1, 6), max_size=12), size=st.integers(1, 4))
async def test_each_request_is_read_once_in_its_order_and_with_all_of_its_moment(
    database: Database, hours_ago: list[int], size: int
) -> None:
    guild_id = await lay(database, hours_ago)
    await lay(database, [2, 3])  # somebody else's
    pages = await moments_of(read_pages(database, guild_id, Span(NOW - SPAN, NOW - SPAN, NOW), size=size))
    read = [at for page in pages for at in page]
    assert read == sorted(NOW - hours * HOUR for hours in hours_ago)
    on_pages = Counter(at for page in pages for at in set(page))
    assert set(on_pages.values()) <= {1}, "a film's shots would be checked apart"


async def test_what_filled_a_limit_before_is_read_as_far_back_as_the_limit_counts(database: Database) -> None:
    weekly = Policy(rules=(Rule(scope=Scope.SERVER, kind=LimitKind.WEEK, most=1),))
    span = await find_span(database, await lay(database, [1]), [weekly], NOW)
    assert span == Span(NOW - SPAN - timedelta(days=7), NOW - SPAN, NOW)


@pytest.mark.both_engines
async def test_of_too_many_requests_the_newest_are_compared_and_the_moderator_reads_that(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MAX_REQUESTS", 3)
    guild_id = await lay(database, [1, 2, 3])
    assert not (await find_span(database, guild_id, [Policy()], NOW)).is_cut, "just as many as can be"
    guild_id = await lay(database, [1, 2, 3, 4, *(31 * 24 - hour for hour in range(5))])
    span = await find_span(database, guild_id, [Policy()], NOW)
    assert (span.start, span.is_cut) == (NOW - 3 * HOUR, True)
    comparison = await compare_contents(database, guild_id, word_check("fox", Policy()), NOW)
    assert (comparison.requests, comparison.start) == (3, NOW - 3 * HOUR)
    assert "Only the newest" in "".join(cut_lines(comparison))


async def test_of_too_many_requests_before_the_newest_count(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MAX_REQUESTS", 3)
    start = int(SPAN / HOUR)
    guild_id = await lay(database, [1, *(start + 1 + hour for hour in range(5))])
    span = await find_span(database, guild_id, [Policy()], NOW)
    assert span == Span(NOW - SPAN - 3 * HOUR, NOW - SPAN, NOW, is_first_cut=True)
    comparison = Replays(span, RuleSet(Policy(), None), Policy()).result()
    [line] = cut_lines(comparison)
    assert line.startswith("-# There were too many requests before that."), "all 30 days are compared"
