"""The account's log of create calls, as `GET /v2/logs` lists it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sandbox.jobs import Job
from sandbox.offers import sourced, usd
from sandbox.refusals import iso


@dataclass(frozen=True, slots=True)
class LogRow:
    """One create call; `job` is None where it was refused.

    Attributes:
        visible_at: the clock's seconds; the real log is filled by a slow pipeline.
        is_ours: it was made with the bot's key, and not with another one of the account.
    """

    created: datetime
    visible_at: float
    model: str
    job: Job | None
    request_id: str
    inference_id: str
    client_request_id: str | None
    is_ours: bool = True

    @property
    def status(self) -> str:
        """`succeeded` or `failed`; a refused call has failed."""
        return "succeeded" if self.job and not self.job.is_failure else "failed"

    @property
    def is_open(self) -> bool:
        """Whether what it began is still being made."""
        return self.job is not None and self.job.finished_at is None

    @property
    def wire(self) -> dict[str, object]:
        """The row as the provider writes it; what failed costs nothing."""
        cost = self.job.cost if self.job and not self.job.is_failure else 0
        return {
            "created": iso(self.created),
            "status": self.status,
            "origin": "api",
            "model": sourced(self.model),
            "cost": {"usd": usd(cost), "credits": cost},
            "tokens": {"input": 0, "output": 0, "total": 0},
            "request_id": self.request_id,
            "inference_id": self.inference_id,
            "client_request_id": self.client_request_id,
        }


class RequestLog:
    """All rows; each is shown `delay` seconds after its call.

    Attributes:
        unseen: callers' names of calls that are never shown.
        failed: the same of those that are shown as failed, whatever they began.
        without_id: the same of those that are shown without the ID of what they began.
        only_ended: what is still being made is not shown: a row says that it succeeded, or failed.
    """

    def __init__(self, delay: float, clock: Callable[[], float]) -> None:
        self.ahead = timedelta()
        self.unseen = set[str]()
        self.failed = set[str]()
        self.without_id = set[str]()
        self.only_ended = False
        self._delay = delay
        self._clock = clock
        self._rows: list[LogRow] = []

    def add(
        self, model: str, job: Job | None, client_request_id: str | None, *, is_ours: bool = True
    ) -> None:
        """Write down one create call that was accepted (`job`) or refused (None)."""
        self._rows.append(
            LogRow(
                created=datetime.now(UTC) + self.ahead,
                visible_at=self._clock() + self._delay,
                model=model,
                job=job,
                request_id=str(uuid4()),
                inference_id=job.id if job else str(uuid4()),
                client_request_id=client_request_id,
                is_ours=is_ours,
            )
        )

    def rows(self, start: datetime, end: datetime) -> list[LogRow]:
        """Return the rows of a window that have arrived, newest first."""
        now = self._clock()
        return [
            self._shown(row)
            for row in reversed(self._rows)
            if row.visible_at <= now
            and start <= row.created <= end
            and row.client_request_id not in self.unseen
            and not (self.only_ended and row.is_open)
        ]

    def _shown(self, row: LogRow) -> LogRow:
        row = replace(row, job=None) if row.client_request_id in self.failed else row
        return replace(row, inference_id="") if row.client_request_id in self.without_id else row

    def jobs_of(self, client_request_id: str) -> list[Job]:
        """Return what create calls with this name have begun, repeated ones (`name.2`) included."""
        return [
            row.job
            for row in self._rows
            if row.job is not None and (row.client_request_id or "").partition(".")[0] == client_request_id
        ]

    def count_accepted(self, client_request_id: str) -> int:
        """Return how many create calls with this name were accepted, repeated ones (`name.2`) included."""
        return len(self.jobs_of(client_request_id))
