"""Signs that a video will not come, and the video that comes after them: it is paid, so it is delivered."""

from datetime import timedelta
from typing import Any

import pytest

from bot.db.models import Generation, Status
from bot.failures import FailureKind
from sandbox.odd_answers import Reshaped, Stumble, says
from sandbox.provider import Fault, Provider
from tests.bot.bound import bound_credits
from tests.bot.clocks import until
from tests.bot.engine import Engine, MakeEngine
from tests.bot.rows import insert

LONG = timedelta(seconds=60)
PRICE = 4 * 1_040_000


WITHOUT_FILE = says(status="completed")
FAILED_BARELY = says(status="error", error=None)
FAILED = says(status="error", error={"name": "X", "message": "Something broke."})
NOT_FOUND = Fault.status(404)


@pytest.mark.parametrize(
    "signs",
    [
        pytest.param([NOT_FOUND] * 5, id="no such task, during a deployment"),
        pytest.param([WITHOUT_FILE] * 5, id="completed before it has an address"),
        pytest.param([FAILED_BARELY] * 5, id="an error without a reason"),
        pytest.param([FAILED], id="one error with a reason"),
        pytest.param([FAILED, WITHOUT_FILE, NOT_FOUND, FAILED], id="one after the other"),
        pytest.param([FAILED, Fault.status(503), FAILED], id="no answer in between"),
    ],
)
async def test_a_video_that_follows_thin_signs_is_delivered(
    make_engine: MakeEngine, provider: Provider, signs: list[Fault]
) -> None:
    engine = make_engine(doubt_window=LONG, stated_window=LONG)
    for sign in signs:
        provider.faults.add("retrieve", sign)
    row = await engine.delivered((await insert(engine.database)).id)
    assert row.status is Status.SUCCEEDED, (row.failure_kind, row.failure_reason)
    assert engine.delivery.failures == [], "the member was told that there is none"


@pytest.mark.parametrize(
    ("sign", "kind"),
    [
        (NOT_FOUND, FailureKind.GONE),
        (WITHOUT_FILE, FailureKind.UNMADE),
        (FAILED_BARELY, FailureKind.UNMADE),
    ],
)
async def test_an_end_without_a_reason_stays_open_and_bound(
    make_engine: MakeEngine, provider: Provider, sign: Fault, kind: FailureKind
) -> None:
    engine = make_engine(late_window=6 * LONG)
    provider.faults.add("retrieve", sign, times=None)
    row = await engine.delivered((await insert(engine.database)).id)
    engine.restart()
    assert (row.status, row.failure_kind) == (Status.FAILED, kind)
    assert row.late_until is not None, "nobody asks for it any more"
    assert bound_credits(row) == PRICE, "the money is given back, though it may be spent"
    provider.faults.clear()
    row = await delivered_late(engine, row)
    assert row.credits_used == PRICE
    assert len(engine.delivery.videos) == 1


@pytest.mark.parametrize("is_made", [True, False])
async def test_a_call_that_the_log_shows_only_after_the_member_was_told_is_taken_up(
    provider: Provider, make_engine: MakeEngine, *, is_made: bool
) -> None:
    engine = make_engine(lookup_window=timedelta(), late_window=6 * LONG)
    provider.faults.add("create", Fault.reset(accepted=True) if is_made else Stumble())
    row = await insert(engine.database, estimated_credits=7.0)
    provider.log.unseen.add(row.id)
    row = await engine.delivered(row.id)
    engine.restart()
    assert (row.failure_kind, bound_credits(row)) == (FailureKind.LOST, 7.0)
    provider.log.unseen.clear()
    if is_made:
        row = await delivered_late(engine, row)
    else:
        row = await closed(engine, row)
        assert (row.failure_kind, bound_credits(row)) == (FailureKind.LOST, 0.0)
    assert provider.count("create") == 1, "it was ordered again without knowing"


async def test_a_file_whose_first_address_is_dead_is_asked_for_once_more(
    engine: Engine, provider: Provider
) -> None:
    dead: list[str] = []

    def move(task: dict[str, Any]) -> dict[str, Any]:
        if not task.get("video") or dead:
            return task
        dead.append(f"{task['video']['url']}.dead")
        return {**task, "video": {"url": dead[0]}}

    provider.faults.add("retrieve", Reshaped(move), times=None)
    row = await engine.delivered((await insert(engine.database)).id)
    assert row.status is Status.SUCCEEDED
    assert row.video_url is not None
    assert row.video_url != dead[0]


async def delivered_late(engine: Engine, row: Generation) -> Generation:
    """Run until the video is delivered whose end was told, and return its row."""

    async def is_so() -> bool:
        engine.work.set()
        now = await engine.row(row.id)
        return now.status is Status.SUCCEEDED and now.delivered_at is not None

    async with engine.running():
        await until("the video is delivered late", is_so)
    return await engine.row(row.id)


async def closed(engine: Engine, row: Generation) -> Generation:
    """Run until the row is not asked about any more, and return it."""

    async def is_so() -> bool:
        engine.work.set()
        return (await engine.row(row.id)).late_until is None

    async with engine.running():
        await until("nobody asks about it any more", is_so)
    return await engine.row(row.id)
