"""What becomes of a request that is made from a last frame which can't be had, ever."""

from typing import Any

import pytest

from bot.db.models import Status
from bot.failures import FailureKind
from bot.jobs.steps.errors import StepPostponedError
from bot.media.frame_links import frame_link
from sandbox.provider import Provider
from tests.bot.engine import Engine
from tests.bot.rows import insert, reread

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
    assert (after.status, after.awaits_id) == (status, SOURCE)
    assert provider.count("create") == 0


@pytest.mark.parametrize("status", [Status.PREPARING, Status.QUEUED])
async def test_any_other_request_ends_at_once(engine: Engine, provider: Provider, status: Status) -> None:
    row = await engine.delivered((await insert(engine.database, status=status, **VALUES)).id)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.IMAGE_GONE)
    assert provider.count("create") == 0
