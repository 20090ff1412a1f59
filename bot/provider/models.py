"""The provider's answers as typed objects; its field names do not leave this package.

Source: the response schema of `/v2/video/generations` in "Veo 3 (Text-to-Video)"; `/v2/logs` in
the provider's API reference; "Model metrics" there.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, cast

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    WrapValidator,
    model_validator,
)

from bot.provider.costs import Amount, Cost, CostSource, Usage, usage_in
from bot.provider.reading import (
    Fields,
    Wire,
    address_in,
    ids_in,
    is_same_name,
    none_if_odd,
    plain_name,
    unwrapped,
)
from bot.provider.safety import WITHOUT_REASON, WITHOUT_VIDEO
from bot.provider.words import Said, SaidReason, WordFilter, reason_in

Milliseconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def without_key(name: str, info: ValidationInfo) -> str:
    """Refuse a name that holds our key.

    Raises:
        ValueError: it does.
    """
    if isinstance(info.context, WordFilter) and info.context.holds_key(name):
        raise ValueError("the key")
    return name


# As long as the database keeps, and characters that it and every log take: a task that was paid for and
# cannot be written down would be lost.
TaskId = Annotated[str, Field(max_length=128, pattern=r"^[\x21-\x7e]+$"), AfterValidator(without_key)]
INFERENCE_HEADER = "x-inference-id"  # the API reference's "Request tracking"; the same id as in the body
_task_id = TypeAdapter[str](TaskId)


def inference_id_in(headers: Mapping[str, str], words: WordFilter) -> str | None:
    """Return what an answer's headers call its generation; None: nothing, or nothing that can be kept."""
    try:
        return _task_id.validate_python(headers.get(INFERENCE_HEADER), context=words)
    except ValidationError:
        return None


# In lower case, as the provider's own SDK compares. The schema names the first two of those that work, and
# "completed" and "error"; the others are in its examples and in answers that its documents recorded.
WORKING_STATUSES = frozenset({"queued", "generating", "waiting", "active"})
# Words of other services; while one of them works, addresses of other things may stand beside it.
WORKING_ELSEWHERE = frozenset(
    {"pending", "processing", "in_progress", "in_queue", "running", "starting", "started", "submitted"}
)
FINISHED_STATUSES = frozenset({"completed", "complete", "succeeded"})
FAILED_STATUSES = frozenset({"error", "failed", "canceled", "cancelled"})
# Where a finished task may have its file, if not in `video`; while it works, other addresses may stand there.
OTHER_FIELDS = (
    *("videos", "videourl", "output", "outputs", "result", "results", "data", "response"),
    *("generatedvideos", "downloadurl", "file", "files", "url"),
)
# Where a failed task may say why.
ERRORS = ("error", "errors", "errormessage", "failure", "failurereason", "failreason")


class TaskState(StrEnum):
    """The state of a task, in our words."""

    WORKING = "working"
    COMPLETED = "completed"
    FAILED = "failed"


def _usable_address(value: object, info: ValidationInfo) -> str | None:
    """Return the address in a field of whatever form; one that holds our key would be told on with a link."""
    address = address_in(value)
    if address and isinstance(info.context, WordFilter) and info.context.holds_key(address):
        return None
    return address


def _may_be_done(task: Fields) -> bool:
    """Whether its word does not say that it still works or has failed."""
    word = str(task.get("status")).strip().casefold()
    return word not in WORKING_STATUSES | WORKING_ELSEWHERE | FAILED_STATUSES


