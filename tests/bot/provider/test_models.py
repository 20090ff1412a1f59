"""The provider's answers, as typed objects in our words."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from bot.provider.models import LogPage, Task, TaskState

URL = "https://cdn.example/v.mp4"


def task_of(**fields: Any) -> Task:
    return Task.model_validate_json(json.dumps({"id": "df43b636:veo3", "status": "queued", **fields}))


@pytest.mark.parametrize("status", ["queued", "generating", "waiting", "active"])
def test_a_documented_status_of_work_is_still_working(status: str) -> None:
    task = task_of(status=status)
    assert task.state is TaskState.WORKING
    assert task.is_known_status


@pytest.mark.parametrize("status", ["dreaming", "", "ready", None, 3, ["completed"]], ids=str)
def test_an_unknown_status_is_still_working_but_noticed(status: object) -> None:
    task = task_of(status=status)
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


@pytest.mark.parametrize(
    "told",
    [
        {"meta": {"usage": {"credits_used": 0}}, "usage": {"credits_used": 5}},
        {"meta": {"usage": {"credits_used": 0}}, "credits_used": 5},
        {"usage": {"tokens_used": 5}},
        {"meta": {"credits_used": 5}},
        {"meta": [{"usage": {"credits_used": 5}}]},
    ],
    ids=["beside a zero", "in the task itself", "by its older name", "in meta itself", "in a list"],
)
def test_a_cost_is_taken_from_wherever_it_is_told(told: dict[str, object]) -> None:
    assert task_of(status="completed", video={"url": URL}, **told).credits_used == 5


def test_an_address_beside_a_task_that_works_is_not_its_video() -> None:
    assert task_of(status="generating", url=URL, output=[URL]).state is TaskState.WORKING


@pytest.mark.parametrize("meta", [None, {}, {"usage": None}], ids=str)
def test_a_cost_that_was_not_said_is_not_zero(meta: object) -> None:
    assert task_of(meta=meta).credits_used is None


def test_new_fields_are_ignored() -> None:
    assert task_of(progress=5, video={"url": URL, "file_size": 3_716_781, "poster": None}).video_url == URL


@pytest.mark.parametrize(
    "body",
    ["{}", "[]", "null", '"x"', "", '{"status": "queued"}', '{"id": "", "status": "queued"}', '{"id": true}'],
)
def test_an_answer_without_an_id_is_no_task(body: str) -> None:
    with pytest.raises(ValidationError):
        Task.model_validate_json(body)


def test_a_row_of_the_log_may_lack_the_ids() -> None:
    row = {"created": "2026-03-01T12:00:00.000Z", "status": "failed"}
    page = LogPage.model_validate({"data": [row], "pagination": {"has_more": True, "total": 9}})
    (entry,) = page.data
    assert entry is not None
    assert (entry.inference_id, entry.client_request_id) == (None, None)
    assert page.has_more(1)


def test_a_row_of_the_log_that_names_no_time_zone_is_in_utc() -> None:
    rows = [{"created": f"2026-03-01T12:00:00{zone}", "status": "failed"} for zone in ("", "Z", "+00:00")]
    times = {entry.created for entry in LogPage.model_validate({"data": rows}).data if entry}
    assert times == {datetime(2026, 3, 1, 12, tzinfo=UTC)}


def test_an_empty_log_has_one_empty_page() -> None:
    page = LogPage.model_validate_json('{"data": []}')
    assert page.data == []
    assert not page.has_more(1)


@pytest.mark.parametrize("body", ["{}", "[]", '{"data": null}', '{"data": {}}'])
def test_an_answer_without_rows_is_no_log_and_proves_nothing(body: str) -> None:
    with pytest.raises(ValidationError):
        LogPage.model_validate_json(body)


ODD_ROWS = [
    None,
    "text",
    7,
    {"inference_id": "x" * 129},
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
        {"meta": {"usage": {"credits_used": True}}},
        {"meta": {"usage": {"credits_used": "0", "usd_spent": 0.0}}},
        {"meta": {"usage": {"credits_used": "many"}}},
    ],
    ids=str,
)
def test_an_odd_detail_does_not_hide_that_a_video_is_ready(odd: dict[str, Any]) -> None:
    task = task_of(status="completed", video={"url": URL}, **odd)
    assert (task.state, task.video_url, task.credits_used) == (TaskState.COMPLETED, URL, None)


@pytest.mark.parametrize(
    "odd", [{"created": "yesterday"}, {"created": None}, {"status": 5}, {"model": []}], ids=str
)
def test_an_odd_detail_of_a_row_does_not_hide_its_task(odd: dict[str, Any]) -> None:
    row = {"created": "2026-03-01T12:00:00Z", "status": "succeeded", "inference_id": "x:veo3", **odd}
    (entry,) = LogPage.model_validate({"data": [row]}).data
    assert entry is not None
    assert (entry.inference_id, entry.is_refused) == ("x:veo3", False)


@pytest.mark.parametrize(
    "pagination", [None, "text", {"has_more": "perhaps"}, [], {}, {"total": 9}, {"has_more": None}], ids=str
)
def test_of_a_log_with_odd_pages_a_full_one_is_followed_by_another(pagination: object) -> None:
    page = LogPage.model_validate({"data": [None, None], "pagination": pagination})
    assert page.has_more(2)
    assert not page.has_more(3)


@pytest.mark.parametrize("error", [5, True, [], " ", {"name": None, "message": None}, {"code": 0}], ids=str)
def test_an_odd_reason_is_none(error: object) -> None:
    task = task_of(status="error", error=error)
    assert (task.state, task.failure_reason) == (TaskState.FAILED, "It gave no reason.")
