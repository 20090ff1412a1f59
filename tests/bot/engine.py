"""The parts of one process, tied together by `bot.app.application`, with a recorder in Discord's place."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr

from bot.db.database import Database
from bot.db.models import Generation
from bot.eta.duration_estimator import DurationEstimator
from bot.eta.rate_limiter import RateLimiter
from bot.films.late_shots import LateShots, open_card
from bot.jobs.queue import GenerationQueue
from bot.jobs.runner import Runner
from bot.jobs.steps.base import Tools
from bot.jobs.steps.deliver import Deliver
from bot.jobs.steps.late import LateWatch
from bot.jobs.steps.lost_call import Settlement
from bot.jobs.steps.polling import Polling
from bot.jobs.steps.preparation import Preparation, Readiness
from bot.jobs.steps.submission import Submission
from bot.jobs.steps.timing import Patience, Timing
from bot.jobs.steps.upload import Upload
from bot.jobs.workflow import Workflow
from bot.media.downloads import Downloads
from bot.media.files import VideoStore
from bot.media.fitting import Fitter
from bot.media.image_store import ImageStore
from bot.media.last_frames import LastFrames
from bot.media.upload_limits import UploadLimits
from bot.media.upload_sizes import DEFAULT, parse_limits
from bot.media.whole_videos import WholeVideos
from bot.moderation.approval import Approval
from bot.provider.client import VeoClient
from bot.requests.source_videos import SourceVideos
from bot.signals import pause
from sandbox.provider import Provider
from tests.bot.clocks import JumpingClock, until
from tests.bot.recorder import RecordingDelivery, RecordingHeldVideos
from tests.bot.rows import reread

MakeEngine = Callable[..., "Engine"]
StartProvider = Callable[..., AbstractAsyncContextManager[Provider]]

SHORT = timedelta(milliseconds=20)
QUICK_TIMING = Timing(
    poll_interval=SHORT,
    deadline=timedelta(seconds=60),
    account_wait=SHORT,
    busy_wait=SHORT,
    lookup_wait=SHORT,
    lookup_longest_wait=SHORT,
    lookup_window=timedelta(seconds=60),
    call_window=timedelta(seconds=60),
    stated_window=SHORT,
    doubt_window=5 * SHORT,
    late_wait=SHORT,
    late_window=timedelta(),  # the tests of late videos set one
    fetch_wait=SHORT,
    fetch_window=timedelta(seconds=60),
    delivery_wait=SHORT,
    delivery_window=timedelta(seconds=60),
    undeliverable_wait=SHORT,
    undeliverable_window=timedelta(seconds=60),
    card_window=timedelta(seconds=60),
)
BEYOND = timedelta(minutes=2)  # longer than each of these windows
LEASE = timedelta(seconds=60)


class Anywhere:
    """A container that holds every address."""

    def __contains__(self, _: object) -> bool:
        return True


def downloads_of(session: aiohttp.ClientSession, **options: Any) -> Downloads:
    """Return what fetches from anywhere, this machine's own servers included."""
    return Downloads(session, session, Anywhere(), **options)


def client_of(
    session: aiohttp.ClientSession, provider: Provider, *, url: str | None = None, **options: Any
) -> VeoClient:
    """Return the real client with the provider's key; `url`: in place of the provider's."""
    return VeoClient(session, url or provider.url, SecretStr(provider.key), **options)


