"""Thousands of generations in flight in one process: this bot's polling beside a fixed interval.

Each run is a process of its own with the real database, queue, runner, client, limiter and timetable; only
Discord and the files are left out. It finds the rows at the provider, as after a restart, and the bot has
seen 200 such videos before. The provider is a bare server in this process: a generation is ready when its
time has come, one of fifty never. Everything runs at `PACE` times the usual speed, so that it takes a minute:
the processor has that much more to do than in reality. Tables go to standard output as Markdown.
"""

import asyncio
import json
import logging
import math
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp
import structlog
from aiohttp import web
from pydantic import SecretStr
from sqlalchemy import select

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, as the Makefile does

from loop_delays import watch_loop  # noqa: E402
from sqlalchemy.orm import Session  # noqa: E402
from stand_ins import NoDiscord, NoHandover, new_row, no_film, no_film_card  # noqa: E402

from bot.clock import utc_now  # noqa: E402
from bot.db.database import Database, open_database  # noqa: E402
from bot.db.models import Generation, Status  # noqa: E402
from bot.eta.duration_estimator import DurationEstimator, kind_of  # noqa: E402
from bot.eta.forecast import Finish  # noqa: E402
from bot.eta.rate_limiter import RateLimiter  # noqa: E402
from bot.jobs.queue import GenerationQueue  # noqa: E402
from bot.jobs.runner import Runner  # noqa: E402
from bot.jobs.steps.base import Tools  # noqa: E402
from bot.jobs.steps.late import LateWatch  # noqa: E402
from bot.jobs.steps.lost_call import Settlement  # noqa: E402
from bot.jobs.steps.polling import Polling  # noqa: E402
from bot.jobs.steps.preparation import Preparation, Readiness  # noqa: E402
from bot.jobs.steps.submission import Submission  # noqa: E402
from bot.jobs.steps.timing import Patience, Timing  # noqa: E402
from bot.jobs.workflow import Workflow  # noqa: E402
from bot.media.downloads import Downloads  # noqa: E402
from bot.media.files import VideoStore  # noqa: E402
from bot.media.image_store import ImageStore  # noqa: E402
from bot.provider.client import VeoClient  # noqa: E402
from bot.signals import pause  # noqa: E402

MANY, SOME = 2000, 100  # in flight
PACE = 4.0
INTERVAL = 10.0 / PACE  # seconds, as are all times below; POLL_INTERVAL by default
RATE = 50.0 * PACE  # POLLS_PER_SECOND by default
MEDIAN, SIGMA = 100.0 / PACE, 0.25  # of the durations, σ of the logarithm
DEADLINE = 200.0 / PACE
STUCK = 0.02  # the share of generations that are never ready
OLDEST = 30.0  # seconds since the first of them was sent; the others follow evenly
SEEN = 200
STALL_INTERVAL = 0.05  # seconds between two looks at the event loop's delay
MAX_MEMORY = 250.0  # MiB
KINDS: tuple[str, ...] = ("planned", "fixed")


@dataclass
class Figures:
    """The figures of one run, in seconds unless it says otherwise.

    Attributes:
        delays: from a video being ready to the answer that says so.
        late: from the deadline to giving up, of those that were not ready by then.
        missed: videos that were ready in time and were given up all the same.
        memory: the process's largest resident size, in MiB.
        processor: its share of one processor.
        stall: the longest that the event loop kept somebody waiting; `stall_99`: 99 of 100 such waits.
    """

    delays: list[float] = field(default_factory=list[float])
    late: list[float] = field(default_factory=list[float])
    missed: int = 0
    memory: float = 0
    processor: float = 0
    stall: float = 0
    stall_99: float = 0


class FixedIntervals(DurationEstimator):
    """The baseline: asks every `INTERVAL`, whatever is known and however many there are."""

    def next_poll(self, generation: Generation, now: datetime, in_flight: int = 1) -> float:
        """Return the interval."""
        del generation, now, in_flight
        return INTERVAL

    first_poll = next_poll


