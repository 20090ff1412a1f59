"""A program that hangs ends by itself, and says where it hung; as a process of its own."""

import subprocess
import sys

PROGRAM = """
import asyncio, time
from bot.monitoring.loop_lag import ended_when_hung

def the_culprit(seconds):
    time.sleep(seconds)

async def main():
    async with ended_when_hung({after}):
        for _ in range({awake}):
            await asyncio.sleep(0.01)
        the_culprit({asleep})
    the_culprit({after} + 1)
    print("ended well")

asyncio.run(main())
"""


def run(after: float, awake: int, asleep: float) -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(after=after, awake=awake, asleep=asleep)
    return subprocess.run(  # noqa: S603 our own
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False
    )


def test_a_loop_that_is_blocked_for_good_ends_the_program_and_says_where() -> None:
    ended = run(after=1, awake=5, asleep=3600)
    assert (ended.returncode, ended.stdout) == (1, ""), ended.stderr
    assert "in the_culprit" in ended.stderr


def test_a_living_loop_may_take_its_time_and_nobody_watches_it_afterwards() -> None:
    ended = run(after=5, awake=550, asleep=0.1)  # five: a busy machine may stop for four
    assert (ended.returncode, ended.stdout) == (0, "ended well\n"), ended.stderr