@dataclass
class Engine:
    """One process's parts; `running()` starts the runner."""

    database: Database
    delivery: RecordingDelivery
    held: RecordingHeldVideos
    clock: JumpingClock
    veo: VeoClient
    queue: GenerationQueue
    estimator: DurationEstimator
    workflow: Workflow
    runner: Runner
    work: asyncio.Event
    stopping: asyncio.Event
    videos: Path
    images: Path

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Run the runner; at the end stop it and wait for it."""
        task = asyncio.create_task(self.runner.run(), name="runner")
        try:
            yield
        finally:
            self.stop()
            await task

    def stop(self) -> None:
        """Ask the runner to end."""
        self.stopping.set()
        self.work.set()

    async def claim(self) -> Generation:
        """Take the one generation that is due."""
        claimed = await self.queue.claim(10)
        assert len(claimed) == 1, f"one generation is due, {len(claimed)} were claimed"
        return claimed[0]

    async def given_up(self, generation_id: str, is_ripe: Callable[[], bool]) -> Generation:
        """Run until `is_ripe`, let the windows of all steps pass, and return the row once it is delivered."""

        async def look() -> bool:
            self.work.set()
            return is_ripe()

        async with self.running():
            await until("the time has come to give up", look)
            self.clock.advance(BEYOND)
        self.restart()
        return await self.delivered(generation_id)

    def restart(self) -> None:
        """Let `running()` be used again, after the time that a test let pass."""
        self.stopping.clear()

    async def row(self, generation_id: str) -> Generation:
        """Return the row as it is now."""
        return await reread(self.database, generation_id)

    async def threaded(self, generation_id: str) -> Generation:
        """Return the row once its thread is written down, for which no poll waits; call it while running."""

        async def has_thread() -> bool:
            return (await self.row(generation_id)).thread_id is not None

        await until("the thread is written down", has_thread)
        return await self.row(generation_id)

    async def delivered(self, generation_id: str) -> Generation:
        """Run until the generation is delivered, and return its row."""

        async def is_delivered() -> bool:
            self.work.set()
            return (await self.row(generation_id)).delivered_at is not None

        async with self.running():
            await until(f"{generation_id} is delivered", is_delivered)
        return await self.row(generation_id)


def build_engine(
    database: Database,
    session: aiohttp.ClientSession,
    provider: Provider,
    folder: Path,
    *,
    owner: str = "one",
    max_running: int = 10,
    polls_per_second: float = 1000,
    lease: timedelta = LEASE,
    url: str | None = None,
    upload_limits_mib: str = DEFAULT,
    last_frames: LastFrames | None = None,
    **timing: Any,
) -> Engine:
    """Tie the parts of one process together; `timing` changes `QUICK_TIMING`.

    `last_frames`: None: the real ones.
    """
    clock = JumpingClock()
    delivery = RecordingDelivery(clock)
    work, stopping = asyncio.Event(), asyncio.Event()
    times = replace(QUICK_TIMING, **timing)
    veo = client_of(session, provider, url=url)
    queue = GenerationQueue(database, owner, max_running=max_running, lease=lease, clock=clock)
    limits = UploadLimits(database, parse_limits(upload_limits_mib), clock)
    fitter, held = Fitter(folder, preset="ultrafast"), RecordingHeldVideos()
    upload = Upload(delivery, fitter, limits)
    approval = Approval(database, delivery, Upload(held, fitter, limits), clock)
    interval = times.poll_interval.total_seconds()
    estimator = DurationEstimator(
        interval=interval, rate=polls_per_second, deadline=times.deadline, max_running=max_running
    )
    limiter = RateLimiter(polls_per_second, partial(pause, stopping=stopping))
    videos = VideoStore(downloads_of(session), folder)
    frames, images = _images(database, session, videos, folder, last_frames)
    tools = Tools(queue, veo, delivery, times, clock, Patience(clock, clock.monotonic))
    late_shots = LateShots(database, clock)
    workflow = Workflow(
        tools,
        readiness=Readiness(tools),
        preparation=Preparation(tools, images, frames.give_up_frame),
        submission=Submission(tools, images, database),
        polling=Polling(tools, estimator, limiter, stopping),
        settlement=Settlement(tools),
        late_watch=LateWatch(tools, database, videos, estimator, open_card, clock.monotonic),
        deliver=Deliver(tools, videos, images, upload, approval, late_shots.open_film),
    )
    runner = Runner(queue, workflow, work=work, stopping=stopping)
    return Engine(
        database=database,
        delivery=delivery,
        held=held,
        clock=clock,
        veo=veo,
        queue=queue,
        estimator=estimator,
        workflow=workflow,
        runner=runner,
        work=work,
        stopping=stopping,
        videos=folder,
        images=_images_folder(folder),
    )


def _images(
    database: Database,
    session: aiohttp.ClientSession,
    videos: VideoStore,
    folder: Path,
    last_frames: LastFrames | None,
) -> tuple[SourceVideos, ImageStore]:
    downloads = downloads_of(session)
    ways = {"from_discord": downloads, "from_provider": downloads}
    frames, whole = last_frames or LastFrames(folder, **ways), WholeVideos(folder, **ways)
    sources = SourceVideos(database, videos, frames, whole)
    return sources, ImageStore(downloads, _images_folder(folder), sources.find_frame, sources.find_video)


def _images_folder(folder: Path) -> Path:
    return folder.with_name(f"{folder.name} images")