def draw_duration(chance: random.Random, age: float = 0.0) -> float:
    """Return how long a generation takes that is not ready at `age`; infinity: for ever."""
    duration = 0.0
    while duration <= age:
        duration = math.inf if chance.random() < STUCK else MEDIAN * math.exp(chance.gauss(0, SIGMA))
    return duration


async def insert_rows(database: Database, count: int) -> dict[str, float]:
    """Write the generations as they were sent; return how long each takes, by its id."""
    chance, now = random.Random(1), utc_now()  # noqa: S311 a simulation
    durations: dict[str, float] = {}

    def work(session: Session):
        for number in range(count):
            age = OLDEST * number / count
            durations[str(number)] = duration = draw_duration(chance, age)
            session.add(new_row(number, now - timedelta(seconds=age), duration))

    await database.write(work)
    return durations


def open_estimator(kind: str, count: int) -> DurationEstimator:
    """Return what decides when to ask: `planned` or `fixed`."""
    maker = DurationEstimator if kind == "planned" else FixedIntervals
    estimator = maker(interval=INTERVAL, rate=RATE, deadline=timedelta(seconds=DEADLINE), max_running=count)
    chance = random.Random(2)  # noqa: S311 a simulation
    ends = [end for end in (draw_duration(chance) for _ in range(SEEN)) if math.isfinite(end)]
    seen = [Finish(max(0.0, end - INTERVAL / 2), end + INTERVAL / 2) for end in ends]
    estimator.learn_from({kind_of(Generation(model="google/veo3", options={"duration": 8})): seen})
    return estimator


Stores = tuple[VideoStore, ImageStore]


async def measure(kind: str, url: str, count: int) -> Figures:
    """Carry all generations to their end; in a process of its own."""
    figures = Figures()
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        database = await stack.enter_async_context(open_database(f"sqlite+aiosqlite:///{folder}/veo.db"))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        durations = await insert_rows(database, count)
        began, used = time.monotonic(), time.process_time()
        veo, downloads = VeoClient(session, url, SecretStr("key")), Downloads(session, session, set[str]())
        images = ImageStore(downloads, Path(folder) / "pictures")
        stores = VideoStore(downloads, Path(folder) / "videos"), images
        await carry_all(open_estimator(kind, count), database, veo, stores, figures)
        figures.processor = (time.process_time() - used) / (time.monotonic() - began)
        figures.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

        def work(reading: Session):
            for row in reading.scalars(select(Generation)):
                count_end(row, durations[row.id], figures)

        await database.read(work)
    return figures


def _has_unfinished(session: Session) -> bool:
    return session.scalar(select(Generation.id).where(Generation.delivered_at.is_(None)).limit(1)) is not None


async def carry_all(
    estimator: DurationEstimator, database: Database, veo: VeoClient, stores: Stores, figures: Figures
) -> None:
    """Run the program's own runner until nothing is left."""
    stopping, work = asyncio.Event(), asyncio.Event()
    videos, images = stores
    timing = Timing(
        poll_interval=timedelta(seconds=INTERVAL),
        deadline=timedelta(seconds=DEADLINE),
        late_window=timedelta(),
    )
    queue = GenerationQueue(database, "bench", max_running=MANY, lease=timedelta(seconds=60))
    limiter = RateLimiter(RATE, partial(pause, stopping=stopping))
    delivery = NoDiscord()
    tools = Tools(queue, veo, delivery, timing, utc_now, Patience(utc_now))
    polling = Polling(tools, estimator, limiter, stopping)
    workflow = Workflow(
        tools,
        readiness=Readiness(tools),
        preparation=Preparation(tools, images, no_film),
        submission=Submission(tools, images, database),
        polling=polling,
        settlement=Settlement(tools),
        late_watch=LateWatch(tools, database, videos, estimator, no_film_card),
        deliver=NoHandover(tools),
    )
    stalls: list[float] = []
    watching = asyncio.create_task(watch_loop(stalls, STALL_INTERVAL), name="watch")
    running = asyncio.create_task(Runner(queue, workflow, work=work, stopping=stopping).run(), name="runner")
    while await database.read(_has_unfinished):  # noqa: ASYNC110 what is awaited happens in a database
        await asyncio.sleep(1)
    stopping.set()
    work.set()
    await running
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    figures.stall, figures.stall_99 = max(stalls), statistics.quantiles(stalls, n=100)[-1]


