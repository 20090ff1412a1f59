"""Discord refuses the message with the result: the ladder from the thread down to a direct message."""

import discord
import pytest

from bot.clock import utc_now
from bot.db.models import Status
from bot.jobs.ports import ARRIVAL
from sandbox.world import World, wait_until
from tests.e2e.driver import (
    SECONDS,
    accept_all,
    ask,
    ask_for_video,
    assert_card_leads_to,
    bodies,
    card_of,
    direct_messages,
    eventually,
    held_with_thread,
    refuse,
    requests,
    results,
    rows,
    the_result,
    threads,
)
from tests.wire.bodies import Bodies

EVERYWHERE = "/channels/*/messages"
# Discord's codes and the HTTP statuses they come with; `tests/cogs/ui/test_discord_errors.py` has them all.
PASSING = [(0, 500), (0, 502), (0, 503), (130000, 503), (0, 429), (20016, 429), (40004, 403)]


async def test_a_file_that_is_not_taken_becomes_a_link(world: World) -> None:
    refuse(world, "POST", EVERYWHERE, 40005, status=413)
    generation = await ask_for_video(world)
    message = the_result(world)
    assert message.attachments == []
    assert message.channel.id == threads(world)[0].id, "the link came to another place than the file would"
    ready, prompt, link, number = message.content.split("\n")
    assert (ready, prompt) == (f"🎬 <@{world.alice.id}> Your video is ready.", "> a red dragon")
    assert link.startswith("I couldn't attach the file (0.")
    assert link.endswith(f"[Download it](<{generation.video_url}>) before the link expires.")
    assert number == f"-# ID {generation.id}"
    assert_card_leads_to(world, generation, message)


async def test_words_that_the_filter_stops_are_left_out(world: World) -> None:
    refuse(world, "POST", EVERYWHERE, 200000)
    await ask_for_video(world)
    message = the_result(world)
    assert message.content == f"🎬 <@{world.alice.id}> Your video is ready."
    assert message.attachments, "the video was left out with the words"
    assert message.channel.id == threads(world)[0].id


async def test_neither_file_nor_words_are_taken(world: World) -> None:
    refuse(world, "POST", EVERYWHERE, 40005, status=413)
    refuse(world, "POST", EVERYWHERE, 200000)
    generation = await ask_for_video(world)
    message = the_result(world)
    assert "a red dragon" not in message.content
    assert f"<{generation.video_url}>" in message.content
    nonces = [body["nonce"] for body in bodies(world, "POST", "/messages")]
    assert len(set(nonces)) == 3, "different messages share a nonce, so Discord would swallow some"
    assert all(len(nonce) <= 25 for nonce in nonces)


async def test_a_thread_that_refuses_is_followed_by_a_reply_to_the_card(world: World) -> None:
    generation = await held_with_thread(world)
    refuse(world, "POST", f"/channels/{generation.thread_id}/messages", 50013, status=403, times=None)
    world.provider.release()
    generation = await world.wait_for_delivery()
    message = the_result(world)
    assert message.channel.id == world.channel.id
    assert message.attachments
    assert message.reference is not None
    assert message.reference.message_id == generation.card_id
    assert_card_leads_to(world, generation, message)


async def test_a_reply_that_is_refused_is_followed_by_a_plain_message(world: World) -> None:
    generation = await held_with_thread(world)
    refuse(world, "POST", f"/channels/{generation.thread_id}/messages", 50013, status=403)
    refuse(world, "POST", f"/channels/{world.channel.id}/messages", 160002)
    world.provider.release()
    await world.wait_for_delivery()
    message = the_result(world)
    assert message.channel.id == world.channel.id
    assert message.reference is None


async def test_when_the_server_refuses_everything_the_member_gets_a_direct_message(world: World) -> None:
    generation = await held_with_thread(world)
    for place in (generation.thread_id, world.channel.id):
        refuse(world, "POST", f"/channels/{place}/messages", 50013, status=403, times=None)
    world.provider.release()
    generation = await world.wait_for_delivery()
    [message] = direct_messages(world)
    assert message.attachments
    assert results(world) == [message]
    assert (generation.result_id, generation.result_channel_id) == (message.id, None)
    direct = "✅ **Ready:** I sent it in a direct message because I can't post here."
    assert direct in card_of(world, generation).split("\n")


@pytest.mark.parametrize("step", ["opening", "sending"])
async def test_when_there_is_no_place_left_the_card_says_so(world: World, step: str) -> None:
    refuse(world, "POST", EVERYWHERE, 50013, status=403, times=None)
    if step == "opening":
        refuse(world, "POST", "/users/@me/channels", 50007, status=403, times=None)
    generation = await ask_for_video(world)
    assert results(world) == []
    assert (generation.status, generation.result_id) == (Status.SUCCEEDED, None)
    assert generation.delivered_at is not None
    assert "but I couldn't post it anywhere. Give a moderator the ID below." in card_of(world, generation)


@pytest.mark.nightly
async def test_passing_refusals_are_waited_for_and_the_video_comes_once(world: World) -> None:
    for code, status in PASSING:
        refuse(world, "POST", EVERYWHERE, code, status=status)
    await ask_for_video(world)
    message = the_result(world)
    assert message.channel.id == threads(world)[0].id, "a passing refusal sent the video elsewhere"
    sent = bodies(world, "POST", "/messages")
    assert len(sent) == len(PASSING) + 1
    assert len({body["nonce"] for body in sent}) == 1, (
        "a retry has another nonce, so it could be posted twice"
    )
    assert world.provider.count("cdn") == 1, "the file was fetched anew for every try"


