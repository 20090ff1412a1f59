"""What becomes of a request that is made from a last frame which can't be had, ever or for too long."""

from typing import Any, cast

import pytest

from bot.clock import utc_now
from bot.db.models import Status
from bot.failures import FailureKind
from bot.jobs.steps.base import StepPostponedError
from bot.media.downloads import MediaError
from bot.media.image_links import frame_link
from bot.media.last_frames import LastFrames
from sandbox.provider import Provider
from tests.bot.engine import Engine, MakeEngine
from tests.bot.rows import insert, reread
from tests.bot.troubles import Logs, count_events

SOURCE = "0123456789abcdef"
VALUES: dict[str, Any] = {
    "model": "google/veo-3.0-i2v",
    "options": {},
    "picture_urls": [frame_link(SOURCE)],
    "continues_id": SOURCE,
}


@pytest.mark.parametrize("status", [Status.PREPARING, Status.QUEUED])
async def test_a_shot_waits_for_another_beginning(engine: Engine, provider: Provider, status: Status) -> None:
    row = await insert(engine.database, status=status, film_id="film", shot=2, **VALUES)
    claimed = await engine.claim()
    with pytest.raises(StepPostponedError):
        await engine.workflow.run(claimed)
    after = await reread(engine.database, row.id)
    assert (after.status, after.awaits_id) == (Status.PREPARING, SOURCE)
    assert provider.count("create") == 0


@pytest.mark.parametrize("status", [Status.PREPARING, Status.QUEUED])
async def test_any_other_request_ends_at_once(engine: Engine, provider: Provider, status: Status) -> None:
    row = await engine.delivered((await insert(engine.database, status=status, **VALUES)).id)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.VIDEO_GONE)
    assert provider.count("create") == 0


class Frames:
    """Never has one now."""

    async def find(self, *_: object) -> bytes:
        raise MediaError("a full disk")


@pytest.mark.parametrize("film_id", [None, "film"], ids=["a continuation", "a shot"])
async def test_a_frame_that_cannot_be_had_for_too_long_is_told_as_the_video_that_it_is_of(
    make_engine: MakeEngine, provider: Provider, logs: Logs, film_id: str | None
) -> None:
    engine = make_engine(last_frames=cast("LastFrames", Frames()))
    await insert(engine.database, id=SOURCE, status=Status.SUCCEEDED, delivered_at=utc_now())
    row = await insert(engine.database, status=Status.PREPARING, film_id=film_id, shot=2, **VALUES)
    after = await engine.given_up(row.id, lambda: count_events(logs, "no image") > 1)
    assert (after.status, after.failure_kind) == (Status.FAILED, FailureKind.VIDEO_GONE)
    assert provider.count("create") == 0