class Task(Wire):
    """One generation at the provider. `id` is opaque, such as `df43b636-…:veo3`.

    Attributes:
        video: the file's address; the provider sends an object, a list, or the address itself.
        error: why it failed, in the provider's words and from an object of any form; empty: it did not say.
        has_error: whether it says that there is an error, by a number or a "true", though not which.
        remark: what it says beside that.
        usage: what it cost, as the answer itself tells.
        header_credits: the same, as the answer's headers tell.
    """

    id: TaskId
    status: Said = ""
    video: Annotated[str | None, BeforeValidator(_usable_address)] = None
    error: SaidReason = ""
    has_error: bool = False
    remark: SaidReason = ""
    usage: Annotated[Usage | None, WrapValidator(none_if_odd)] = None
    header_credits: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, answer: object) -> object:
        """Take the id by its other name, and the remark and the cost from where they stand."""
        answer = unwrapped(answer)
        if not isinstance(answer, Mapping):
            return answer
        task = cast("Fields", answer)
        fields = {plain_name(name): part for name, part in task.items()}
        remark = [task.get(name) for name in ("message", "detail", "reason")]
        ids, video, errors = ids_in(task), task.get("video"), [fields.get(name) for name in ERRORS]
        if not address_in(video) and _may_be_done(task) and not reason_in(errors):
            video = [fields.get(name) for name in OTHER_FIELDS]
        named = {"id": ids[0] if ids else None, "usage": usage_in(task), "header_credits": None}
        said = {
            "error": errors,
            "has_error": any(isinstance(error, int) and error for error in errors),
            "remark": remark,
        }
        return {**task, "video": video, **said, **named}

    @property
    def state(self) -> TaskState:
        """The state: an address means done and an error failed, whatever the word says.

        A task that is "completed" without a file has failed: safety filters end that way. A word that
        nobody knows means that it still works.
        """
        if self.video:
            return TaskState.COMPLETED
        has_ended = self._word in FINISHED_STATUSES | FAILED_STATUSES
        return TaskState.FAILED if self.error or self.has_error or has_ended else TaskState.WORKING

    @property
    def is_known_status(self) -> bool:
        """False for a status that neither a document nor a recorded answer has."""
        return self._word in WORKING_STATUSES | FINISHED_STATUSES | FAILED_STATUSES

    @property
    def video_url(self) -> str | None:
        """The file's address, or None."""
        return self.video

    @property
    def credits_used(self) -> float | None:
        """The cost in credits, or None where the answer does not say."""
        return (self.usage and self.usage.in_credits) or self.header_credits

    def cost(self, source: CostSource) -> Cost | None:
        """Return the cost, or None where it is not told; `source`: what this is the answer to."""
        if self.usage and (amount := self.usage.in_credits):
            return Cost(amount, source)
        if self.header_credits is None:
            return None
        return Cost(self.header_credits, CostSource.HEADER if source is CostSource.CREATE else source)

    @property
    def has_reason(self) -> bool:
        """Whether the provider itself says why it failed."""
        return bool(self.error or self.remark)

    @property
    def failure_reason(self) -> str:
        """Why a failed task failed: in the provider's words, or one of `bot.provider.safety.OWN_REASONS`."""
        if said := self.error or self.remark:
            return said
        return WITHOUT_VIDEO if self._word in FINISHED_STATUSES else WITHOUT_REASON

    @property
    def _word(self) -> str:
        return self.status.casefold()


def aware(at: datetime) -> datetime:
    """Take a time that names no zone for one in UTC, as all of the provider's are."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)


AwareTime = Annotated[datetime, AfterValidator(aware)]


def _as_in_answers(task_id: object) -> object:
    """Return an ID as the answers about a task have it; an empty one stands for none."""
    if isinstance(task_id, int) and not isinstance(task_id, bool):
        return str(task_id)
    return None if task_id == "" else task_id


class LogEntry(Wire):
    """One row of the provider's request log. `inference_id` is the task's id."""

    created: Annotated[AwareTime | None, WrapValidator(none_if_odd)] = None
    status: Said = ""
    inference_id: Annotated[TaskId | None, BeforeValidator(_as_in_answers)] = None
    client_request_id: Annotated[str | None, WrapValidator(none_if_odd)] = None
    amount: Annotated[Amount | None, WrapValidator(none_if_odd), Field(alias="cost")] = None

    @property
    def cost(self) -> Cost | None:
        """The cost, or None where the row does not say."""
        amount = self.amount and self.amount.in_credits
        return Cost(amount, CostSource.LOG) if amount else None

    @property
    def is_refused(self) -> bool:
        """Whether nothing was begun, so that nothing is charged."""
        word = self.status.casefold()
        return word == "failed" if self.inference_id else word in FAILED_STATUSES


class Pagination(Wire):
    """The place of a page of the log in the whole."""

    has_more: bool


class LogPage(Wire):
    """One page of the provider's request log, newest first; rows that make no sense are None."""

    data: list[Annotated[LogEntry | None, WrapValidator(none_if_odd)]]
    pagination: Annotated[Pagination | None, WrapValidator(none_if_odd)] = None

    def has_more(self, page_size: int) -> bool:
        """Whether a page follows; where the provider does not say it in a form we know, a full one tells."""
        return len(self.data) >= page_size if self.pagination is None else self.pagination.has_more


class Durations(Wire):
    """Percentiles of the model's recent successes, in milliseconds."""

    p50: Milliseconds
    p75: Milliseconds
    p90: Milliseconds
    p99: Milliseconds

    @property
    def seconds(self) -> tuple[float, float, float, float]:
        """The four percentiles in seconds, the lowest first."""
        return self.p50 / 1000, self.p75 / 1000, self.p90 / 1000, self.p99 / 1000


class Measured(Wire):
    """The measures of a model."""

    duration_ms: Durations


class MeasuredModel(Wire):
    """One row: a model at one address of the provider's; odd measures are None."""

    alias: str
    metrics: Annotated[Measured | None, WrapValidator(none_if_odd)] = None


class MetricsPage(Wire):
    """The provider's measures; a model without a recent success is absent, odd rows are None."""

    models: list[Annotated[MeasuredModel | None, WrapValidator(none_if_odd)]]

    def durations_of(self, model_id: str) -> Durations | None:
        """Return the model's percentiles, or None."""
        for row in self.models:
            if row is not None and is_same_name(row.alias, model_id) and row.metrics is not None:
                return row.metrics.duration_ms
        return None
