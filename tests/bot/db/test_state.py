"""Turns that processes take together."""

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.clock import utc_now
from bot.db.database import Database
from bot.db.state import SharedRateLimit

pytestmark = pytest.mark.both_engines

SPACING = timedelta(seconds=0.2)


async def test_slots_of_a_name_are_apart_for_all_who_acquire_them(database: Database) -> None:
    taken: list[datetime] = []

    async def take() -> None:
        looks: list[datetime] = []  # the last one took the slot; a busy machine may return much later

        def look() -> datetime:
            looks.append(utc_now())
            return looks[-1]

        await SharedRateLimit(database, clock=look).acquire("identify 0", SPACING)
        taken.append(looks[-1])

    await asyncio.gather(*(take() for _ in range(3)))
    first, second, third = sorted(taken)
    assert min(second - first, third - second) >= SPACING


async def test_slots_of_other_names_do_not_wait(database: Database) -> None:
    async def refuse(seconds: float) -> None:
        raise AssertionError(f"it would wait for {seconds} seconds")

    limit = SharedRateLimit(database, refuse)
    for bucket in range(4):
        await limit.acquire(f"identify {bucket}", timedelta(hours=1))


async def test_a_clock_that_was_set_back_holds_nobody_up(database: Database) -> None:
    tomorrow = SharedRateLimit(database, clock=lambda: utc_now() + timedelta(days=1))
    await tomorrow.acquire("identify 0", SPACING)
    async with asyncio.timeout(20):
        await SharedRateLimit(database).acquire("identify 0", SPACING)


async def test_turns_stay_apart_where_clocks_differ_by_some_seconds(database: Database) -> None:
    ahead = SharedRateLimit(database, clock=lambda: utc_now() + timedelta(seconds=3))
    await ahead.acquire("identify 0", SPACING)
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        await SharedRateLimit(database, note).acquire("identify 0", SPACING)
    assert waits[0] >= SPACING.total_seconds() * 0.8
