"""One generation's whole way, with the real runner, client and ffmpeg."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.clock import utc_now
from bot.db.film_models import FilmRow
from bot.db.models import Status
from bot.failures import FailureKind
from bot.jobs.ports import DeliveryPostponedError
from bot.provider.catalogue import build_request
from bot.provider.costs import CostSource
from sandbox.provider import Provider
from tests.bot.bound import bound_credits
from tests.bot.clocks import until
from tests.bot.engine import BEYOND, Engine
from tests.bot.recorder import THREAD_ID_OFFSET
from tests.bot.rows import MODEL, PROMPT, insert, new_film


async def test_a_request_becomes_a_video_in_the_thread(engine: Engine, provider: Provider) -> None:
    queued = await insert(engine.database)
    row = await engine.delivered(queued.id)
    assert (row.status, row.failure_kind, row.failure_reason) == (Status.SUCCEEDED, None, None)
    ((shown, clip),) = engine.delivery.videos
    assert shown.thread_id == row.thread_id == (queued.card_id or 0) + THREAD_ID_OFFSET
    assert (clip.width, clip.height, clip.has_sound) == (1280, 720, True)
    assert row.result_id is not None
    assert row.credits_used == 4 * 1_040_000
    assert provider.count("create") == 1
    assert engine.delivery.failures == []


async def test_the_times_of_a_video_are_in_order(engine: Engine) -> None:
    row = await engine.delivered((await insert(engine.database)).id)
    times = [row.created_at, row.submitted_at, row.finished_at, row.delivered_at]
    known = [moment for moment in times if moment is not None]
    assert len(known) == 4, f"one was not written: {times}"
    assert known == sorted(known)


async def test_the_card_is_shown_when_it_runs_and_at_the_end(engine: Engine) -> None:
    queued = await insert(engine.database)
    await engine.delivered(queued.id)
    assert engine.delivery.states == [(queued.id, Status.RUNNING), (queued.id, Status.SUCCEEDED)]


async def test_the_provider_is_told_our_id_and_only_what_was_chosen(
    engine: Engine, provider: Provider
) -> None:
    queued = await insert(engine.database, options={"duration": 4, "seed": 5})
    await engine.delivered(queued.id)
    call = next(call for call in provider.calls if call.kind == "create")
    assert call.headers["x-client-request-id"] == queued.id
    assert call.json == {"model": MODEL, "prompt": PROMPT, "duration": 4, "seed": 5}


async def test_the_file_is_gone_once_it_is_delivered(engine: Engine) -> None:
    await engine.delivered((await insert(engine.database)).id)
    assert list(engine.videos.iterdir()) == []


async def test_where_no_thread_can_be_the_video_still_comes(engine: Engine) -> None:
    engine.delivery.has_threads = False
    row = await engine.delivered((await insert(engine.database)).id)
    assert row.thread_id is None
    assert len(engine.delivery.videos) == 1


async def test_still_working_writes_nothing(engine: Engine, provider: Provider) -> None:
    provider.hold = True
    queued = await insert(engine.database)
    async with engine.running():
        before = await engine.threaded(queued.id)
        await provider.called("retrieve", provider.count("retrieve") + 5)
        after = await engine.row(queued.id)
    seen = [
        (row.status, row.attempts, row.not_before, row.lease_until, row.thread_id) for row in (before, after)
    ]
    assert seen[0] == seen[1]


async def test_a_card_that_was_shown_but_not_recorded_is_found_again(engine: Engine) -> None:
    queued = await insert(engine.database, card_id=None)
    engine.delivery.lost_cards[queued.id] = 4711
    row = await engine.delivered(queued.id)
    assert (row.card_id, row.thread_id) == (4711, 4711 + THREAD_ID_OFFSET)
    assert [shown.card_id for shown, _ in engine.delivery.videos] == [4711]


@pytest.mark.parametrize("trouble", [[], [DeliveryPostponedError("Discord is away")]], ids=len)
async def test_what_was_sent_without_a_card_still_comes(engine: Engine, trouble: list[Exception]) -> None:
    engine.delivery.search_trouble = trouble
    left = await running_row(engine)
    row = await insert(engine.database, card_id=None, status=Status.RUNNING, **left)
    row = await engine.delivered(row.id)
    assert (row.status, row.card_id, row.thread_id) == (Status.SUCCEEDED, None, None)
    assert len(engine.delivery.videos) == 1


async def queued_row(_: Engine) -> dict[str, Any]:
    return {}


async def submitting_row(engine: Engine) -> dict[str, Any]:
    """Return what is in a row whose process died before the create call's answer was written."""
    await engine.veo.create(build_request(MODEL, PROMPT, {"duration": 4}), "left")
    return {"submitted_at": utc_now()}


async def running_row(engine: Engine) -> dict[str, Any]:
    task = await engine.veo.create(build_request(MODEL, PROMPT, {"duration": 4}), "left")
    return {"submitted_at": utc_now(), "provider_id": task.id}


