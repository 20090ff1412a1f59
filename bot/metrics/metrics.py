"""The figures at `/metrics`: one object for a process, handed to the parts that have something to tell.

Names follow Prometheus' conventions: base units, `_total` for what only grows. No label ever holds a user, a
server or anybody's words, so that the number of series is bounded. What is not known is NaN.
"""

import platform
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from math import nan

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from bot import __version__
from bot.admission.denials import QuotaReachedError
from bot.db.models import Generation, Status
from bot.errors import UndecidedError, UserError
from bot.failures import FailureKind
from bot.metrics.families import Described, MetricFamilies, describe, render
from bot.metrics.outcomes import ERRORS, OTHER, RULES, error_name, rule_of
from bot.money import usd
from bot.policy.documents import LimitKind, Scope
from bot.provider.calls import Call, CallKind
from bot.provider.catalogue import CATALOGUE
from bot.provider.models import TaskState

STATES = ("preparing", "queued", "submitting", "running", "delivering")  # of requests that are not over
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
MODELS = (*(model.id for model in CATALOGUE), OTHER)  # OTHER: not offered any more

CALL_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
MAKING_SECONDS = (15, 30, 45, 60, 90, 120, 180, 300, 600, 1000, 3600)
DELIVERY_SECONDS = (1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
FILE_BYTES = tuple(mib * 2**20 for mib in (1, 2, 5, 8, 10, 20, 25, 50, 100))
LAG_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class Metrics:
    """All figures of a process, in a registry of their own.

    Args:
        alerts: the names of the alerts there are.
    """

    def __init__(self, alerts: tuple[str, ...] = ()) -> None:
        registry = self._registry = CollectorRegistry()
        make = MetricFamilies(registry)
        self._define_requests(make)
        self._define_provider(make)
        self._define_delivery(make)
        self._define_health(make, alerts)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)

    def _define_requests(self, make: MetricFamilies) -> None:
        self._accepted = make.counter("requests_accepted", "Requests that were accepted.")
        self._refused = make.counter(
            "requests_refused",
            "Requests that were refused, by the rule that did it.",
            rule=[*RULES.values(), OTHER],
        )
        self._quota_refusals = make.counter(
            "quota_refusals",
            "Limits that refused requests had reached; one request may have reached several.",
            limit=LimitKind,
            scope=Scope,
        )
        self._finished = make.counter(
            "requests_finished", "Requests that are over: handed over, or given up.", status=ENDINGS
        )
        self._failed = make.counter(
            "requests_failed", "Requests that are over and failed, by why.", failure=FailureKind
        )
        self._queue = make.gauge(
            "queue_requests",
            "Requests that are not over, by where they stand; of all processes on the database.",
            state=STATES,
        )
        self._oldest = make.gauge(
            "queue_oldest_age_seconds",
            "How long the oldest of them waits: since it was asked for; delivering: since it was ready; "
            "0: there is none.",
            state=STATES,
        )

    def _define_provider(self, make: MetricFamilies) -> None:
        self._calls = make.histogram(
            "provider_call_duration_seconds",
            "How long calls to the provider took, failed ones included.",
            CALL_SECONDS,
            call=CallKind,
        )
        kinds = [*ERRORS.values(), OTHER]
        self._call_errors = make.counter(
            "provider_errors", "Calls to the provider that failed.", call=CallKind, kind=kinds
        )
        self._last_success = make.gauge(
            "provider_last_success_timestamp_seconds",
            "When a call to the provider last worked; 0: not since the start.",
        )
        self._balance = make.gauge("provider_balance_usd", "The account's money when it was last read.")
        self._balance.set(nan)
        self._polls = make.counter(
            "polls", "Questions to the provider whether a video is ready.", answer=ANSWERS.values()
        )
        self._making = make.histogram(
            "generation_duration_seconds",
            "From the create call to noticing the finished video.",
            MAKING_SECONDS,
            model=MODELS,
        )
        said = "What the provider said that finished requests cost, in"
        self._spent_credits = make.counter("spent_credits", f"{said} its credits.", model=MODELS)
        self._spent_usd = make.counter("spent_usd", f"{said} USD.", model=MODELS)

    def _define_delivery(self, make: MetricFamilies) -> None:
        self._deliveries = make.histogram(
            "delivery_duration_seconds",
            "From ready, failed or cancelled to posted.",
            DELIVERY_SECONDS,
            result=(VIDEO, ENDING),
        )
        self._sizes = make.histogram(
            "delivery_size_bytes", "Sizes of posted files.", FILE_BYTES, form=(ORIGINAL, SMALLER, CONVERTED)
        )
        self._links = make.counter("delivery_links", "Videos of which only a link could be posted.")
        self._delivery_errors = make.counter(
            "delivery_errors",
            "Tries to post a result that failed; given_up: the last one.",
            kind=(POSTPONED, UNDELIVERABLE, GIVEN_UP),
        )
        self._edits = make.counter(
            "card_edits",
            "States of cards: sent, or saved by the edit budget since a newer one came.",
            outcome=(SENT, SAVED),
        )

    def _define_health(self, make: MetricFamilies, alerts: tuple[str, ...]) -> None:
        self._lag = make.histogram(
            "event_loop_lag_seconds", "How late the event loop was, looked at 4 times a second.", LAG_SECONDS
        )
        self._worst_lag = make.gauge("event_loop_lag_worst_seconds", "The worst of the last 15 seconds.")
        self._connected = make.gauge(
            "gateway_connected", "1: Discord has said READY, and the connection is open."
        )
        self._heartbeat = make.gauge(
            "gateway_heartbeat_age_seconds", "Since Discord last answered a heartbeat."
        )
        self._checks = make.gauge("health_check_up", "1: what `/healthz` checks is well.", check=CHECKS)
        # A worker has no gateway, a gateway no polls: what a process has not is never shown as unwell.
        for unknown in (self._connected, self._heartbeat, *(self._checks.labels(name) for name in CHECKS)):
            unknown.set(nan)
        self._alerts = make.gauge("alert_active", "1: the alert holds at present.", alert=alerts)
        versions = {
            "version": __version__,
            "python": platform.python_version(),
            "discord_py": version("discord.py"),
        }
        info = make.gauge("build_info", "What runs; always 1.", **{k: [v] for k, v in versions.items()})
        info.labels(**versions).set(1)

    def render(self) -> bytes:
        """Return the page that Prometheus reads."""
        return render(self._registry)

    def describe(self) -> list[Described]:
        """Return the program's own families, by name."""
        return describe(self._registry)

    @contextmanager
    def request(self) -> Generator[None]:
        """Count the request that is decided within: accepted, or refused with a `UserError`.

        One whose price is told first is decided by the click on the offer.
        """
        try:
            yield
        except UndecidedError:
            raise
        except UserError as refusal:
            self._refused.labels(rule_of(refusal)).inc()
            if isinstance(refusal, QuotaReachedError):
                for limit in refusal.broken:
                    self._quota_refusals.labels(limit.kind, limit.rule.scope).inc()
            raise
        self._accepted.inc()

    def note_withdrawn(self) -> None:
        """Count an accepted request whose answer never reached the member."""
        self._finished.labels(WITHDRAWN).inc()

    def note_change(self, before: Generation, after: Generation, now: datetime) -> None:
        """Count what a change of a request means; the change was written."""
        if before.status is not after.status and after.status is Status.SUCCEEDED:
            self._note_made(after)
        if before.result_id is None and after.result_id is not None and after.finished_at is not None:
            result = VIDEO if after.status is Status.SUCCEEDED else ENDING
            seconds = (now - after.finished_at).total_seconds()
            self._deliveries.labels(result).observe(max(0.0, seconds))  # a clock may have been set back
        if before.delivered_at is None and after.delivered_at is not None:
            self._note_finished(after)

    def _note_made(self, generation: Generation) -> None:
        if generation.submitted_at is None or generation.finished_at is None:
            return
        seconds = (generation.finished_at - generation.submitted_at).total_seconds()
        self._making.labels(_model(generation.model)).observe(max(0.0, seconds))

    def _note_finished(self, generation: Generation) -> None:
        self._finished.labels(generation.status).inc()
        if generation.status is Status.FAILED and generation.failure_kind is not None:
            self._failed.labels(generation.failure_kind).inc()
        self.note_charged(generation.model, generation.credits_used or 0.0)

    def note_charged(self, model: str, more: float) -> None:
        """Count what was spent beyond what was counted, in credits; a counter never falls."""
        if more > 0:
            self._spent_credits.labels(_model(model)).inc(more)
            self._spent_usd.labels(_model(model)).inc(usd(more))

    def note_queue(self, counts: Mapping[str, float], ages: Mapping[str, float]) -> None:
        """Show how many requests are in each of `STATES`, and the oldest one's age in seconds."""
        for state in STATES:
            self._queue.labels(state).set(counts.get(state, 0))
            self._oldest.labels(state).set(ages.get(state, 0.0))

    def forget_queue(self) -> None:
        """Show that the queue cannot be read."""
        unknown: Mapping[str, float] = dict.fromkeys(STATES, nan)
        self.note_queue(unknown, unknown)

    def note_call(self, call: Call) -> None:
        """Count a call to the provider."""
        self._calls.labels(call.kind).observe(call.seconds)
        if call.error is not None:
            self._call_errors.labels(call.kind, error_name(call.error)).inc()
        else:
            self._last_success.set_to_current_time()
        if call.kind is CallKind.RETRIEVE:
            self._polls.labels(ANSWERS[call.state]).inc()

    def note_balance(self, balance: float) -> None:
        """Show the account's money, in USD."""
        self._balance.set(balance)

    def note_file(self, size: int, form: str) -> None:
        """Count a posted file of `size` bytes: `ORIGINAL`, `SMALLER`, or `CONVERTED` (as Discord plays)."""
        self._sizes.labels(form).observe(size)

    def note_link(self) -> None:
        """Count a video of which only a link was posted."""
        self._links.inc()

    def note_delivery_error(self, kind: str) -> None:
        """Count a try to post a result that failed: `POSTPONED`, `UNDELIVERABLE` or `GIVEN_UP`."""
        self._delivery_errors.labels(kind).inc()

    def note_edit(self, outcome: str) -> None:
        """Count a state of a card: `SENT` or `SAVED`."""
        self._edits.labels(outcome).inc()

    def note_lag(self, seconds: float, worst: float) -> None:
        """Count one look at the event loop; `worst`: of the last looks."""
        self._lag.observe(seconds)
        self._worst_lag.set(worst)

    def note_gateway(self, *, is_connected: bool, heartbeat_age: float) -> None:
        """Show how the connection to Discord stands."""
        self._connected.set(is_connected)
        self._heartbeat.set(heartbeat_age)

    def note_check(self, name: str, *, is_up: bool) -> None:
        """Show what a check of `/healthz` found."""
        self._checks.labels(name).set(is_up)

    def note_alert(self, name: str, *, is_active: bool) -> None:
        """Show whether an alert holds."""
        self._alerts.labels(name).set(is_active)


def _model(name: str) -> str:
    return name if name in MODELS else OTHER
