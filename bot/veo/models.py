"""The provider's answers as typed objects; its field names do not leave this package.

Source: the response schema of `/v2/video/generations` in "Veo 3 (Text-to-Video)"; `/v2/logs` in
the provider's API reference.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from bot.language import N_

MOST_CREDITS = 1e12  # of one task, 500,000 USD: sums of what is more would soon be no numbers

# As long as the database keeps, and characters that it and every log take: a task that was paid for and
# cannot be written down would be lost.
TaskId = Annotated[str, Field(max_length=128, pattern=r"^[\x21-\x7e]+$")]

# The schema names the first two; the documents' own examples also wait on the others.
WORKING_STATUSES = frozenset({"queued", "generating", "waiting", "active"})


class TaskState(StrEnum):
    """Where a task stands, in our words."""

    WORKING = "working"
    COMPLETED = "completed"
    FAILED = "failed"


class Wire(BaseModel):
    """Base of all answers: unknown fields are allowed, since the provider adds some at times."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Video(Wire):
    """Where the finished file can be fetched."""

    url: str = ""


class TaskError(Wire):
    """Why a task failed; the schema requires both fields, real answers sometimes lack one."""

    name: str | None = None
    message: str | None = None


class Usage(Wire):
    """What a task cost, in the provider's credits (2,000,000 credits = 1 USD)."""

    credits_used: float = Field(ge=0, le=MOST_CREDITS, allow_inf_nan=False)


class Meta(Wire):
    """Details beside the result."""

    usage: Usage | None = None


def none_if_odd(value: object, validate: ValidatorFunctionWrapHandler) -> object:
    """Take an odd detail for a missing one: it must not hide that a paid video is ready."""
    try:
        return validate(value)
    except ValidationError:
        return None


class Task(Wire):
    """One generation at the provider. `id` is opaque, such as `df43b636-…:veo3`."""

    id: TaskId
    status: str
    video: Annotated[Video | None, WrapValidator(none_if_odd)] = None
    error: Annotated[TaskError | None, WrapValidator(none_if_odd)] = None
    meta: Annotated[Meta | None, WrapValidator(none_if_odd)] = None

    @property
    def state(self) -> TaskState:
        """`status` in our words; an unknown one counts as still working.

        A task that is "completed" without a file has failed: safety filters end that way.
        """
        match self.status:
            case "completed":
                return TaskState.COMPLETED if self.video_url else TaskState.FAILED
            case "error":
                return TaskState.FAILED
            case _:
                return TaskState.WORKING

    @property
    def is_known_status(self) -> bool:
        """False for a status that no document mentions."""
        return self.status in WORKING_STATUSES or self.status in {"completed", "error"}

    @property
    def video_url(self) -> str | None:
        """The file's address, or None."""
        return self.video.url or None if self.video else None

    @property
    def credits_used(self) -> float | None:
        """The cost in credits, or None where the provider did not say."""
        return self.meta.usage.credits_used if self.meta and self.meta.usage else None

    @property
    def failure_reason(self) -> str:
        """The provider's reason for a failed task, in its own words where it gave any."""
        if self.error and (reason := self.error.message or self.error.name):
            return reason
        if self.status == "completed":
            return N_("It finished without a video. Its safety filter does this.")
        return N_("It gave no reason.")


def aware(moment: datetime) -> datetime:
    """Take a time that names no zone for one in UTC, as all of the provider's are."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class LogEntry(Wire):
    """One row of the provider's request log. `inference_id` is the task's id."""

    created: Annotated[datetime, AfterValidator(aware)]
    status: str
    inference_id: TaskId | None = None
    client_request_id: str | None = None

    @property
    def is_refused(self) -> bool:
        """Whether nothing was begun, so that nothing is charged."""
        return self.status == "failed" or not self.inference_id


class Pagination(Wire):
    """Where a page of the log stands in the whole."""

    has_more: bool = False


class LogPage(Wire):
    """One page of the provider's request log, newest first; rows that make no sense are None."""

    data: list[Annotated[LogEntry | None, WrapValidator(none_if_odd)]]
    pagination: Pagination = Pagination()


class ProviderError(Wire):
    """The body of every error answer, as far as we use it."""

    message: str = ""
