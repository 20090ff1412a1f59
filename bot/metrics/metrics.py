"""The figures at `/metrics`, one set for a process; each part counts its own here.

Names follow Prometheus' conventions: base units, `_total` for what only grows. No label ever holds a user, a
server or anybody's words, so that the number of series is bounded. What is not known is NaN.
"""

import platform
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from math import nan

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from bot import __version__
from bot.admission.denials import QuotaReachedError
from bot.db.models import Generation, Status
from bot.db.review_models import due_since, is_withheld
from bot.errors import UndecidedError, UserError
from bot.failures import FailureKind
from bot.metrics.families import MetricFamilies
from bot.metrics.outcomes import ERRORS, OTHER, RULES, error_name, rule_of
from bot.policy.documents import LimitKind, Scope
from bot.provider.catalogue import ALL_MODELS
from bot.provider.models import TaskState
from bot.provider.transport import Call, CallKind

# Of requests that are not over; `review`: it waits for moderators, `shot_before`: for another shot.
STATES = ("review", "shot_before", "preparing", "queued", "submitting", "running", "delivering")
WITHDRAWN = "withdrawn"  # accepted, but the answer never reached the member
ENDINGS = (Status.SUCCEEDED.value, Status.FAILED.value, Status.CANCELLED.value, WITHDRAWN)
ANSWERS: Mapping[TaskState | None, str] = {
    TaskState.WORKING: "working",
    TaskState.COMPLETED: "succeeded",
    TaskState.FAILED: "failed",
    None: "error",
}
VIDEO, ENDING = "video", "ending"
ORIGINAL, SMALLER, CONVERTED = "original", "smaller", "converted"
POSTPONED, UNDELIVERABLE, GIVEN_UP = "postponed", "undeliverable", "given_up"
SENT, SAVED = "sent", "saved"
CHECKS = ("event_loop", "gateway", "polls", "database")
MODELS = (*(model.id for model in ALL_MODELS), OTHER)  # OTHER: not offered any more

