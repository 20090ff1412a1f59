"""At most so many questions in a second, first due, first asked. Time is virtual: nobody waits."""

import asyncio
from collections import Counter
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.eta.rate_limiter import RateLimiter, Slots
from bot.signals import StoppingError, pause
from tests.bot.virtual_time import play

Questions = list[tuple[float, int]]  # when, and about which generation


def clock() -> float:
    return asyncio.get_running_loop().time()


async def ask_regularly(
    limiter: RateLimiter, number: int, interval: float, end: float, asked: Questions
) -> None:
    while clock() < end:
        await asyncio.sleep(interval)
        await limiter.acquire()
        asked.append((clock(), number))


async def ask_together(limiter: RateLimiter, intervals: list[float], end: float) -> Questions:
    asked: Questions = []
    async with asyncio.TaskGroup() as group:
        for number, interval in enumerate(intervals):
            group.create_task(ask_regularly(limiter, number, interval, end, asked))
    return asked


@given(st.floats(0.001, 100), st.lists(st.floats(0, 10), max_size=30))
def test_slots_are_never_nearer_than_the_gap_and_never_later_than_needed(
    gap: float, pauses: list[float]
) -> None:
    slots, now, taken = Slots(gap), 0.0, list[float]()
    for waited in pauses:
        now += waited
        delay = slots.delay(now)
        assert delay <= gap + 1e-6
        now += delay
        slots.take(now)
        taken.append(now)
    assert all(after - before >= gap - 1e-6 for before, after in pairwise(taken))


def test_never_more_is_asked_than_the_limit() -> None:
    async def scene() -> None:
        asked = await ask_together(RateLimiter(5), [10.0] * 100, 200)
        moments = [moment for moment, _ in asked]
        assert min(after - before for before, after in pairwise(moments)) >= 0.2 - 1e-6
        assert len(moments) > 0.95 * 5 * (moments[-1] - moments[0]), "no slot is wasted while many wait"

    play(scene())


def test_while_there_are_too_many_everybody_is_asked_about_equally_often() -> None:
    async def scene() -> None:
        asked = await ask_together(RateLimiter(5), [10.0] * 100, 400)
        counts = Counter(number for _, number in asked)
        assert max(counts.values()) - min(counts.values()) <= 1
        rounds = [
            after - before
            for number in counts
            for before, after in pairwise(moment for moment, requester in asked if requester == number)
        ]
        assert min(rounds) == pytest.approx(20, abs=0.5), "100 at 5 per second take 20 s, not 10"
        assert max(rounds) == pytest.approx(20, abs=0.5)

    play(scene())


def test_nobody_starves_beside_those_who_ask_often() -> None:
    async def scene() -> None:
        asked = await ask_together(RateLimiter(2), [1.0] * 30 + [60.0], 600)
        moments = [moment for moment, number in asked if number == 30]
        rounds = [after - before for before, after in pairwise(moments)]
        assert max(rounds) <= 60 + 31 / 2 + 0.1, "its own delay and one turn of everybody"

    play(scene())


def test_who_is_due_first_is_asked_first() -> None:
    async def scene() -> None:
        limiter = RateLimiter(1)
        asked: Questions = []
        dues = [0.5, 0.1, 0.9, 0.3, 0.7]
        async with asyncio.TaskGroup() as group:
            for number, due in enumerate(dues):
                group.create_task(ask_regularly(limiter, number, due, due, asked))
        assert [number for _, number in asked[:5]] == [1, 3, 0, 4, 2]

    play(scene())


def test_within_the_limit_nobody_waits() -> None:
    async def scene() -> None:
        limiter = RateLimiter(10)
        for _ in range(5):
            before = clock()
            await limiter.acquire()
            assert clock() == before
            await asyncio.sleep(0.2)

    play(scene())


def test_who_is_cancelled_takes_no_slot() -> None:
    async def scene() -> None:
        limiter = RateLimiter(1)
        await limiter.acquire()
        cancelled = [asyncio.create_task(limiter.acquire()) for _ in range(50)]
        last = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(0.5)
        for task in cancelled:
            task.cancel()
        await last
        assert clock() == pytest.approx(1)

    play(scene())


def test_stopping_ends_all_waiting() -> None:
    async def scene() -> None:
        stopping = asyncio.Event()
        limiter = RateLimiter(0.01, partial(pause, stopping=stopping))
        await limiter.acquire()
        waiting = [asyncio.create_task(limiter.acquire()) for _ in range(20)]
        await asyncio.sleep(1)
        stopping.set()
        ends = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(end, StoppingError) for end in ends)
        assert clock() == pytest.approx(1)

    play(scene())
