"""The sandbox's provider, served without a socket, with files that nobody renders and times from the seed."""

import asyncio
import os
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self, cast

from aiohttp import web

from sandbox.calls import Kind
from sandbox.faults import Fault, Faults
from sandbox.jobs import FAIL_MARK, Job, Jobs
from sandbox.ledger import Ledger
from sandbox.odd_answers import Stumble
from sandbox.picture import Scene
from sandbox.provider import Provider
from sandbox.render import QUICK, Renderer
from sandbox.schema import Order
from sandbox.terms import Terms
from tests.process.havoc import PROVIDER, TAKEN_BACK

SIGNATURE = b"\0\0\0\x18ftypmp42"  # with which an MP4 begins
TAKEN_BACK_SECONDS = 120.0  # between two failures that the provider takes back
# What befalls every create call in a brown-out: it fails and is logged so, or nobody hears that it was taken.
BROWN_OUT: Sequence[Fault] = (Stumble(), Fault.reset(accepted=True), Fault.status(504, accepted=True))
MEDIAN_SECONDS = 90.0  # that a video takes
LONG, LONG_SECONDS = 0.02, 2500.0  # how many take longer than the bot waits, and how long


class SimulatedRenderer(Renderer):
    """Writes files that hold the prompt, in no time."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, QUICK)
        self._folder = directory

    def start(self, scene: Scene) -> asyncio.Task[Path]:
        """Return a file that is there."""
        path = self._folder / f"{self._key(scene)}.mp4"
        if not path.exists():
            path.write_bytes(SIGNATURE + scene.prompt.encode())
            os.utime(path, (0, 0))  # the machine's own clock is nobody's business
        done: asyncio.Future[Path] = asyncio.get_running_loop().create_future()
        done.set_result(path)
        return cast("asyncio.Task[Path]", done)

    async def stop(self) -> None:
        """Do nothing: nothing is under way."""


class SimulatedJobs(Jobs):
    """Jobs whose times come from the seed; only those that are open are looked at.

    Attributes:
        slow: by how much all take longer now.
    """

    def __init__(
        self, renderer: Renderer, ledger: Ledger, clock: Callable[[], float], chance: random.Random
    ) -> None:
        super().__init__(renderer, ledger, 0.0, clock)
        self._chance = chance
        self._due: dict[str, float] = {}
        self._files: dict[str, Job] = {}

    def create(self, order: Order) -> Job:
        """Accept an order, and decide when it will be ready."""
        job = super().create(order)
        seconds = self._chance.lognormvariate(0, 0.5) * MEDIAN_SECONDS
        if self._chance.random() < LONG:
            seconds += LONG_SECONDS
        self._due[job.id] = self._clock() + (5.0 if FAIL_MARK in order.prompt else seconds)
        self._files[job.file_name] = job
        return job

    def advance(self) -> None:
        """Finish what is due."""
        now = self._clock()
        for name, due in list(self._due.items()):
            if due <= now and self._jobs[name].finished_at is None:
                self._finish(self._jobs[name])

    def video_file(self, file_name: str) -> Path | None:
        """Return the finished file with this address."""
        job = self._files.get(file_name)
        return job.video.result() if job is not None and job.is_success else None

    def status(self, job: Job) -> str:
        """Return the status in the provider's words."""
        if job.finished_at is not None:
            return super().status(job)
        return "queued" if self._clock() - job.created_at < MEDIAN_SECONDS / 5 else "generating"

    def _finish(self, job: Job) -> None:
        self._due.pop(job.id, None)
        super()._finish(job)


class SimulatedTerms(Terms):
    """What is sold; of a model, the list may be wrong.

    Attributes:
        still_made: models that are made though the list has them no more.
    """

    def __init__(self) -> None:
        super().__init__()
        self.still_made = set[str]()

    def check(self, model_id: str, ledger: Ledger) -> None:
        """Let an order through, or refuse it."""
        if model_id not in self.still_made:
            super().check(model_id, ledger)


class SimulatedFaults(Faults):
    """Lets a share of all calls go wrong, in every way of a chaos run.

    Attributes:
        share: of all calls.
        taken: how many went wrong.
        brown_until: until when the brown-out lasts, in the loop's seconds.
    """

    def __init__(self, chance: random.Random, now: Callable[[], float]) -> None:
        super().__init__(asyncio.Event())
        self._chance = chance
        self._now = now
        self._taken_back_at = -TAKEN_BACK_SECONDS
        self.share = 0.0
        self.taken = 0
        self.brown_until = 0.0

    def take(self, kind: Kind, body: object) -> Fault | None:  # noqa: ARG002 the interface names it
        """Return what goes wrong with this call."""
        if kind == "create" and self._now() < self.brown_until:
            self.taken += 1
            return self._chance.choice(BROWN_OUT)
        ways = PROVIDER.get(kind)
        if not self.share or not ways or self._chance.random() >= self.share:
            return None
        fault = self._chance.choice(ways)
        if fault is TAKEN_BACK:
            if self._now() - self._taken_back_at < TAKEN_BACK_SECONDS:
                return None
            self._taken_back_at = self._now()
        self.taken += 1
        return fault


class SimulatedProvider(Provider):
    """The sandbox's provider; `answerer` makes the server's end of a connection."""

    def __init__(
        self, chance: random.Random, now: Callable[[], float], folder: Path, log_delay: float
    ) -> None:
        super().__init__(port=80, key="k" * 32, clock=now, balance_usd=1e7, log_delay_seconds=log_delay)
        self._chance = chance
        self._folder = folder
        self.havoc = SimulatedFaults(random.Random(chance.random()), now)
        self.faults = self.havoc
        self.terms: SimulatedTerms = SimulatedTerms()

    @property
    def answerer(self) -> Callable[[], asyncio.Protocol]:
        """What makes the server's end of a connection."""
        server = self._runner.server
        assert server is not None
        return cast("Callable[[], asyncio.Protocol]", server)

    @property
    def jobs(self) -> Mapping[str, Job]:
        """All generations, by id."""
        return {job.id: job for job in self._jobs.all()}

    @property
    def charged(self) -> set[str | None]:
        """The generations that were charged, by id."""
        return {row.reference_id for row in self._ledger.transactions if row.type == "MODEL_USAGE"}

    async def __aenter__(self) -> Self:
        self._renderer = SimulatedRenderer(self._folder)
        self._jobs = SimulatedJobs(
            self._renderer, self._ledger, self._clock, random.Random(self._chance.random())
        )
        async with AsyncExitStack() as stack:
            self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.2)
            await self._runner.setup()
            stack.push_async_callback(self._runner.cleanup)
            self._resources: Any = stack.pop_all()
        return self
