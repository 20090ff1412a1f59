"""The figures: named by the ecosystem's conventions, bounded, and each from what truly happened."""

import re
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot import errors
from bot.admission import denials
from bot.clock import utc_now
from bot.db.models import Status
from bot.errors import UserError
from bot.failures import FailureKind
from bot.metrics.families import describe, render
from bot.metrics.metrics import ENDING, REGISTRY, VIDEO, record_change
from bot.metrics.outcomes import ERRORS, OTHER, RULES, error_name, rule_of
from bot.monitoring.loop_lag import LAG_MEMORY, LOOK_INTERVAL, Lags
from bot.provider.errors import VeoError
from bot.requests import repeats
from tests.bot.rows import new_row

UNITS = ("_seconds", "_bytes", "_usd", "_credits", "_total", "_info", "_up", "_active", "_connected")
COUNTED = ("veobot_queue_requests",)  # things, not a unit
MAX_SERIES = 1000


def test_names_have_a_unit_and_counters_end_in_total() -> None:
    for family in describe(REGISTRY):
        assert re.fullmatch(r"veobot_[a-z]+(_[a-z]+)*", family.name), family.name
        assert family.name.endswith("_total") == (family.type == "counter"), family.name
        assert family.name.endswith(UNITS) or family.name in COUNTED, family.name
        assert family.meaning.endswith("."), family.name


def test_a_page_is_bounded_and_can_be_read_with_all_its_series_from_the_start() -> None:
    page = render(REGISTRY).decode()
    families = list(text_string_to_metric_families(page))
    assert sum(len(family.samples) for family in families) < MAX_SERIES
    assert "_created" not in page
    assert all(family.samples for family in families), "a family without series hides its first event"


def test_a_delivery_takes_as_long_as_since_moderators_approved_the_video() -> None:
    now = utc_now()
    ended: dict[str, Any] = {
        "finished_at": now - timedelta(hours=20),
        "released_at": now - timedelta(seconds=5),
    }
    row = new_row(status=Status.SUCCEEDED, **ended)
    before = seconds_to_deliver()
    record_change(row, new_row(status=Status.SUCCEEDED, result_id=7, **ended), now)
    assert seconds_to_deliver() - before == pytest.approx(5)


def test_a_video_that_moderators_kept_from_being_posted_failed() -> None:
    now = utc_now()
    withheld: dict[str, Any] = {"finished_at": now, "released_at": now, "removed_at": now}
    withheld |= {"status": Status.SUCCEEDED, "failure_kind": FailureKind.DECLINED}
    counted = (
        ("requests_finished_total", {"status": "succeeded"}),
        ("requests_finished_total", {"status": "failed"}),
        ("requests_failed_total", {"failure": "declined"}),
        ("delivery_duration_seconds_count", {"result": VIDEO}),
        ("delivery_duration_seconds_count", {"result": ENDING}),
    )
    before = [sample(name, labels) for name, labels in counted]
    record_change(new_row(**withheld), new_row(**withheld, result_id=7, delivered_at=now), now)
    after = [sample(name, labels) for name, labels in counted]
    assert [more - fewer for more, fewer in zip(after, before, strict=True)] == [0, 1, 1, 0, 1]


def seconds_to_deliver() -> float:
    """Return the sum over all videos."""
    return sample("delivery_duration_seconds_sum", {"result": VIDEO})


def sample(name: str, labels: dict[str, str]) -> float:
    value = REGISTRY.get_sample_value(f"veobot_{name}", labels)
    assert value is not None
    return value


def kinds(base: type[Exception]) -> set[type[Exception]]:
    """Return the children that have no children themselves."""
    children = base.__subclasses__()
    return set[type[Exception]]().union(*map(kinds, children)) if children else {base}


def test_every_refusal_of_a_request_has_a_name() -> None:
    named = {kind for kind in kinds(denials.RefusedError) if kind.__module__ == denials.__name__}
    assert named <= set(RULES)
    assert {errors.BadRequestError, errors.RestartingError, repeats.RepeatedError} <= set(RULES)
    assert rule_of(UserError("something new")) == OTHER


def test_every_failure_of_a_call_has_a_name() -> None:
    assert kinds(VeoError) == set(ERRORS)
    assert error_name(VeoError("something new")) == OTHER


@pytest.mark.parametrize(
    ("lags", "now", "expected"),
    [
        ([], 100.0, 0.0),
        ([(99.9, 0.01)], 100.0, 0.01),
        ([(95.0, 0.7), (99.9, 0.01)], 100.0, 0.7),
        ([(80.0, 9.0), (99.9, 0.01)], 100.0, 0.01),  # long ago
        ([(98.0, 0.01)], 100.0, 2.0 - LOOK_INTERVAL),  # the next look is overdue
    ],
)
def test_the_worst_lag_of_the_last_seconds_counts(
    lags: list[tuple[float, float]], now: float, expected: float
) -> None:
    assert LAG_MEMORY < 20
    known = Lags()
    for at, lag in lags:
        known.record(at, lag)
    assert known.worst(now) == pytest.approx(expected)
