"""The moderators' list of what is queued or in progress, as pure text."""

from bot.db.models import Status
from cogs.admin.queue_view import queue_page, render_queue
from tests.cogs.generation import NOON, generation


def heading(in_review: int, queued: int) -> str:
    held = [generation(status=Status.QUEUED, review_id="r", review_until=NOON) for _ in range(in_review)]
    rest = [generation(status=Status.QUEUED) for _ in range(queued)]
    return render_queue(queue_page([*held, *rest], 0)).split("\n")[0]


def test_what_waits_for_approval_is_not_counted_as_queued() -> None:
    assert heading(2, 1) == (
        "**1 video is queued or in progress on this server.** 2 requests are waiting for approval."
    )
    assert heading(1, 0) == (
        "**No videos are queued or in progress on this server.** 1 request is waiting for approval."
    )
    assert heading(0, 2) == "**2 videos are queued or in progress on this server.**"
