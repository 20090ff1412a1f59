"""The program ends at every state of a request and starts again: one result, one create call."""

import asyncio
from datetime import timedelta

import pytest

from bot.admission.check_request import Requester
from bot.clock import utc_now
from bot.db.models import Generation, Placement, Status
from bot.requests.spec import RequestSpec
from sandbox.provider import Fault
from sandbox.world import World
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import (
    PROMPT,
    accept_all,
    ask,
    ask_and_hold,
    ask_for_video,
    assert_card_leads_to,
    bodies,
    change_rows,
    eventually,
    make_due,
    refuse,
    requests,
    results,
    rows,
    shown,
    the_result,
    threads,
)

POSTS = "/channels/*/messages"


async def assert_ends_well(world: World, *, creates: int = 1) -> Generation:
    """Check that one video came, once, for one create call."""
    generation = await world.wait_for_delivery()
    assert generation.status is Status.SUCCEEDED
    assert the_result(world).attachments, "the result is no video"
    assert world.provider.count("create") == creates, "the provider was asked more than once"
    return generation


async def request_without_card(world: World) -> Generation:
    """Accept a request whose answer never came about, as when the process dies right after the commit."""
    requester = Requester(1, world.guild.id, world.channel.id, world.alice.id, Placement.THREAD)
    return await world.app.services.generations.request(
        requester, RequestSpec(model="google/veo3", prompt=PROMPT, options={"duration": 4})
    )


@pytest.mark.nightly
async def test_before_the_card_is_attached(world: World, database_url: str) -> None:
    await request_without_card(world)
    await world.restart()
    assert world.provider.count("create") == 0, "the work began before the member was answered"
    await make_due(world, database_url)
    generation = await assert_ends_well(world)
    assert generation.card_id is not None, "no card was posted in the answer's place"
    assert_card_leads_to(world, generation, the_result(world))


@pytest.mark.nightly
async def test_after_the_card_is_shown_but_not_written_down(world: World, database_url: str) -> None:
    world.provider.faults.add("create", Fault.status(401), times=None)
    answer = await ask(world)
    await world.provider.called("create")
    lease = {"lease_owner": "the killed one", "lease_until": utc_now() + timedelta(seconds=0.4)}
    await change_rows(database_url, card_id=None, **lease)
    await world.restart()
    world.provider.faults.clear()
    generation = await assert_ends_well(world, creates=world.provider.count("create") + 1)
    assert generation.card_id == shown(answer).id, "the card was not found again"
    assert the_result(world).channel.id == generation.thread_id == generation.card_id
    assert_card_leads_to(world, generation, the_result(world))


@pytest.mark.nightly
async def test_while_queued(open_world: OpenWorld) -> None:
    async with open_world(max_running=1) as world:
        await ask_and_hold(world)
        await ask(world)
        await world.restart()
        statuses = sorted(row.status.value for row in await rows(world))
        assert statuses == ["queued", "running"]
        world.provider.release()
        await eventually("two videos", lambda: len(results(world)) == 2)
        assert world.provider.count("create") == 2


async def test_while_submitting(world: World) -> None:
    world.provider.faults.add("create", Fault.hang(accepted=True))
    world.provider.faults.add("logs", Fault.status(503), times=None)
    await ask(world)
    await world.provider.called("create")
    await world.wait_for(lambda row: row.status is Status.SUBMITTING)
    await world.restart()
    world.provider.faults.clear()
    await assert_ends_well(world)
    assert world.provider.count("logs") >= 1, "the request was not looked up"


@pytest.mark.nightly
async def test_while_running(world: World) -> None:
    before = await ask_and_hold(world)
    await eventually("a thread", lambda: bool(threads(world)))
    await world.restart()
    world.provider.release()
    after = await assert_ends_well(world)
    assert (after.id, after.provider_id) == (before.id, before.provider_id)
    assert_card_leads_to(world, after, the_result(world))
    assert len(threads(world)) == 1


@pytest.mark.nightly
async def test_while_the_thread_is_there_but_not_written_down(world: World) -> None:
    refuse(world, "POST", "/channels/*/messages/*/threads", 0, status=503, times=None)
    generation = await ask_and_hold(world)
    assert generation.card_id is not None
    world.env.backend.create_thread(
        world.channel.id, "made before the crash", world.alice.id, message_id=generation.card_id
    )
    accept_all(world)
    refuse(world, "POST", "/channels/*/messages/*/threads", 160004, times=None)
    await world.restart()
    world.provider.release()
    await assert_ends_well(world)
    assert the_result(world).channel.id == generation.card_id


@pytest.mark.nightly
async def test_before_the_file_is_fetched(world: World) -> None:
    world.provider.faults.add("cdn", Fault.status(503), times=None)
    await ask(world)
    await world.provider.called("cdn")
    await world.wait_for(lambda row: row.status is Status.SUCCEEDED)
    await world.restart()
    world.provider.faults.clear()
    await assert_ends_well(world)


@pytest.mark.nightly
async def test_before_the_video_is_posted(world: World) -> None:
    refuse(world, "POST", POSTS, 0, status=503, times=None)
    await ask(world)
    await eventually("a try to post", lambda: bool(requests(world, "POST", "/messages")))
    await world.restart()
    accept_all(world)
    await assert_ends_well(world)
    assert world.provider.count("cdn") == 1, "the file was fetched again, though it was there"
    nonces = {body["nonce"] for body in bodies(world, "POST", "/messages")}
    assert len(nonces) == 1, "after a restart the message has another nonce, so it could be posted twice"


@pytest.mark.nightly
async def test_before_the_error_is_posted(world: World) -> None:
    refuse(world, "POST", POSTS, 0, status=503, times=None)
    await ask(world, prompt="[fail] the same")
    await eventually("a try to post", lambda: bool(requests(world, "POST", "/messages")))
    await world.restart()
    accept_all(world)
    generation = await world.wait_for_delivery()
    assert generation.status is Status.FAILED
    assert the_result(world).content.startswith("❌")
    assert generation.result_id != generation.card_id, "the card was taken for the message with the error"
    assert world.provider.count("create") == 1


@pytest.mark.nightly
async def test_after_everything_is_done_nothing_happens_again(world: World) -> None:
    await ask_for_video(world)
    calls, asked = _calls_about_videos(world), len(world.env.http_requests)
    await world.restart()
    await asyncio.sleep(0.3)  # six looks into the queue
    assert len(results(world)) == 1
    assert _calls_about_videos(world) == calls
    news = [request for request in world.env.http_requests[asked:] if request.method != "GET"]
    assert news == [], "something was said again"


def _calls_about_videos(world: World) -> int:
    """Count what the provider was asked, but for prices, measures and the account, which each start reads."""
    return sum(call.kind not in {"models", "metrics", "billing"} for call in world.provider.calls)


@pytest.mark.nightly
async def test_many_restarts_in_a_row(world: World) -> None:
    await ask_and_hold(world)
    for _ in range(3):
        await world.restart()
    world.provider.release()
    await assert_ends_well(world)


@pytest.mark.nightly
async def test_the_quota_outlives_a_restart(open_world: OpenWorld) -> None:
    async with open_world(default_daily_limit=1) as world:
        await ask_for_video(world)
        await world.restart()
        answer = await ask(world)
        assert "You've used your 1 video for the last 24 hours." in shown(answer).content
