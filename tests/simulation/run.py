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

import bot.media.file_age
import bot.media.files
import bot.media.image_store
import bot.privacy.retention
import bot.usage.reconciliation
from bot.db.database import open_database
from tests.simulation.community import Community
from tests.simulation.disk import FileAges, without_threads
from tests.simulation.guard import Guard
from tests.simulation.loop import SimulatedLoop, StuckError
from tests.simulation.process import Process
from tests.simulation.rows import fetch_rows, is_open
from tests.simulation.scenario import Scenario
from tests.simulation.shortcuts import Shortcuts
from tests.simulation.truth import Ledger
from tests.simulation.upheavals import Upheavals, begin
from tests.simulation.visits import DAY
from tests.simulation.world import World

SETTLE_SECONDS = 30 * 3600.0  # in which everything comes to its end once nothing goes wrong any more
LOOK_SECONDS = 300.0
SHOWN_SECONDS = 2 * 3600.0  # after which moderators see all that waits for them
GARBAGE = 100_000  # objects that are made between two looks for garbage


@dataclass
class Result:
    """What came of a run.

    Attributes:
        findings: promises that were broken; none is what everybody hopes for.
        films: that are shown at the end.
        held: finished videos that moderators were to see first.
        seconds, busy: real ones, and those of the processor.
    """

    scenario: Scenario
    findings: list[str] = field(default_factory=list[str])
    digest: str = ""
    lines: list[str] = field(default_factory=list[str])
    requests: int = 0
    films: int = 0
    held: int = 0
    kills: int = 0
    faults: int = 0
    seconds: float = 0.0
    busy: float = 0.0


@contextmanager
def stage() -> Generator[Path]:
    """Make what all runs begin with: a file with the tables. Return where it is."""
    with tempfile.TemporaryDirectory(prefix="simulation-") as name:
        file = Path(name) / "template.db"
        unseen = structlog.testing.capture_logs()  # these lines belong to no run
        with asyncio.Runner(loop_factory=SimulatedLoop) as runner, without_threads(), unseen:
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
        old_ones = FileAges().old_ones
        for place in (bot.media.file_age, bot.media.files, bot.media.image_store):
            stack.enter_context(patch.object(place, "old_ones", old_ones))
        stack.enter_context(_seldom_collected())
        runner = stack.enter_context(asyncio.Runner(loop_factory=SimulatedLoop))
        try:
            runner.run(_play(scenario, Path(folder), template, result, is_logged=is_logged))
        except StuckError:
            result.findings.append("everybody waits for somebody else")
    result.seconds, result.busy = time.perf_counter() - begun, time.process_time() - busy
    return result


@contextmanager
def _seldom_collected() -> Generator[None]:
    """Look for garbage seldom, and not at all among what was there before: it takes a tenth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(GARBAGE)
    gc.freeze()
    try:
        yield
    finally:
        gc.collect()
        gc.unfreeze()
        gc.set_threshold(*before)


async def _play(scenario: Scenario, folder: Path, template: Path, result: Result, *, is_logged: bool) -> None:
    world = World(scenario, folder, template, is_logged=is_logged)
    world.loop.set_exception_handler(world.note_loop_error)
    guard = Guard(world.now, world.loop.time, world.stream("chance"))
    with guard.closed(), _logged(world), Shortcuts(world).taken(), world.ffmpeg.in_place():
        async with world.provider, _company(world):
            community = Community(world)
            ledger = Ledger(world)
            upheavals = Upheavals(world, community)
            upheaval = world.spawn(upheavals.go_on(), "upheavals")
            left = scenario.days * DAY
            while left > 0 and not world.findings:
                await community.live(min(left, DAY))
                left -= DAY
                world.findings += ledger.check_always()
                world.provider.calls.clear()
            upheaval.cancel()
            await _settle(world, ledger)
        world.findings += ledger.check_end(community)
    result.kills = upheavals.kills
    result.findings = [*dict.fromkeys([*world.findings, *guard.touches, *world.log.unforeseen])]
    result.digest, result.lines = world.log.digest, world.log.lines
    rows = fetch_rows(world)
    result.requests, result.held = len(rows), sum(bool(row.unreviewed and row.review) for row in rows)
    result.films = ledger.films_shown()
    result.faults = world.provider.havoc.taken + world.discord.faults + world.ffmpeg.faults
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


async def _settle(world: World, ledger: Ledger) -> None:
    """Let everything come to its end with nothing going wrong."""
    world.provider.havoc.share = world.discord.share = world.ffmpeg.share = 0.0
    world.provider.havoc.brown_until = 0.0
    world.provider.terms.disabled = False
    world.disk.lock(0)
    world.disk.fill(0)
    world.discord.closed.clear()
    world.discord.unreachable.clear()
    for guild in list(world.discord.removed):
        world.discord.join(guild)
    world.provider.terms.sold_out.clear()
    world.skew = timedelta()
    for place, process in enumerate(world.processes):
        process.fuse = process.brake = None
        if process.is_dead:
            await begin(world, place, process)
    end = world.loop.time() + SETTLE_SECONDS
    while is_open(world) and world.loop.time() < end:
        await asyncio.sleep(LOOK_SECONDS)
        if end - world.loop.time() < SETTLE_SECONDS - SHOWN_SECONDS:
            world.findings += ledger.held.check_shown()
    # What was charged is read then, and what is to be forgotten is forgotten.
    await asyncio.sleep(2 * bot.usage.reconciliation.INTERVAL + bot.privacy.retention.CLEAN_INTERVAL)
