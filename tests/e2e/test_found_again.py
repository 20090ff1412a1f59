"""Killed between posting and writing it down: what was posted is found again, and only that."""

from datetime import timedelta

import pytest

from bot.clock import utc_now
from bot.db.models import Generation, Status
from sandbox.provider import Provider
from sandbox.world import World, wait_until
from tests.e2e.conftest import LoseAnswer, OpenWorld
from tests.e2e.driver import (
    SECONDS,
    accept_all,
    ask,
    ask_for_video,
    assert_card_leads_to,
    change_rows,
    eventually,
    held_with_thread,
    refuse,
    requests,
    results,
    rows,
    the_result,
    threads,
)

EVERYWHERE = "/channels/*/messages"
THREADS = "/channels/*/messages/*/threads"
POSTED = {
    "result_id": None,
    "result_channel_id": None,
    "delivered_at": None,
}  # what is written after the post


async def forget_the_post(world: World, database_url: str) -> None:
    """Leave the row as a process does that is killed right after the post, and start the program anew.

    The lease keeps the present program away from the row until it has stopped.
    """
    lease = {"lease_owner": "the killed one", "lease_until": utc_now() + timedelta(seconds=0.4)}
    await change_rows(database_url, **POSTED, **lease)
    await world.restart()


async def assert_found(world: World, before: Generation) -> None:
    """Check that the message of `before` was taken for the result, and nothing was posted again."""
    after = await world.wait_for_delivery()
    assert (after.result_id, after.result_channel_id) == (before.result_id, before.result_channel_id)
    assert_card_leads_to(world, after, the_result(world))
    assert len(requests(world, "GET", "/messages")) >= 1, "nothing was searched"


@pytest.mark.nightly
async def test_a_video_in_its_thread_is_found_by_its_file(world: World, database_url: str) -> None:
    before = await ask_for_video(world)
    await forget_the_post(world, database_url)
    await assert_found(world, before)
    assert world.provider.count("cdn") == 1, "the file was fetched for a video that was posted"


@pytest.mark.nightly
async def test_a_video_in_the_channel_is_found_by_its_file(world: World, database_url: str) -> None:
    refuse(world, "POST", THREADS, 160006, times=None)
    before = await ask_for_video(world)
    assert before.result_channel_id == world.channel.id
    await forget_the_post(world, database_url)
    await assert_found(world, before)


@pytest.mark.nightly
async def test_a_link_is_found_by_its_address(world: World, database_url: str) -> None:
    refuse(world, "POST", EVERYWHERE, 40005, status=413)
    before = await ask_for_video(world)
    assert the_result(world).attachments == []
    await forget_the_post(world, database_url)
    await assert_found(world, before)


@pytest.mark.nightly
async def test_a_failure_in_its_thread_is_found_by_its_number(world: World, database_url: str) -> None:
    await ask_for_video(world, prompt="[fail] the same")
    await forget_the_post(world, database_url)
    after = await world.wait_for_delivery()
    assert after.status is Status.FAILED
    assert after.result_id == the_result(world).id
    assert len(requests(world, "POST", "/messages")) == 1


async def test_a_video_among_others_is_the_right_one(world: World, database_url: str) -> None:
    voice = world.guild.create_voice_channel("lounge")
    first = await ask_for_video(world, voice)
    second = await ask_for_video(world, voice)
    await forget_the_post(world, database_url)

    async def look() -> dict[str, int | None] | None:
        recent = await rows(world)
        are_done = all(row.delivered_at is not None for row in recent)
        return {row.id: row.result_id for row in recent} if are_done else None

    found = await wait_until(look, seconds=SECONDS)
    assert found == {first.id: first.result_id, second.id: second.result_id}
    assert len(results(world)) == 2


@pytest.mark.nightly
async def test_what_others_say_is_not_taken_for_the_video(world: World) -> None:
    before = await held_with_thread(world)
    [thread] = threads(world)
    await world.alice.send(thread, f"where is veo-{before.id}.mp4? -# ID {before.id}")
    refuse(world, "POST", EVERYWHERE, 0, status=503, times=2)
    world.provider.release()
    await world.wait_for_delivery()
    assert the_result(world).attachments, "a member's message was taken for the video"


@pytest.mark.parametrize("placement", ["thread", "channel"])
async def test_a_post_whose_answer_was_lost_is_found(
    world: World, lose_answer: LoseAnswer, placement: str
) -> None:
    if placement == "channel":
        refuse(world, "POST", THREADS, 160006, times=None)
    lose_answer("POST", EVERYWHERE)
    generation = await ask_for_video(world)
    assert len(requests(world, "POST", "/messages")) == 1, "the video was sent again"
    assert_card_leads_to(world, generation, the_result(world))


async def test_a_lost_answer_and_a_restart_leave_one_video(world: World, lose_answer: LoseAnswer) -> None:
    lose_answer("POST", EVERYWHERE)
    refuse(world, "GET", EVERYWHERE, 0, status=503, times=None)
    await ask(world)
    await eventually("a try to search", lambda: bool(requests(world, "GET", "/messages")))
    await world.restart()
    accept_all(world)
    generation = await world.wait_for_delivery()
    assert_card_leads_to(world, generation, the_result(world))
    assert len(requests(world, "POST", "/messages")) == 1


async def late_video(world: World, provider: Provider) -> Generation:
    """Wait until the failure of a request that takes too long is posted, and let the video come then."""
    await ask(world)
    failed = await world.wait_for(lambda row: row.result_id is not None)
    assert the_result(world).content.startswith("❌")
    provider.release()
    return failed


LATE = {"deadline": 0.2, "late_wait": 0.02}


@pytest.mark.nightly
async def test_a_failure_is_not_taken_for_the_late_video(open_world: OpenWorld, provider: Provider) -> None:
    provider.hold = True
    async with open_world(LATE) as world:
        failed = await late_video(world, provider)
        refuse(world, "POST", EVERYWHERE, 0, status=503, times=None)
        await eventually("a try to post", lambda: len(requests(world, "POST", "/messages")) >= 2)
        await world.restart()
        accept_all(world)
        generation = await world.wait_for(lambda row: row.result_id not in {None, failed.result_id})
        failure, video = results(world)
        assert (failure.id, video.id) == (failed.result_id, generation.result_id)
        assert video.attachments, "the late video never came"
        await world.wait_for_delivery()
        assert_card_leads_to(world, generation, video)


@pytest.mark.nightly
async def test_a_late_video_is_found_beside_its_failure(
    open_world: OpenWorld, provider: Provider, database_url: str
) -> None:
    provider.hold = True
    async with open_world(LATE) as world:
        await late_video(world, provider)
        done = await world.wait_for(
            lambda row: row.status is Status.SUCCEEDED and row.delivered_at is not None
        )
        await forget_the_post(world, database_url)
        found = await world.wait_for_delivery()
        assert found.result_id == done.result_id
        assert [bool(message.attachments) for message in results(world)] == [False, True]
