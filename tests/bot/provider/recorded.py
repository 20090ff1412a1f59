"""The shapes of all answers that the provider's documentation of its video endpoints recorded (2026-08-21).

Ids, addresses and texts are replaced; with each stands what it means.
"""

from typing import Any

from bot.provider.models import TaskState

ID = "df43b636:veo3"
URL = "https://cdn.example/file.mp4"
VIDEO = {"url": URL}
FILE = {**VIDEO, "content_type": "video/mp4", "file_name": "output.mp4", "file_size": 6_827_705}
TEMPLATE = {"name": "<name>", "message": "<message>"}
USAGE = {"usage": {"credits_used": 120_000, "usd_spent": 0.06}}
DETAIL = {"loc": ["body", "image_url"], "msg": "No face in the image", "type": "face_error", "input": URL}

# How a create call was answered; without its id.
CREATED: list[dict[str, Any]] = [
    {"id": ID, "status": "queued"},
    {"id": ID, "status": "queued", "meta": {"usage": {"tokens_used": 1_050_000}}},
    {"id": ID, "status": "queued", "meta": {"usage": {"credits_used": 1_575_000}}},
    {"id": ID, "status": "queued", "meta": {"usage": {"credits_used": 3_900_000, "usd_spent": 1.95}}},
    {"generation_id": ID, "status": "queued", "meta": {"usage": {"credits_used": 399_000}}},
    {"generation_id": ID, "status": "queued"},
]

# How a question was answered, and how the task stands then: its state, its file, its reason.
ASKED: list[tuple[dict[str, Any], TaskState, str | None, str | None]] = [
    ({"id": ID, "status": "completed", "video": VIDEO}, TaskState.COMPLETED, URL, None),
    ({"id": ID, "status": "completed", "video": FILE}, TaskState.COMPLETED, URL, None),
    ({"id": ID, "status": "completed", "video": [URL]}, TaskState.COMPLETED, URL, None),
    ({"id": ID, "status": "succeeded", "video": VIDEO}, TaskState.COMPLETED, URL, None),
    (
        {"id": ID, "status": "completed", "video": VIDEO, "error": TEMPLATE, "meta": USAGE, "model": "x/y"},
        TaskState.COMPLETED,
        URL,
        None,
    ),
    (
        {"id": ID, "status": "completed", "video": VIDEO, "error": TEMPLATE, "meta": USAGE},
        TaskState.COMPLETED,
        URL,
        None,
    ),
    (
        {"id": ID, "status": "error", "error": {"detail": [DETAIL]}},
        TaskState.FAILED,
        None,
        "No face in the image",
    ),
]
