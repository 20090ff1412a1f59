"""Plays one scenario from its beginning to its end, and says what came of it."""

import asyncio
import gc
import random
import tempfile
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import structlog

import bot.media.streams
import bot.usage.reconciliation
from bot.db.database import open_database
from tests.simulation.community import DAY, Community
from tests.simulation.disk import without_threads
from tests.simulation.guard import Guard
from tests.simulation.loop import SimulatedLoop, StuckError
from tests.simulation.process import Process
from tests.simulation.scenario import Scenario
from tests.simulation.shortcuts import Shortcuts
from tests.simulation.truth import Ledger, fetch_rows, is_open
from tests.simulation.world import World

SETTLE_SECONDS = 30 * 3600.0  # in which everything comes to its end once nothing goes wrong any more
LOOK_SECONDS = 300.0


@dataclass
class Result:
    """What came of a run.

    Attributes:
        findings: promises that were broken; none is what everybody hopes for.
        seconds, busy: real ones, and those of the processor.
    """

    scenario: Scenario
    findings: list[str] = field(default_factory=list[str])
    digest: str = ""
    lines: list[str] = field(default_factory=list[str])
    requests: int = 0
    kills: int = 0
    faults: int = 0
    seconds: float = 0.0
    busy: float = 0.0


@contextmanager
def stage() -> Generator[Path]:
    """Make what all runs begin with: a file with the tables. Return where it is."""
    with tempfile.TemporaryDirectory(prefix="simulation-") as name:
        file = Path(name) / "template.db"
        with asyncio.Runner(loop_factory=SimulatedLoop) as runner, without_threads():
            runner.run(_make(file))
        yield file


async def _make(file: Path) -> None:
    async with open_database(f"sqlite+aiosqlite:///{file}"):
        pass


def play(scenario: Scenario, template: Path, *, is_logged: bool = False) -> Result:
    """Play a scenario."""
    begun, busy = time.perf_counter(), time.process_time()
    result = Result(scenario)
    with tempfile.TemporaryDirectory(prefix="simulation-") as folder, ExitStack() as stack:
        stack.enter_context(without_threads())
        stack.enter_context(patch.object(bot.media.streams, "_command", _no_ffmpeg))
        runner = stack.enter_context(asyncio.Runner(loop_factory=SimulatedLoop))
        try:
            runner.run(_play(scenario, Path(folder), template, result, is_logged=is_logged))
        except StuckError:
            result.findings.append("everybody waits for somebody else")
    gc.collect()
    result.seconds, result.busy = time.perf_counter() - begun, time.process_time() - busy
    return result


def _no_ffmpeg(*_: object) -> list[str]:
    """Do as on a machine without ffmpeg: a video is posted as it came."""
    raise RuntimeError("there is no ffmpeg here")


async def _play(scenario: Scenario, folder: Path, template: Path, result: Result, *, is_logged: bool) -> None:
    world = World(scenario, folder, template, is_logged=is_logged)
    world.loop.set_exception_handler(world.note_loop_error)
    guard = Guard(world.now, world.loop.time, world.stream("chance"))
    with guard.closed(), _logged(world), Shortcuts(world).taken():
        async with world.provider, _company(world):
            community = Community(world)
            ledger = Ledger(world)
            upheaval = world.spawn(_upheave(world, result), "upheaval")
            left = scenario.days * DAY
            while left > 0 and not world.findings:
                await community.live(min(left, DAY))
                left -= DAY
                world.findings += ledger.check_always()
                world.provider.calls.clear()
            upheaval.cancel()
            await _settle(world)
        world.findings += ledger.check_end(community.cancelled)
    result.findings = [*dict.fromkeys([*world.findings, *guard.touches, *world.log.unforeseen])]
    result.digest, result.lines = world.log.digest, world.log.lines
    result.requests = len(fetch_rows(world))
    result.faults = world.provider.havoc.taken + world.discord.faults
    world.books.close()


@contextmanager
def _logged(world: World) -> Generator[None]:
    """Let the program's log go into the world's."""
    before = structlog.get_config()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            world.log.take,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)


@asynccontextmanager
async def _company(world: World) -> AsyncGenerator[None]:
    """Run the processes; at the end, stop them."""
    chance = world.stream("processes")
    for number in range(world.scenario.processes):
        world.processes.append(Process(world, f"bot {number + 1}", random.Random(chance.random())))
        await world.processes[-1].start()
    world.provider.havoc.share = world.scenario.provider_share
    world.discord.share = world.scenario.discord_share
    yield
    for process in world.processes:
        await process.stop()


async def _upheave(world: World, result: Result) -> None:
    """Kill, restart, lock and misdate, now and then."""
    scenario, chance = world.scenario, world.stream("upheavals")
    rates = (scenario.crashes, scenario.restarts, scenario.outages, scenario.skews)
    if not sum(rates):
        return
    while True:
        await asyncio.sleep(chance.expovariate(sum(rates) / DAY))
        place = chance.randrange(len(world.processes))
        process = world.processes[place]
        match chance.choices(("crash", "restart", "outage", "skew"), rates)[0]:
            case "crash":
                result.kills += 1
                process.fuse = chance.randrange(1, 60)
                world.spawn(
                    _replace_when_dead(world, place, chance.expovariate(1 / chance.choice((2, 60, 300)))),
                    "replace",
                )
            case "restart":
                world.spawn(_restart(world, place), "restart")
            case "outage":
                seconds = chance.choice((0.5, 5.0, 45.0, 120.0))
                (world.disk.lock if chance.random() < 0.7 else world.disk.fill)(seconds)
                world.note("world", f"the database takes nothing for {seconds} s")
            case _:
                minutes = chance.choice((-30, -2, 2, 5, 20, 480))
                process.skew = timedelta(minutes=minutes)
                world.note(process.name, f"has a clock that is wrong by {minutes} minutes")
                world.loop.call_later(chance.uniform(60, 7200), setattr, process, "skew", timedelta())


async def _replace_when_dead(world: World, place: int, wait: float) -> None:
    process = world.processes[place]
    await process.died.wait()
    await asyncio.sleep(1.0 + wait)
    await _begin(world, place, process)


async def _restart(world: World, place: int) -> None:
    process = world.processes[place]
    if process.opened is not None:
        await process.stop()
        await _begin(world, place, process)


async def _begin(world: World, place: int, instead_of: Process) -> None:
    if world.processes[place] is instead_of:
        world.processes[place] = Process(world, f"{instead_of.name}'", random.Random(world.rebirths.random()))
        world.note(world.processes[place].name, "starts")
        await world.processes[place].start()


async def _settle(world: World) -> None:
    """Let everything come to its end with nothing going wrong."""
    world.provider.havoc.share = world.discord.share = 0.0
    world.disk.lock(0)
    world.disk.fill(0)
    world.discord.closed.clear()
    for place, process in enumerate(world.processes):
        process.fuse, process.skew = None, timedelta()
        if process.is_dead:
            await _begin(world, place, process)
    end = world.loop.time() + SETTLE_SECONDS
    while is_open(world) and world.loop.time() < end:  # noqa: ASYNC110 it happens in a database
        await asyncio.sleep(LOOK_SECONDS)
    await asyncio.sleep(2 * bot.usage.reconciliation.INTERVAL)  # what was charged is read then
