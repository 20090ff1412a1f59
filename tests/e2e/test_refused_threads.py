"""Discord refuses the thread at run time: the video comes all the same."""

from sandbox.world import World
from tests.e2e.driver import (
    accept_all,
    ask,
    ask_for_video,
    assert_card_leads_to,
    bodies,
    eventually,
    refuse,
    requests,
    results,
    shown,
    the_result,
    threads,
)

THREADS = "/channels/*/messages/*/threads"
# Codes and HTTP statuses of refusals that pass; `tests/cogs/ui/test_discord_errors.py` has them all.
PASSING = [(0, 500), (0, 503), (0, 429), (130000, 503), (20028, 429)]


async def test_without_a_thread_the_video_replies_to_the_card(world: World) -> None:
    refuse(world, "POST", THREADS, 50013, status=403, times=None)
    generation = await ask_for_video(world)
    message = the_result(world)
    assert message.attachments, "the video did not come along"
    assert message.channel.id == world.channel.id
    assert message.reference is not None
    assert message.reference.message_id == generation.card_id
    assert generation.thread_id is None
    assert_card_leads_to(world, generation, message)


async def test_a_thread_that_exists_already_is_used(world: World) -> None:
    world.provider.hold = True
    refuse(world, "POST", THREADS, 160004, times=None)
    answer = await ask(world)
    world.env.backend.create_thread(
        world.channel.id, "made before", world.alice.id, message_id=shown(answer).id
    )
    world.provider.release()
    generation = await world.wait_for_delivery()
    assert generation.thread_id == shown(answer).id
    [thread] = threads(world)
    assert the_result(world).channel.id == thread.id
    assert len(requests(world, "POST", "/threads")) == 1, "the thread was asked for again and again"


async def test_a_name_that_the_filter_stops_is_replaced_by_a_neutral_one(world: World) -> None:
    refuse(world, "POST", THREADS, 200001)
    await ask_for_video(world)
    assert [body["name"] for body in bodies(world, "POST", "/threads")] == ["a red dragon", "Video"]
    [thread] = threads(world)
    assert thread.name == "Video"
    assert the_result(world).channel.id == thread.id


async def test_a_neutral_name_that_is_stopped_too_ends_the_tries(world: World) -> None:
    refuse(world, "POST", THREADS, 200001, times=None)
    generation = await ask_for_video(world)
    message = the_result(world)
    assert message.reference is not None
    assert message.reference.message_id == generation.card_id
    assert {body["name"] for body in bodies(world, "POST", "/threads")} == {"a red dragon", "Video"}


async def test_a_thread_that_cannot_be_had_now_is_tried_again(world: World) -> None:
    for code, status in PASSING:
        refuse(world, "POST", THREADS, code, status=status)
    await ask_for_video(world)
    [thread] = threads(world)
    assert the_result(world).channel.id == thread.id, "the video did not wait for its thread"
    assert len(requests(world, "POST", "/threads")) > len(PASSING)


async def test_the_card_leads_into_a_thread_that_came_late(world: World) -> None:
    refuse(world, "POST", THREADS, 0, status=503)
    generation = await ask_for_video(world)
    message = the_result(world)
    assert message.channel.id == threads(world)[0].id
    assert_card_leads_to(world, generation, message)


async def test_a_refused_thread_does_not_hold_up_the_work(world: World) -> None:
    refuse(world, "POST", THREADS, 0, status=503, times=None)
    await ask(world)
    await eventually("the file was fetched", lambda: world.provider.count("cdn") > 0)
    assert results(world) == [], "the video came without its thread, though that was only out for a while"
    accept_all(world)
    await world.wait_for_delivery()
    assert the_result(world).channel.id == threads(world)[0].id