@pytest.mark.nightly
async def test_a_token_that_is_refused_everywhere_is_waited_for(world: World) -> None:
    await held_with_thread(world)
    for path in ("/channels/*", "/users/*"):
        refuse(world, "*", path, 0, status=401, times=None)
    world.provider.release()
    await eventually("tries", lambda: len(requests(world, "GET", "/messages")) >= 3)
    assert results(world) == []
    accept_all(world)
    generation = await world.wait_for_delivery()
    message = the_result(world)
    assert message.channel.id == threads(world)[0].id, "a refused token was taken for a refused place"
    assert_card_leads_to(world, generation, message)


async def test_a_direct_message_that_fails_for_now_is_tried_again(world: World) -> None:
    generation = await held_with_thread(world)
    for place in (generation.thread_id, world.channel.id):
        refuse(world, "POST", f"/channels/{place}/messages", 50013, status=403, times=None)
    refuse(world, "POST", "/users/@me/channels", 0, status=503, times=2)
    world.provider.release()
    await world.wait_for_delivery()
    assert len(direct_messages(world)) == 1


async def waits_for_minutes(world: World) -> None:
    """Wait until the video is left alone until nothing can arrive any more."""

    async def look() -> bool | None:
        [row] = await rows(world)
        return row.not_before - utc_now() > ARRIVAL / 2 or None

    await wait_until(look, seconds=SECONDS)


@pytest.mark.parametrize("status", [504, 408], ids=["broken", "too slow for a proxy"])
async def test_what_may_still_arrive_in_the_thread_is_not_sent_to_the_member_meanwhile(
    world: World, status: int
) -> None:
    generation = await held_with_thread(world)
    refuse(world, "POST", f"/channels/{generation.thread_id}/messages", 0, status=status)
    for place in (generation.thread_id, world.channel.id):
        refuse(world, "POST", f"/channels/{place}/messages", 50013, status=403, times=None)
    world.provider.release()
    await waits_for_minutes(world)
    assert results(world) == [], "the thread's message would have been the second one"


@pytest.mark.nightly
async def test_what_may_still_arrive_is_sent_there_again_at_once_past_a_place_that_refuses(
    world: World,
) -> None:
    generation = await held_with_thread(world)
    is_locked = 160005  # which isn't remembered, as a moderator may open it
    refuse(world, "POST", f"/channels/{generation.thread_id}/messages", is_locked, times=None)
    refuse(world, "POST", f"/channels/{world.channel.id}/messages", 0, status=503)
    world.provider.release()
    await world.wait_for_delivery(seconds=SECONDS)
    assert the_result(world).channel.id == world.channel.id


@pytest.mark.nightly
async def test_a_direct_message_that_may_still_arrive_is_sent_again_at_once(world: World) -> None:
    generation = await held_with_thread(world)
    is_locked, has_another_type = 160005, 50024  # neither is remembered
    refuse(world, "POST", f"/channels/{generation.thread_id}/messages", is_locked, times=None)
    refuse(world, "POST", f"/channels/{world.channel.id}/messages", has_another_type, times=None)
    direct = world.env.backend.get_dm_channel(world.alice.id)
    refuse(world, "POST", f"/channels/{direct.id}/messages", 0, status=503)
    world.provider.release()
    await world.wait_for_delivery(seconds=SECONDS)
    assert len(direct_messages(world)) == 1


async def test_a_video_is_not_given_up_while_a_direct_message_may_still_arrive(world: World) -> None:
    generation = await held_with_thread(world)
    for place in (generation.thread_id, world.channel.id):
        refuse(world, "POST", f"/channels/{place}/messages", 50024)
    refuse(world, "POST", f"/channels/{world.channel.id}/messages", 50024)  # the reply, then a message
    direct = world.env.backend.get_dm_channel(world.alice.id)
    refuse(world, "POST", f"/channels/{direct.id}/messages", 0, status=503)
    refuse(world, "POST", f"/channels/{direct.id}/messages", 50007, status=403, times=None)
    world.provider.release()
    await waits_for_minutes(world)
    assert results(world) == [], "it was posted here, though the direct message may be on its way"


async def test_a_failure_takes_the_same_ladder(world: World) -> None:
    generation = await held_with_thread(world, prompt="[fail] the same")
    for place in (generation.thread_id, world.channel.id):
        refuse(world, "POST", f"/channels/{place}/messages", 50013, status=403, times=None)
    world.provider.release()
    await world.wait_for_delivery()
    [message] = direct_messages(world)
    assert message.content.startswith(f"❌ <@{world.alice.id}> I couldn't get you this video.")


async def test_a_failure_whose_words_are_stopped_is_told_without_them(world: World) -> None:
    refuse(world, "POST", EVERYWHERE, 200000)
    await ask_for_video(world, prompt="[fail] the same")
    content = the_result(world).content
    assert "Its reason" not in content
    assert "This didn't count toward your limit." in content


@pytest.mark.nightly
async def test_the_next_request_is_served_after_a_time_without_any_place(world: World) -> None:
    refuse(world, "POST", EVERYWHERE, 50013, status=403, times=None)
    await ask_for_video(world)
    accept_all(world)
    await ask(world)
    await eventually("the second video", lambda: len(results(world)) == 1)


async def test_a_body_that_discord_refuses_is_noticed(world: World, checked_bodies: Bodies) -> None:
    channel = world.app.bot.get_partial_messageable(world.channel.id)
    with pytest.raises(discord.HTTPException) as caught:
        await channel.send("x" * 2001)
    assert (caught.value.status, caught.value.code) == (400, 50035)
    [sentence] = checked_bodies.wrong
    assert "POST /channels/{channel_id}/messages: content: maxLength 2000" in sentence
    checked_bodies.wrong.clear()