def count_end(row: Generation, duration: float, figures: Figures) -> None:
    """Count one generation's end."""
    age = ((row.finished_at or row.created_at) - row.created_at).total_seconds()
    if row.status is Status.SUCCEEDED:
        figures.delays.append(age - duration)
        return
    figures.late.append(age - DEADLINE)
    figures.missed += duration < DEADLINE


async def run(kind: str, url: str, count: int) -> Figures:
    """Measure in a process of its own."""
    program = (sys.executable, __file__, kind, url, str(count))
    process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the run ended with {process.returncode}")
    return Figures(**json.loads(output))


async def compare() -> bool:
    """Print both runs side by side; return whether this bot keeps to its limits."""
    asked = dict.fromkeys(KINDS, 0)
    app, figures = web.Application(), dict[str, Figures]()
    present = ""

    async def answer(request: web.Request) -> web.Response:
        """Say whether a task is ready; its name says when it will be."""
        asked[present] += 1
        name = request.query["generation_id"]
        is_ready = time.time() >= float(name.split(":")[1])
        video = {"url": "https://example.invalid/video.mp4"} if is_ready else None
        status = "completed" if is_ready else "generating"
        return web.json_response({"id": name, "status": status, "video": video})

    app.router.add_get("/v2/video/generations", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    for present in KINDS:
        print(f"{present}…", file=sys.stderr)
        figures[present] = await run(present, f"http://127.0.0.1:{runner.addresses[0][1]}", MANY)
    print_table(asked, figures)
    few = await run("planned", f"http://127.0.0.1:{runner.addresses[0][1]}", SOME)
    await runner.cleanup()
    print(f"\n{SOME} in flight: {100 * few.processor:.0f} % of one processor, {few.memory:.0f} MiB;")
    print(f"the event loop's longest stall {1000 * few.stall:.0f} ms, ", end="")
    print(f"99 of 100 looks within {1000 * few.stall_99:.0f} ms.")
    ours = figures["planned"]
    return ours.memory < MAX_MEMORY and ours.processor < 1 and not ours.missed


def print_table(asked: Mapping[str, int], figures: Mapping[str, Figures]) -> None:
    """Print the figures; times as they would be at the usual pace."""
    rows: dict[str, Callable[[Figures], str]] = {
        "ready → noticed, mean": lambda run: f"{PACE * statistics.fmean(run.delays):.1f} s",
        "… 95 of 100 within": lambda run: f"{PACE * statistics.quantiles(run.delays, n=20)[-1]:.1f} s",
        "ready in time, but given up": lambda run: str(run.missed),
        "deadline → given up, longest": lambda run: f"{PACE * max(run.late):.1f} s",
        "memory, at most": lambda run: f"{run.memory:.0f} MiB",
        f"of one processor, at {PACE:.0f} times the pace": lambda run: f"{run.processor:.2f}",
        "event loop, longest stall": lambda run: f"{1000 * run.stall:.0f} ms",
    }
    print(f"{MANY:,} generations in flight, at most {RATE / PACE:.0f} questions a second:\n")
    print("| | this bot | every 10 s |\n|---|--:|--:|")
    print(f"| questions | {' | '.join(f'{asked[kind]:,}' for kind in KINDS)} |")
    for name, tell in rows.items():
        print(f"| {name} | {' | '.join(tell(figures[kind]) for kind in KINDS)} |")


def main() -> None:
    """Compare; or, with the arguments of a run, make it."""
    if len(sys.argv) == 1:
        sys.exit(0 if asyncio.run(compare()) else 1)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    print(json.dumps(asdict(asyncio.run(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))))


if __name__ == "__main__":
    main()
