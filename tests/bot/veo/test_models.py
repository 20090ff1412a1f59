"""The provider's answers, as typed objects in our words."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from bot.veo.models import LogPage, Task, TaskState

URL = "https://cdn.example/v.mp4"


def task_of(**fields: Any) -> Task:
    return Task.model_validate_json(json.dumps({"id": "df43b636:veo3", "status": "queued", **fields}))


@pytest.mark.parametrize("status", ["queued", "generating", "waiting", "active"])
def test_a_documented_status_of_work_is_still_working(status: str) -> None:
    task = task_of(status=status)
    assert task.state is TaskState.WORKING
    assert task.is_known_status


@pytest.mark.parametrize("status", ["dreaming", "", "Completed", "COMPLETED"])
def test_an_unknown_status_is_still_working_but_noticed(status: str) -> None:
    task = task_of(status=status, video={"url": URL})
    assert task.state is TaskState.WORKING
    assert not task.is_known_status


def test_a_completed_task_has_its_video_and_cost() -> None:
    task = task_of(status="completed", video={"url": URL}, meta={"usage": {"credits_used": 3_120_000}})
    assert (task.state, task.video_url, task.credits_used) == (TaskState.COMPLETED, URL, 3_120_000)
    assert task.is_known_status


@pytest.mark.parametrize("video", [None, {}, {"url": ""}, {"url": None}, "text", []], ids=str)
def test_a_completed_task_without_a_video_has_failed(video: object) -> None:
    task = task_of(status="completed", video=video)
    assert (task.state, task.video_url) == (TaskState.FAILED, None)
    assert "safety filter" in task.failure_reason


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"name": "Policy", "message": "Contains sensitive words."}, "Contains sensitive words."),
        ({"name": "Policy"}, "Policy"),
        ({"name": "Policy", "message": ""}, "Policy"),
        ({"message": "Contains sensitive words."}, "Contains sensitive words."),
        ({}, "It gave no reason."),
        (None, "It gave no reason."),
    ],
    ids=str,
)
def test_a_failed_task_gives_the_reason_the_provider_gave(error: object, reason: str) -> None:
    task = task_of(status="error", error=error)
    assert (task.state, task.failure_reason) == (TaskState.FAILED, reason)
    assert task.is_known_status


@pytest.mark.parametrize("meta", [None, {}, {"usage": None}], ids=str)
def test_a_cost_that_was_not_said_is_not_zero(meta: object) -> None:
    assert task_of(meta=meta).credits_used is None


def test_new_fields_are_ignored() -> None:
    assert task_of(progress=5, video={"url": URL, "file_size": 3_716_781, "poster": None}).video_url == URL


@pytest.mark.parametrize(
    "body",
    ["{}", "[]", "null", '"x"', "", '{"id": "x"}', '{"status": "queued"}', '{"id": "", "status": "queued"}'],
)
def test_an_answer_without_id_or_status_is_no_task(body: str) -> None:
    with pytest.raises(ValidationError):
        Task.model_validate_json(body)


def test_a_row_of_the_log_may_lack_the_ids() -> None:
    row = {"created": "2026-03-01T12:00:00.000Z", "status": "failed"}
    page = LogPage.model_validate({"data": [row], "pagination": {"has_more": True, "total": 9}})
    (entry,) = page.data
    assert entry is not None
    assert (entry.inference_id, entry.client_request_id) == (None, None)
    assert page.pagination.has_more


def test_a_row_of_the_log_that_names_no_time_zone_is_in_utc() -> None:
    rows = [{"created": f"2026-03-01T12:00:00{zone}", "status": "failed"} for zone in ("", "Z", "+00:00")]
    times = {entry.created for entry in LogPage.model_validate({"data": rows}).data if entry}
    assert times == {datetime(2026, 3, 1, 12, tzinfo=UTC)}


def test_an_empty_log_has_one_empty_page() -> None:
    page = LogPage.model_validate_json('{"data": []}')
    assert page.data == []
    assert not page.pagination.has_more


@pytest.mark.parametrize("body", ["{}", "[]", '{"data": null}', '{"data": {}}'])
def test_an_answer_without_rows_is_no_log_and_proves_nothing(body: str) -> None:
    with pytest.raises(ValidationError):
        LogPage.model_validate_json(body)


ODD_ROWS = [
    None,
    "text",
    7,
    {},
    {"created": None, "status": None},
    {"created": "yesterday", "status": "succeeded", "client_request_id": "ours"},
    {"created": "2026-03-01T12:00:00Z", "status": 5},
]


@pytest.mark.parametrize("odd", ODD_ROWS, ids=str)
def test_an_odd_row_of_the_log_hides_no_other(odd: object) -> None:
    ours = {"created": "2026-03-01T12:00:00Z", "status": "succeeded", "client_request_id": "ours"}
    first, second = LogPage.model_validate_json(json.dumps({"data": [odd, ours]})).data
    assert first is None
    assert second is not None
    assert second.client_request_id == "ours"


@pytest.mark.parametrize(
    "odd",
    [
        {"error": "text"},
        {"error": {"name": None, "message": None}},
        {"error": {"message": ["a", "b"]}},
        {"meta": "text"},
        {"meta": {"usage": 5}},
        {"meta": {"usage": {}}},
        {"meta": {"usage": {"credits_used": None}}},
        {"meta": {"usage": {"credits_used": -1}}},
        {"meta": {"usage": {"credits_used": "many"}}},
    ],
    ids=str,
)
def test_an_odd_detail_does_not_hide_that_a_video_is_ready(odd: dict[str, Any]) -> None:
    task = task_of(status="completed", video={"url": URL}, **odd)
    assert (task.state, task.video_url, task.credits_used) == (TaskState.COMPLETED, URL, None)


@pytest.mark.parametrize("error", ["text", 5, [], {"name": None, "message": None}], ids=str)
def test_an_odd_reason_is_none(error: object) -> None:
    task = task_of(status="error", error=error)
    assert (task.state, task.failure_reason) == (TaskState.FAILED, "It gave no reason.")
