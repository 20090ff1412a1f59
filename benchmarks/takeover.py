"""The time until 2,000 generations of a killed process are carried by another one.

The first process holds them by leases and is ended by SIGKILL; the second one is started at that moment, as
a service manager does. Both are processes of their own with the real database, queue and runner; the
provider is a bare server that never has a video. The table has the time from the end of the last lease
until the last generation is held again, beside a start that finds as many that nobody holds.
"""

import asyncio
import contextlib
import logging
import signal
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

import aiohttp
import structlog
from aiohttp import web
from in_flight import MANY, RATE, open_estimator
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from stand_ins import NoDiscord, NoHandover, new_row, no_film, no_film_card

from bot.clock import utc_now
from bot.db.database import Database, open_database
from bot.db.models import Generation
from bot.eta.rate_limiter import RateLimiter
from bot.jobs.queue import GenerationQueue
from bot.jobs.runner import Runner
from bot.jobs.steps.base import Tools
from bot.jobs.steps.late import LateWatch
from bot.jobs.steps.lost_call import Settlement
from bot.jobs.steps.polling import Polling
from bot.jobs.steps.preparation import Preparation, Readiness
from bot.jobs.steps.submission import Submission
from bot.jobs.steps.timing import Patience, Timing
from bot.jobs.workflow import Workflow
from bot.media.downloads import Downloads
from bot.media.files import VideoStore
from bot.media.image_store import ImageStore
from bot.provider.client import VeoClient
from bot.signals import pause

LEASE = 5.0  # seconds; LEASE_SECONDS by default is 60
REPEATS = 3
LONG = 100_000.0  # seconds that no video takes
LOOK_INTERVAL = 0.05  # seconds between two looks at the database
MAX_SECONDS = 5.0  # seconds that a takeover may take


async def hold(folder: str, url: str, owner: str) -> None:
    """Run the program's runner on the rows in `folder`, and print a line when it holds all of them."""
    stopping, work = asyncio.Event(), asyncio.Event()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(address(folder)))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        downloads = Downloads(session, session, set[str]())
        images = ImageStore(downloads, Path(folder) / "pictures")
        videos = VideoStore(downloads, Path(folder) / "videos")
        veo, timing = VeoClient(session, url, SecretStr("key")), Timing(deadline=timedelta(seconds=LONG))
        queue = GenerationQueue(database, owner, max_running=MANY, lease=timedelta(seconds=LEASE))
        limiter, delivery = RateLimiter(RATE, partial(pause, stopping=stopping)), NoDiscord()
        estimator = open_estimator("fixed", MANY)
        tools = Tools(queue, veo, delivery, timing, utc_now, Patience(utc_now))
        workflow = Workflow(
            tools,
            readiness=Readiness(tools),
            preparation=Preparation(tools, images, no_film),
            submission=Submission(tools, images, database),
            polling=Polling(tools, estimator, limiter, stopping),
            settlement=Settlement(tools),
            late_watch=LateWatch(tools, database, videos, estimator, no_film_card),
            deliver=NoHandover(tools),
        )
        runner = Runner(queue, workflow, work=work, stopping=stopping)
        running = asyncio.create_task(runner.run(), name="runner")
        while await held_by(database, owner) < MANY:  # noqa: ASYNC110 what is awaited happens in a database
            await asyncio.sleep(LOOK_INTERVAL)
        print(time.time(), flush=True)
        await running


async def held_by(database: Database, owner: str) -> int:
    """Return how many rows a process holds."""

    def work(session: Session):
        query = select(func.count()).where(Generation.lease_owner == owner)
        return (session.scalar(query)) or 0

    return await database.read(work)


async def last_lease(database: Database) -> float:
    """Return when the last lease ends, in seconds since the epoch."""
    until = await database.read(lambda session: session.scalar(select(func.max(Generation.lease_until))))
    return until.timestamp() if until else 0.0


async def start(folder: str, url: str, owner: str) -> tuple[asyncio.subprocess.Process, float]:
    """Start a process that holds the rows; return it and when it held all of them."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, folder, url, owner, stdout=asyncio.subprocess.PIPE
    )
    if process.stdout is None:
        raise RuntimeError("the process has no output")
    return process, float(await process.stdout.readline())


async def measure(url: str) -> tuple[float, float]:
    """Return the seconds of one takeover, and of one start on rows that nobody holds."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_database(address(folder)) as database:
            await database.write(
                lambda session: session.add_all(new_row(number, utc_now(), LONG) for number in range(MANY))
            )
        began = time.time()
        first, held_at = await start(folder, url, "first")
        fresh = held_at - began
        first.send_signal(signal.SIGKILL)
        await first.wait()
        async with open_database(address(folder)) as database:
            free_at = await last_lease(database)
        second, held_at = await start(folder, url, "second")
        second.kill()
        await second.wait()
        return held_at - free_at, fresh


async def compare() -> bool:
    """Print the table; return whether a takeover is quick enough."""

    async def answer(request: web.Request) -> web.Response:
        """Say that nothing is ready."""
        return web.json_response({"id": request.query["generation_id"], "status": "generating"})

    app = web.Application()
    app.router.add_get("/v2/video/generations", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    figures = [await measure(f"http://127.0.0.1:{runner.addresses[0][1]}") for _ in range(REPEATS)]
    await runner.cleanup()
    taken, fresh = (statistics.median(column) for column in zip(*figures, strict=True))
    print(f"{MANY:,} generations of a process that was killed (median of {REPEATS}):\n")
    print("| | seconds |\n|:--|--:|")
    print(f"| from the end of the last lease until another process holds all | {taken:.2f} |")
    print(f"| a start on as many that nobody holds | {fresh:.2f} |")
    return taken < MAX_SECONDS


def address(folder: str) -> str:
    """Return the database's address."""
    return f"sqlite+aiosqlite:///{folder}/veo.db"


def main() -> None:
    """Compare; or, with arguments, be one of the processes."""
    if len(sys.argv) == 1:
        sys.exit(0 if asyncio.run(compare()) else 1)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(hold(*sys.argv[1:4]))


if __name__ == "__main__":
    main()
