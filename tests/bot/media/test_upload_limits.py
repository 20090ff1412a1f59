"""How large a file a server takes: what the operator says, and what servers refused."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.db.database import Database, open_database
from bot.db.state import keep_state
from bot.media.upload_limits import LEARNT_LIMIT_TTL, UploadLimits
from bot.media.upload_sizes import DEFAULT, KNOWN_LIMITS, MIB, ByTier, next_lower, parse_limits, usable
from tests.bot.clocks import StoppedClock
from tests.bot.troubles import Logs, count_events

GUILD, OTHER_GUILD = 41, 42
BY_TIER = parse_limits(DEFAULT)

megabytes = st.integers(1, 500)
by_tiers = st.lists(megabytes, min_size=4, max_size=4).map(sorted)


@pytest.fixture
def limits(database: Database, clock: StoppedClock) -> UploadLimits:
    """The limits under test."""
    return UploadLimits(database, BY_TIER, clock)


@given(by_tiers)
def test_the_setting_is_four_rising_numbers(numbers: list[int]) -> None:
    assert parse_limits(",".join(map(str, numbers))) == tuple(number * MIB for number in numbers)


@pytest.mark.parametrize(
    "text",
    [
        *["", "20", "20,20,50", "20,20,50,100,", "20,20,50,100,100", "20;20;50;100", "20,,50,100"],
        *["50,20,50,100", "0,20,50,100", "-1,2,3,4", "20,20,50,501", "20,20,50,1.5", "a,b,c,d", "20,20,50,²"],
    ],
)
def test_any_other_setting_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"four ascending numbers of MiB .*20,20,50,100"):
        parse_limits(text)


def test_spaces_in_the_setting_do_no_harm() -> None:
    assert parse_limits(" 20, 20,50 ,100") == BY_TIER


@given(by_tiers, st.integers(1, 600 * MIB))
def test_what_is_refused_would_not_be_sent_again(numbers: list[int], refused_size: int) -> None:
    lower = next_lower(_tiers(numbers), refused_size)
    if lower is None:
        assert refused_size <= min(*KNOWN_LIMITS, numbers[0] * MIB), "some limit was left to try"
    else:
        assert usable(lower) < lower < refused_size


@given(by_tiers, st.integers(0, 3), st.integers(1, 600 * MIB))
def test_any_server_is_understood_after_a_few_refusals(numbers: list[int], tier: int, truth: int) -> None:
    by_tier = _tiers(numbers)
    limit: int | None = by_tier[tier]
    for _ in range(len(KNOWN_LIMITS) + len(by_tier) + 1):
        if limit is None or usable(limit) <= truth:
            break
        limit = next_lower(by_tier, usable(limit))
    else:
        pytest.fail("it would be tried for ever")
    assert limit or truth < usable(min(*KNOWN_LIMITS, *by_tier)), "it was given up too early"


@pytest.mark.parametrize(
    ("refused_size", "limit"),
    [(50 * MIB, 25), (usable(50 * MIB), 25), (usable(20 * MIB), 10), (20 * MIB + 1, 20), (8 * MIB + 1, 8)],
)
def test_a_refusal_leads_to_the_next_known_limit(refused_size: int, limit: int) -> None:
    assert next_lower(BY_TIER, refused_size) == limit * MIB


@pytest.mark.parametrize(("tier", "limit"), [(-1, 20), (0, 20), (1, 20), (2, 50), (3, 100), (4, 100)])
async def test_the_boost_level_decides_and_leaves_some_room(
    limits: UploadLimits, tier: int, limit: int
) -> None:
    assert await limits.limit_of(GUILD, tier) == limit * MIB * 98 // 100


async def test_a_refusal_counts_for_its_server_only(limits: UploadLimits) -> None:
    learnt = await limits.learn(GUILD, 0, usable(20 * MIB))
    assert learnt == await limits.limit_of(GUILD, 0) == usable(10 * MIB)
    assert await limits.limit_of(OTHER_GUILD, 0) == usable(20 * MIB)
    assert await limits.limit_of(None, 0) == usable(20 * MIB)


async def test_direct_messages_have_a_limit_of_their_own(limits: UploadLimits) -> None:
    await limits.learn(None, 0, 10 * MIB)
    assert await limits.limit_of(None, 0) == usable(8 * MIB)
    assert await limits.limit_of(GUILD, 0) == usable(20 * MIB)


async def test_a_restart_forgets_no_refusal(database_url: str, clock: StoppedClock) -> None:
    for _ in range(2):
        async with open_database(database_url) as database:
            limits = UploadLimits(database, BY_TIER, clock)
            await limits.learn(GUILD, 2, 50 * MIB)
    async with open_database(database_url) as database:
        assert await UploadLimits(database, BY_TIER, clock).limit_of(GUILD, 2) == usable(25 * MIB)


async def test_a_refusal_is_forgotten_after_some_days(limits: UploadLimits, clock: StoppedClock) -> None:
    await limits.learn(GUILD, 0, 20 * MIB)
    clock.advance(LEARNT_LIMIT_TTL - timedelta(seconds=1))
    assert await limits.limit_of(GUILD, 0) == usable(10 * MIB)
    clock.advance(timedelta(seconds=1))
    assert await limits.limit_of(GUILD, 0) == usable(20 * MIB)


async def test_a_boost_makes_a_refusal_worthless_and_losing_one_does_not(limits: UploadLimits) -> None:
    await limits.learn(GUILD, 1, 20 * MIB)
    assert await limits.limit_of(GUILD, 2) == usable(50 * MIB)
    assert await limits.limit_of(GUILD, 0) == usable(10 * MIB)


async def test_a_refusal_never_raises_a_limit(limits: UploadLimits) -> None:
    await limits.learn(GUILD, 0, 10 * MIB)
    assert await limits.learn(GUILD, 0, 20 * MIB) == usable(8 * MIB), "an older post was refused later"
    assert await limits.learn(OTHER_GUILD, 0, 400 * MIB) == usable(20 * MIB)


@pytest.mark.both_engines
async def test_refusals_at_the_same_time_leave_the_lowest(limits: UploadLimits) -> None:
    sizes = [size * MIB for size in (100, 10, 50, 25, 20)]
    await asyncio.gather(*(limits.learn(GUILD, 3, size) for size in sizes))
    assert await limits.limit_of(GUILD, 3) == usable(8 * MIB)


async def test_a_small_file_is_not_refused_for_its_size(limits: UploadLimits, logs: Logs) -> None:
    assert await limits.learn(GUILD, 0, usable(8 * MIB)) is None
    assert await limits.limit_of(GUILD, 0) == usable(20 * MIB), "nothing was learnt"
    assert count_events(logs, "Discord rejected a small file as too large") == 1


@pytest.mark.parametrize(
    "value", ["", "9", "{}", '{"limit": 1, "tier": 0, "at": "2026-01-01T00:00:00"}', '{"limit": "x"}']
)
async def test_a_note_that_cannot_be_read_counts_for_nothing(
    database: Database, limits: UploadLimits, value: str, logs: Logs
) -> None:
    await keep_state(database, f"upload-limit:{GUILD}", value)
    assert await limits.limit_of(GUILD, 0) == usable(20 * MIB)
    assert count_events(logs, "could not read a stored upload limit") == 1
    assert await limits.learn(GUILD, 0, 20 * MIB) == await limits.limit_of(GUILD, 0) == usable(10 * MIB)


def _tiers(numbers: list[int]) -> ByTier:
    return parse_limits(",".join(map(str, numbers)))