CALL_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
MAKING_SECONDS = (15, 30, 45, 60, 90, 120, 180, 300, 600, 1000, 3600)
DELIVERY_SECONDS = (1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
FILE_BYTES = tuple(mib * 2**20 for mib in (1, 2, 5, 8, 10, 20, 25, 50, 100))
LAG_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

REGISTRY = CollectorRegistry()
FAMILIES = MetricFamilies(REGISTRY)
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

ACCEPTED = FAMILIES.counter("requests_accepted", "Requests that were accepted; each shot of a film is one.")
REFUSED = FAMILIES.counter(
    "requests_refused",
    "Refused requests, by the rule that refused them.",
    rule=[*RULES.values(), OTHER],
)
QUOTA_REFUSALS = FAMILIES.counter(
    "quota_refusals",
    "Limits that refused requests had reached; one request may have reached several.",
    limit=LimitKind,
    scope=Scope,
)
FINISHED = FAMILIES.counter("requests_finished", "Finished requests, by final status.", status=ENDINGS)
FAILED = FAMILIES.counter(
    "requests_failed",
    "Failed requests and videos that moderators didn't approve, by reason.",
    failure=FailureKind,
)
QUEUE = FAMILIES.gauge(
    "queue_requests",
    "Unfinished requests, by stage; counted over all processes on the database.",
    state=STATES,
)
OLDEST = FAMILIES.gauge(
    "queue_oldest_age_seconds",
    "Age of the oldest of them: since it was requested, or moderators or another shot let it go on; "
    "submitting and running: since it was sent; delivering: since it was ready; 0 if there are none.",
    state=STATES,
)

CALLS = FAMILIES.histogram(
    "provider_call_duration_seconds",
    "Duration of calls to the provider, including failed ones.",
    CALL_SECONDS,
    call=CallKind,
)
CALL_ERRORS = FAMILIES.counter(
    "provider_errors", "Calls to the provider that failed.", call=CallKind, kind=[*ERRORS.values(), OTHER]
)
LAST_SUCCESS = FAMILIES.gauge(
    "provider_last_success_timestamp_seconds",
    "When a call to the provider last succeeded; 0: not since the start.",
)
BALANCE = FAMILIES.gauge("provider_balance_usd", "The account's balance when last read.")
BALANCE.set(nan)
POLLS = FAMILIES.counter("polls", "Status checks of running videos.", answer=ANSWERS.values())
MAKING = FAMILIES.histogram(
    "generation_duration_seconds",
    "From the create call to noticing the finished video.",
    MAKING_SECONDS,
    model=MODELS,
)
SPENT_CREDITS = FAMILIES.counter(
    "spent_credits", "Cost of finished requests as the provider reported it, in its credits.", model=MODELS
)
SPENT_USD = FAMILIES.counter(
    "spent_usd", "Cost of finished requests as the provider reported it, in USD.", model=MODELS
)

DELIVERIES = FAMILIES.histogram(
    "delivery_duration_seconds",
    "From ready (or decided by moderators), failed or cancelled to posted.",
    DELIVERY_SECONDS,
    result=(VIDEO, ENDING),
)
SIZES = FAMILIES.histogram(
    "delivery_size_bytes", "Sizes of posted files.", FILE_BYTES, form=(ORIGINAL, SMALLER, CONVERTED)
)
LINKS = FAMILIES.counter("delivery_links", "Videos posted only as a link.")
DELIVERY_ERRORS = FAMILIES.counter(
    "delivery_errors",
    "Failed attempts to post a result; given_up: the final one.",
    kind=(POSTPONED, UNDELIVERABLE, GIVEN_UP),
)
EDITS = FAMILIES.counter(
    "card_edits",
    "Card updates: sent, or skipped because a newer one replaced them.",
    outcome=(SENT, SAVED),
)

LAG = FAMILIES.histogram(
    "event_loop_lag_seconds", "How late the event loop was, sampled 4 times a second.", LAG_SECONDS
)
WORST_LAG = FAMILIES.gauge("event_loop_lag_worst_seconds", "The worst of the last 15 seconds.")
CONNECTED = FAMILIES.gauge("gateway_connected", "1 while the connection is open and Discord has sent READY.")
HEARTBEAT = FAMILIES.gauge("gateway_heartbeat_age_seconds", "Since Discord last answered a heartbeat.")
CHECK_UP = FAMILIES.gauge("health_check_up", "1 while this check of `/healthz` passes.", check=CHECKS)
# A worker has no gateway, a gateway no polls: what a process has not is never shown as unwell.
for _unknown in (CONNECTED, HEARTBEAT, *(CHECK_UP.labels(name) for name in CHECKS)):
    _unknown.set(nan)
_VERSIONS = {
    "version": __version__,
    "python": platform.python_version(),
    "discord_py": version("discord.py"),
}
FAMILIES.gauge("build_info", "What runs; always 1.", **{name: [v] for name, v in _VERSIONS.items()}).labels(
    **_VERSIONS
).set(1)


@contextmanager
def count_refusals() -> Generator[None]:
    """Count what is refused within with a `UserError`; nothing is accepted there."""
    try:
        yield
    except UserError as refusal:
        record_refusal(refusal)
        raise


@dataclass(slots=True)
class Accepted:
    """An acceptance. `requests`: how many at once; each shot of a film is one."""

    requests: int = 1


@contextmanager
def count_request() -> Generator[Accepted]:
    """Count what is decided within: accepted, or refused with a `UserError`.

    A request whose price is told first is decided by the click on the offer.
    """
    accepted = Accepted()
    try:
        yield accepted
    except UndecidedError:
        raise
    except UserError as refusal:
        record_refusal(refusal)
        raise
    ACCEPTED.inc(accepted.requests)


def record_refusal(refusal: UserError) -> None:
    """Count a request that is refused."""
    REFUSED.labels(rule_of(refusal)).inc()
    if isinstance(refusal, QuotaReachedError):
        for limit in refusal.verdict.broken:
            QUOTA_REFUSALS.labels(limit.kind, limit.rule.scope).inc()


def record_change(before: Generation, after: Generation, now: datetime) -> None:
    """Count what a change of a request means; the change was written."""
    is_made = before.status is not after.status and after.status is Status.SUCCEEDED
    if is_made and after.submitted_at is not None and after.finished_at is not None:
        seconds = (after.finished_at - after.submitted_at).total_seconds()
        MAKING.labels(model_label(after.model)).observe(max(0.0, seconds))
    if before.result_id is None and after.result_id is not None and after.finished_at is not None:
        result = VIDEO if after.status is Status.SUCCEEDED and not is_withheld(after) else ENDING
        seconds = (now - due_since(after)).total_seconds()
        DELIVERIES.labels(result).observe(max(0.0, seconds))  # a clock may have been set back
    if before.delivered_at is None and after.delivered_at is not None:
        _record_finished(after)


def _record_finished(generation: Generation) -> None:
    has_failed = generation.status is Status.FAILED or is_withheld(generation)
    if has_failed and generation.failure_kind is not None:
        record_failed(generation.failure_kind)
    else:
        FINISHED.labels(generation.status).inc()


def record_failed(kind: FailureKind, count: int = 1) -> None:
    """Count requests that are over and failed."""
    FINISHED.labels(Status.FAILED).inc(count)
    FAILED.labels(kind).inc(count)


def record_queue(counts: Mapping[str, float], ages: Mapping[str, float]) -> None:
    """Show how many requests are in each of `STATES`, and the oldest one's age in seconds."""
    for state in STATES:
        QUEUE.labels(state).set(counts.get(state, 0))
        OLDEST.labels(state).set(ages.get(state, 0.0))


def forget_queue() -> None:
    """Show that the queue cannot be read."""
    unknown: Mapping[str, float] = dict.fromkeys(STATES, nan)
    record_queue(unknown, unknown)


def observe_call(call: Call) -> None:
    """Count a call to the provider."""
    CALLS.labels(call.kind).observe(call.seconds)
    if call.error is not None:
        CALL_ERRORS.labels(call.kind, error_name(call.error)).inc()
    else:
        LAST_SUCCESS.set_to_current_time()
    if call.kind is CallKind.RETRIEVE:
        POLLS.labels(ANSWERS[call.state]).inc()


def model_label(name: str) -> str:
    """Return the label of a model; one that isn't offered any more has none of its own."""
    return name if name in MODELS else OTHER
