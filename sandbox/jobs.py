"""The generations: queued, generating, then completed or error, as a clock says."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sandbox.ledger import Ledger
from sandbox.offers import offer_of
from sandbox.render import Renderer, scene_of
from sandbox.schema import Order

QUEUED_SHARE = 0.2  # of a generation's time
FAIL_MARK = "[fail]"  # in a prompt: the generation ends as if a safety filter had stopped it
FILTERED = {
    "name": "ContentPolicyViolation",
    "message": (
        "The prompt could not be submitted. It contains sensitive words that violate Google's "
        "Responsible AI practices. Try rephrasing the prompt."
    ),
}


@dataclass(slots=True)
class Job:
    """One generation.

    Attributes:
        cost: credits; what a success is charged.
        created_at, finished_at: the clock's seconds.
        video: renders the file.
        file_name: the last part of its address.
        error: why it failed or will fail; without `message` in some answers.
        is_video_lost: it ends as "completed" without a video.
    """

    id: str
    order: Order
    cost: int
    created_at: float
    video: asyncio.Task[Path]
    file_name: str
    error: dict[str, str] | None = None
    is_video_lost: bool = False
    finished_at: float | None = None

    @property
    def is_success(self) -> bool:
        """True when it finished with a video."""
        return self.finished_at is not None and self.error is None and not self.is_video_lost

    @property
    def is_failure(self) -> bool:
        """True when it finished without a video."""
        return self.finished_at is not None and not self.is_success


class Jobs:
    """All generations of the account, and the only place that finishes and charges one.

    Attributes:
        hold: while True no generation finishes.
    """

    def __init__(
        self, renderer: Renderer, ledger: Ledger, generation_seconds: float, clock: Callable[[], float]
    ) -> None:
        self.hold = False
        self._renderer = renderer
        self._ledger = ledger
        self._seconds = generation_seconds
        self._clock = clock
        self._jobs: dict[str, Job] = {}

    def create(self, order: Order) -> Job:
        """Accept `order` and begin to render its video."""
        offer = offer_of(order.model.provider_name)
        job = Job(
            id=f"{uuid4()}:{offer.alias}",
            order=order,
            cost=order.duration * offer.credits_per_second(has_audio=order.generate_audio),
            created_at=self._clock(),
            video=self._renderer.start(scene_of(order)),
            file_name=f"{uuid4().hex}_output.mp4",
            error=FILTERED if FAIL_MARK in order.prompt else None,
        )
        self._jobs[job.id] = job
        return job

    def get(self, job_id: str) -> Job | None:
        """Return the generation called `job_id`."""
        return self._jobs.get(job_id)

    def all(self) -> list[Job]:
        """Return every generation, oldest first."""
        return list(self._jobs.values())

    def video_file(self, file_name: str) -> Path | None:
        """Return the finished file with the address `file_name`."""
        for job in self._jobs.values():
            if job.file_name == file_name and job.is_success:
                return job.video.result()
        return None

    def advance(self) -> None:
        """Finish what the clock and the renderer say is due, and charge it."""
        for job in self._jobs.values():
            if job.finished_at is None and self._is_due(job):
                self._finish(job)

    def fail(self, job: Job, error: dict[str, str]) -> None:
        """End `job` at once with `error`."""
        job.error = error
        self._finish(job)

    def lose_video(self, job: Job) -> None:
        """End `job` at once as completed, but without a video."""
        job.is_video_lost = True
        self._finish(job)

    def status(self, job: Job) -> str:
        """Return `job`'s status in the provider's words."""
        if job.finished_at is not None:
            return "error" if job.error else "completed"
        is_queued = self._clock() - job.created_at < self._seconds * QUEUED_SHARE
        return "queued" if is_queued else "generating"

    def _is_due(self, job: Job) -> bool:
        is_time = self._clock() - job.created_at >= self._seconds
        return is_time and not self.hold and job.video.done()

    def _finish(self, job: Job) -> None:
        job.finished_at = self._clock()
        if job.is_success:
            self._ledger.charge(job.cost, job.order.model.provider_name, job.id)
