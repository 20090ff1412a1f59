"""Hours of a server in a few seconds; `make simulate` plays more of them."""

import asyncio
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.guard import Guard, OutsideError
from tests.simulation.loop import SimulatedLoop
from tests.simulation.run import Result, play, stage
from tests.simulation.scenario import Scenario
from tests.simulation.story import shrink, story
from tests.simulation.visits import EPOCH

ROOT = Path(__file__).parents[2]
HALF_AN_HOUR = 1 / 48  # of a day
BUSY = Scenario(
    seed=3,
    days=HALF_AN_HOUR,
    members=5,
    per_day=250.0,
    processes=2,
    provider_share=0.1,
    discord_share=0.1,
    crashes=50.0,
    restarts=24.0,
    moderations=50.0,
)

FILMS = replace(BUSY, seed=6, days=1 / 72, films=0.6)
WATCHED = replace(BUSY, seed=4, moderations=0.0, reviews=1000.0)


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    with stage() as file:
        yield file


@pytest.mark.parametrize(
    "scenario", [replace(BUSY, seed=1), FILMS, WATCHED], ids=["videos", "films", "watched"]
)
def test_no_promise_is_broken_while_processes_die_and_calls_fail(template: Path, scenario: Scenario) -> None:
    result = play(scenario, template)
    assert not result.findings, f"promises are broken: {result.findings}"
    assert result.requests, "nobody asked for anything, so nothing is shown"
    assert result.films or scenario is not FILMS, "no film was posted, so nothing is shown of any"
    assert result.held or scenario is not WATCHED, (
        "no moderator saw a video first, so nothing is shown of that"
    )


def test_a_seed_is_the_same_run_in_every_interpreter() -> None:
    options = ("--seed", "8", "--days", "0.02")  # a film is posted in it
    command = [sys.executable, "-m", "tests.simulation", *options]
    said = [
        subprocess.run(  # noqa: S603 our own program
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.partition(" requests")[0]
        for seed in ("1", "2")
    ]
    assert "digest" in said[0], said[0]
    assert said[0] == said[1], "the order of something depends on the hashes of strings"


def test_a_planted_bug_is_found_and_told(template: Path) -> None:
    with BUGS["slots at the provider are not counted"]():
        found = play(replace(BUSY, max_running=1, crashes=0.0), template, is_logged=True)
    assert any("at the provider at once" in finding for finding in found.findings), found.findings
    told = story(found)
    assert told.startswith("seed 3: "), told
    assert len(told.splitlines()) < 80, "a story has to be short enough to read"


def test_a_run_is_made_as_small_as_it_can_be() -> None:
    def play_until_killed(scenario: Scenario) -> Result:
        return Result(scenario, findings=["it was lost"] if scenario.crashes else [])

    small = shrink(play_until_killed(BUSY), play_until_killed).scenario
    assert (small.crashes, small.provider_share, small.restarts) == (BUSY.crashes, 0, 0)
    assert (small.members, small.processes) == (1, 1)


TOUCHES: dict[str, Callable[[], object]] = {
    "a thread": lambda: threading.Thread(target=print).start(),
    "a program": lambda: subprocess.Popen([sys.executable]),
    "a real wait": lambda: time.sleep(0.001),
}


@pytest.mark.parametrize("what", sorted(TOUCHES))
def test_the_real_world_cannot_be_touched_unseen(what: str) -> None:
    guard = Guard(lambda: EPOCH, lambda: 0.0, random.Random(1))
    with guard.closed(), pytest.raises(OutsideError):
        TOUCHES[what]()
    assert guard.touches, f"{what} left no trace"


def test_the_loop_has_no_thread_and_no_real_time() -> None:
    async def scene() -> tuple[int, float]:
        loop = asyncio.get_running_loop()
        ident = await asyncio.to_thread(threading.get_ident)
        await asyncio.sleep(timedelta(days=365).total_seconds())
        return ident, loop.time()

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        ident, passed = runner.run(scene())
    assert ident == threading.get_ident(), "what others do in a thread is done here"
    assert passed == pytest.approx(365 * 86_400), "a year passes at once"