async def succeeded_row(engine: Engine) -> dict[str, Any]:
    row = await running_row(engine)

    async def is_made() -> bool:
        return (await engine.veo.retrieve(row["provider_id"])).video_url is not None

    await until("the video is made", is_made)
    url = (await engine.veo.retrieve(row["provider_id"])).video_url
    return {**row, "video_url": url, "finished_at": utc_now()}


async def failed_row(_: Engine) -> dict[str, Any]:
    return {"failure_kind": FailureKind.UNMADE, "failure_reason": "It rains.", "finished_at": utc_now()}


async def cancelled_row(_: Engine) -> dict[str, Any]:
    return {"cancelled_by": 77, "finished_at": utc_now()}


Leave = Callable[[Engine], Awaitable[dict[str, Any]]]
LEFT: dict[Status, Leave] = {
    Status.PREPARING: queued_row,
    Status.QUEUED: queued_row,
    Status.SUBMITTING: submitting_row,
    Status.RUNNING: running_row,
    Status.SUCCEEDED: succeeded_row,
    Status.FAILED: failed_row,
    Status.CANCELLED: cancelled_row,
}


@pytest.mark.parametrize("status", Status)
async def test_what_a_dead_process_left_is_continued_where_it_stood(
    engine: Engine, provider: Provider, status: Status
) -> None:
    left = await LEFT[status](engine)
    lease = {"lease_owner": "dead", "lease_until": utc_now() - timedelta(seconds=1)}
    await insert(engine.database, id="left", status=status, **lease, **left)
    row = await engine.delivered("left")
    has_ended = status in {Status.FAILED, Status.CANCELLED}
    assert row.status is (status if has_ended else Status.SUCCEEDED)
    endings = engine.delivery.failures + engine.delivery.cancellations
    assert (len(engine.delivery.videos), len(endings)) == (not has_ended, has_ended)
    assert provider.count("create") == (0 if has_ended else 1), "a video is ordered once, whoever carries it"


async def test_what_a_living_process_carries_is_left_to_it(engine: Engine, provider: Provider) -> None:
    lease = {"lease_owner": "alive", "lease_until": utc_now() + timedelta(minutes=1)}
    theirs = await insert(engine.database, **lease)
    ours = await insert(engine.database)
    await engine.delivered(ours.id)
    assert (await engine.row(theirs.id)).lease_owner == "alive"
    assert provider.count("create") == 1


async def test_a_row_that_was_delivered_is_not_delivered_again(engine: Engine) -> None:
    done = await insert(engine.database, status=Status.FAILED, delivered_at=utc_now())
    await engine.delivered((await insert(engine.database)).id)
    assert engine.delivery.failures == []
    assert (await engine.row(done.id)).result_id is None


async def test_giving_up_ends_in_a_failure_of_ours(engine: Engine) -> None:
    await insert(engine.database)
    claimed = await engine.claim()
    await engine.workflow.give_up(claimed)
    await engine.queue.release_all()
    row = await engine.delivered(claimed.id)
    assert (row.status, row.failure_kind, row.failure_reason) == (Status.FAILED, FailureKind.BROKEN, None)
    assert [shown.failure_kind for shown in engine.delivery.failures] == [FailureKind.BROKEN]


@pytest.mark.parametrize(
    "ending",
    [
        {"status": Status.FAILED, "failure_kind": FailureKind.LATE},
        {"status": Status.CANCELLED, "cancelled_by": 77},
    ],
    ids=["failed", "cancelled"],
)
async def test_giving_up_what_cannot_be_told_closes_it_as_it_ended(
    engine: Engine, ending: dict[str, Any]
) -> None:
    row = await insert(engine.database, **ending)
    await engine.workflow.give_up(await engine.claim())
    closed = await engine.row(row.id)
    assert closed.delivered_at is not None
    assert closed.result_id is None
    assert {name: getattr(closed, name) for name in ending} == ending


@pytest.mark.parametrize(("kind", "bound"), [(FailureKind.LATE, 0.0), (FailureKind.FILE_LOST, 7.0)])
async def test_giving_up_the_search_for_a_late_video_frees_what_it_might_have_cost(
    engine: Engine, kind: FailureKind, bound: float
) -> None:
    told = {"status": Status.FAILED, "failure_kind": kind, "delivered_at": utc_now(), "provider_id": "7:veo3"}
    looked_for = {"late_until": utc_now() + BEYOND, "credits_used": 7.0, "cost_source": CostSource.CREATE}
    row = await insert(engine.database, **told, **looked_for)
    await engine.workflow.give_up(await engine.claim())
    closed = await engine.row(row.id)
    assert (closed.late_until, bound_credits(closed)) == (None, bound)


async def test_giving_up_the_search_for_a_late_shot_opens_its_film_for_the_card(engine: Engine) -> None:
    film = new_film(accepted_at=utc_now(), delivered_at=utc_now())
    await engine.database.write(lambda session: session.add(film))
    told = {"status": Status.FAILED, "failure_kind": FailureKind.LATE, "delivered_at": utc_now()}
    await insert(engine.database, film_id=film.id, shot=1, **told, late_until=utc_now() + BEYOND)
    await engine.workflow.give_up(await engine.claim())
    opened = await engine.database.read(lambda session: session.get_one(FilmRow, film.id))
    assert opened.delivered_at is None
