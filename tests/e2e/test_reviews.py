"""Moderators look at a request before it is sent: what they, the member and everybody else see and can do."""

from datetime import timedelta

import pytest

from bot.db.models import Status
from bot.policy.documents import Reviewed, ReviewRule
from sandbox.world import World
from tests.bot.drawn import draw
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import (
    PROMPT,
    ask,
    ask_for_video,
    card_of,
    eventually,
    refuse,
    results,
    rows,
    shown,
    the_result,
)
from tests.e2e.moderating import admin, use
from tests.e2e.reporting import (
    add_bob,
    buttons,
    choose_moderators_channel,
    click,
    open_moderators_channel,
    texts,
)
from tests.e2e.reviewing import (
    APPROVE,
    DECLINE,
    decline,
    open_reviewing,
    post_again,
    review_everybody,
    reviews_in,
    the_review,
)
from tests.e2e.test_privacy import delete, export

CAT = ("cat.png", draw())
WAITS = "👀 **Waiting for a moderator's approval.**"


@pytest.fixture(autouse=True)
def the_loops_are_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for due rows, and for what is over, often."""
    monkeypatch.setattr("bot.moderation.outbox_relay.LOOK_INTERVAL", 0.05)
    monkeypatch.setattr("bot.moderation.reviews.LOOK_INTERVAL", 0.05)


@pytest.mark.nightly
async def test_an_approved_request_goes_on_as_any_other(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    card = shown(await ask(world, prompt="a red fox", seed=7)).content
    assert WAITS in card
    assert "in the queue" not in card.casefold()
    assert "Should be ready" not in card
    message = await the_review(moderators_channel)
    assert message.content.startswith("👀 **A request is waiting for your approval**")
    assert "> a red fox" in message.content
    assert "💰 Price: about **$" in message.content
    assert buttons(message) == [APPROVE, DECLINE]
    assert world.provider.count("create") == 0, "it was sent before anybody looked at it"
    assert await click(world.mona, message, APPROVE) == []
    made = await world.wait_for_delivery()
    assert made.status is Status.SUCCEEDED
    [message] = reviews_in(moderators_channel)
    assert f"✅ **Approved** by <@{world.mona.id}>." in message.content
    assert buttons(message) == []
    assert f"approved the request `{made.id}` by <@{world.alice.id}>" in await admin(world, "log")


async def test_a_declined_request_ends_free_and_the_member_reads_why(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    await ask(world)
    message = await the_review(moderators_channel)
    await decline(world.mona, message, "not *here*")
    ended = await world.wait_for_delivery()
    told = the_result(world)
    assert f"<@{world.alice.id}>" in told.content
    assert "A moderator declined this request." in told.content
    assert "They say: “not \\*here\\*”" in told.content
    assert "This didn't count toward your limit." in told.content
    assert str(world.mona.id) not in told.content
    assert "A moderator declined this request." in card_of(world, ended)
    [message] = reviews_in(moderators_channel)
    assert f"❌ **Declined** by <@{world.mona.id}>. It didn't count." in message.content
    assert "I told them: “not \\*here\\*”" in message.content
    assert world.provider.count("create") == 0
    entitlement = await world.app.services.entitlements.read(world.guild.id, world.alice.id, ())
    assert entitlement.use.counted == []
    log = await admin(world, "log")
    assert f"declined the request `{ended.id}` by <@{world.alice.id}>" in log
    assert "Reason: “not \\*here\\*”" in log


async def test_the_member_cancels_while_it_waits_and_the_moderators_see_that(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    answer = await ask(world)
    form = await world.mona.click(await the_review(moderators_channel), label=DECLINE)
    await world.alice.click(shown(answer).message, label="Cancel")
    [ended] = await rows(world)
    assert "You **cancelled** it before it was sent." in card_of(world, ended)
    await eventually("it is closed", lambda: buttons(reviews_in(moderators_channel)[0]) == [])
    assert "nothing left to decide" in reviews_in(moderators_channel)[0].content
    [text] = texts(await world.mona.submit_modal(form, {"words": "no"}))
    assert text == "This request was cancelled or has ended. Nothing changed."
    assert (await rows(world))[0].status is Status.CANCELLED


@pytest.mark.nightly
async def test_a_request_that_nobody_looks_at_ends_after_a_day_free(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.admission.reviewing.REVIEW_TIME", timedelta(seconds=1))
    moderators_channel = await open_reviewing(world)
    await ask(world)
    await eventually("the member is told", lambda: len(results(world)) == 1)
    assert "No moderator approved this request within 24 hours." in the_result(world).content
    assert "This didn't count toward your limit." in the_result(world).content
    await eventually(
        "moderators see it", lambda: "⌛" in "".join(one.content for one in reviews_in(moderators_channel))
    )
    assert buttons(reviews_in(moderators_channel)[0]) == []
    assert world.provider.count("create") == 0


async def test_outsiders_and_the_member_decide_nothing(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    await ask(world)
    message = await the_review(moderators_channel)
    for who in (add_bob(world), world.alice):
        for label in (APPROVE, DECLINE):
            answer = await who.click(message, label=label)
            told = [*([answer.response] if answer.response else []), *answer.followups]
            [refused] = [text for text in told if text.content.startswith("Only members who can use")]
            assert refused.ephemeral
    assert buttons(reviews_in(moderators_channel)[0]) == [APPROVE, DECLINE]
    assert [row.status for row in await rows(world)] == [Status.QUEUED]


async def test_a_moderator_does_not_decide_about_their_own_request(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    await world.mona.slash(world.channel, "veo", prompt="a fox", duration=4)
    for label in (APPROVE, DECLINE):
        answer = await world.mona.click(await the_review(moderators_channel), label=label)
        told = [*([answer.response] if answer.response else []), *answer.followups]
        [refused] = [text for text in told if text.ephemeral]
        assert refused.content.startswith("This is your own request")
    nora = add_bob(world, *world.guild.roles.values(), name="nora")
    assert await click(nora, reviews_in(moderators_channel)[0], APPROVE) == []
    await world.wait_for_delivery()


async def test_of_two_moderators_the_first_wins_and_both_see_it(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    await ask(world)
    message = await the_review(moderators_channel)
    nora = add_bob(world, *world.guild.roles.values(), name="nora")
    form = await nora.click(message, label=DECLINE)
    assert await click(world.mona, message, APPROVE) == []
    answer = await nora.submit_modal(form, {"words": "no"})
    assert [followup.content for followup in answer.followups] == [
        f"<@{world.mona.id}> has already approved this. Nothing changed."
    ]
    assert "**Approved**" in reviews_in(moderators_channel)[0].content, "the second sees something else"
    assert (await world.wait_for_delivery()).status is Status.SUCCEEDED


@pytest.mark.nightly
async def test_a_request_waits_through_a_restart_and_so_do_its_buttons(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    await ask(world)
    message = await the_review(moderators_channel)
    await world.restart()
    assert world.provider.count("create") == 0
    assert await click(world.mona, message, APPROVE) == []
    assert (await world.wait_for_delivery()).status is Status.SUCCEEDED


async def test_a_member_who_left_gets_no_video(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    await ask(world)
    message = await the_review(moderators_channel)
    refuse(world, "GET", "/guilds/*/members/*", 10007, status=404, times=None)
    await click(world.mona, message, APPROVE)
    [message] = reviews_in(moderators_channel)
    assert "The member has left the server" in message.content
    assert world.provider.count("create") == 0
    await eventually("it is told", lambda: len(results(world)) == 1)
    assert "The member left the server before" in the_result(world).content


@pytest.mark.nightly
async def test_moderators_see_the_images_and_a_long_prompt_whole(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    prompt = "a red fox " * 70
    await ask(world, prompt=prompt, image=CAT)
    message = await the_review(moderators_channel)
    words, image = message.embeds
    assert words.description == prompt.strip()
    [row] = await rows(world)
    assert [image.image.url] == row.picture_urls
    assert await click(world.mona, message, APPROVE) == []
    assert (await world.wait_for_delivery()).status is Status.SUCCEEDED


async def test_where_the_bot_may_post_no_embeds_moderators_see_the_words(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    await eventually(
        "the log has both settings", lambda: len(moderators_channel.history()) == len(("channel", "review"))
    )
    refuse(world, "POST", f"/channels/{moderators_channel.id}/messages", 50013, status=403)
    await ask(world, image=CAT)
    message = await the_review(moderators_channel)
    assert (message.embeds, message.attachments) == ([], [])
    assert f"> {PROMPT}\n🖼️ Made from 1 image that I can't show here.\n" in message.content
    assert buttons(message) == [APPROVE, DECLINE]
    assert not message.flags.suppress_embeds, "embeds that come later would be hidden"
    await post_again(world)
    await eventually("the image is shown", lambda: bool(reviews_in(moderators_channel)[0].embeds))
    [message] = reviews_in(moderators_channel)
    assert "can't show" not in message.content
    assert buttons(message) == [APPROVE, DECLINE]


async def test_where_the_bot_may_post_no_embeds_a_file_has_all_of_a_long_prompt(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    await eventually(
        "the log has both settings", lambda: len(moderators_channel.history()) == len(("channel", "review"))
    )
    refuse(world, "POST", f"/channels/{moderators_channel.id}/messages", 50013, status=403)
    prompt = "a *red* fox " * 70 + "HIDDEN"
    await ask(world, prompt=prompt)
    message = await the_review(moderators_channel)
    assert "📎 All of it is in the attached file." in message.content
    [file] = message.attachments
    assert (await file.read()).decode() == prompt
    await post_again(world)
    await eventually("the words are shown", lambda: bool(reviews_in(moderators_channel)[0].embeds))


async def test_where_the_bot_may_post_text_alone_moderators_read_that_words_are_missing(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    await eventually(
        "the log has both settings", lambda: len(moderators_channel.history()) == len(("channel", "review"))
    )
    refuse(world, "POST", f"/channels/{moderators_channel.id}/messages", 50013, status=403, times=2)
    await ask(world, prompt="a red fox " * 70)
    message = await the_review(moderators_channel)
    assert "⚠️ Some of the text is missing because I can't attach files here." in message.content
    assert (message.embeds, message.attachments) == ([], [])


@pytest.mark.nightly
async def test_a_request_waits_for_a_channel_that_vanished(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    world.env.backend.delete_channel(moderators_channel.id)
    await ask(world)
    home = await use(world, "home")
    assert "👀 1 request is waiting for your approval" in shown(home).content
    listed = shown(await world.mona.click(shown(home).message, label="To approve")).content
    assert f"- <@{world.alice.id}> sent a request <t:" in listed
    assert f" · no message\n⚠️ The moderators' channel <#{moderators_channel.id}> is gone" in listed
    assert "👀 waiting for approval" in await admin(world, "queue")
    other = world.guild.create_text_channel("mods")
    await choose_moderators_channel(world, other)
    assert await click(world.mona, await the_review(other), APPROVE) == []
    await world.wait_for_delivery()


async def test_a_card_that_discord_refused_leaves_nothing_to_decide(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    refuse(world, "POST", "/interactions/*/*/callback", 200000)
    await ask(world)
    assert await rows(world) == []
    await eventually("it is closed", lambda: not any(map(buttons, reviews_in(moderators_channel))))
    assert "waiting for your approval" not in await admin(world, "home")


@pytest.mark.nightly
async def test_a_member_gets_what_was_decided_and_deletes_it_with_their_words(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    await ask(world, prompt="a red fox " * 70)
    await decline(world.mona, await the_review(moderators_channel), "not here")
    await world.wait_for_delivery()
    document = await export(world, world.alice)
    [exported] = document["reviews"]
    assert (exported["decision"], exported["answer"]) == ("decline", "not here")
    assert document["requests"][0]["review_id"] == exported["id"]
    assert str(world.mona.id) not in str(document)
    assert (await export(world, add_bob(world)))["reviews"] == []
    await delete(world, world.alice)
    await eventually("its words are gone", lambda: "fox" not in reviews_in(moderators_channel)[0].content)
    [message] = reviews_in(moderators_channel)
    assert message.embeds == []
    assert "not here" not in message.content
    assert f"❌ **Declined** by <@{world.mona.id}>." in message.content


@pytest.mark.nightly
async def test_only_those_wait_whom_the_setting_names(world: World) -> None:
    moderators_channel = await open_moderators_channel(world)
    await ask_for_video(world)
    rule = ReviewRule(who=Reviewed.NEWCOMERS, days=0, videos=1)
    await review_everybody(world, rule)
    assert WAITS not in shown(await ask(world)).content, "who has got a video is no newcomer"
    bob = add_bob(world)
    assert WAITS in shown(await bob.slash(world.channel, "veo", prompt="a fox", duration=4)).content
    helpers = world.guild.create_role("Helpers")
    await review_everybody(world, ReviewRule(who=Reviewed.ROLE, role_id=helpers.id))
    carl = add_bob(world, helpers, name="carl")
    assert WAITS in shown(await carl.slash(world.channel, "veo", prompt="a fox", duration=4)).content
    assert WAITS not in shown(await ask(world)).content
    await the_review(moderators_channel, 2)


@pytest.mark.nightly
async def test_a_reroll_waits_too_and_so_does_what_members_confirm_first(world: World) -> None:
    moderators_channel = await open_moderators_channel(world)
    await ask_for_video(world)
    await review_everybody(world, ask_first=True)
    offer = shown(await world.alice.click(the_result(world), label="Re-roll"))
    assert "A moderator reviews it before it's sent" in offer.content
    assert "Wait:" not in offer.content
    answer = await world.alice.click(offer.message, label="Generate")
    del answer
    message = await the_review(moderators_channel)
    newest = (await rows(world))[0]
    assert WAITS in card_of(world, newest)
    assert world.provider.count("create") == 1
    assert await click(world.mona, message, APPROVE) == []
    await world.wait_for_delivery()


@pytest.mark.nightly
async def test_without_a_channel_requests_wait_and_home_says_so(world: World) -> None:
    await choose_moderators_channel(world, None)
    said = await admin(world, "settings", review="everybody")
    assert "nobody can approve requests" in said
    await ask(world)
    home = await admin(world, "home")
    assert "👀 1 request is waiting for your approval" in home
    assert "nobody can approve requests" in home
    assert "Queue: 0 waiting" in home
    other = world.guild.create_text_channel("mods")
    await choose_moderators_channel(world, other)
    message = await the_review(other)
    assert await click(world.mona, message, APPROVE) == []
    await world.wait_for_delivery()


@pytest.mark.nightly
async def test_a_message_that_somebody_deleted_is_posted_again_from_home(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    await ask(world)
    message = await the_review(moderators_channel)
    await message.delete()
    assert "1 request is waiting" in await post_again(world)
    assert await click(world.mona, await the_review(moderators_channel), APPROVE) == []
    await world.wait_for_delivery()


async def test_the_settings_take_what_is_typed(world: World) -> None:
    for typed, said in {
        "newcomers 7 days 3 videos": "newcomers: under 7 days here or under 3 videos",
        "nobody": "nobody",
    }.items():
        assert f"Requests that need your approval (new):** {said}" in await admin(
            world, "settings", review=typed
        )
    assert "Nothing changed." in await admin(world, "settings", review="some people")
    settings = await world.app.services.moderation.read(world.guild.id)
    assert settings.review is None


@pytest.mark.nightly
async def test_in_another_channel_nothing_of_a_request_stays_in_the_first(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    await ask(world, prompt="a red fox " * 100)
    await the_review(moderators_channel)
    other = world.guild.create_text_channel("others")
    await choose_moderators_channel(world, other)
    moved = await the_review(other)
    assert reviews_in(moderators_channel) == []
    [first] = [message for message in moderators_channel.history() if message.content.startswith("➡️")]
    assert (first.content, first.embeds, buttons(first)) == (f"➡️ Moved to <#{other.id}>.", [], [])
    assert await click(world.mona, moved, APPROVE) == []
    await world.wait_for_delivery()


@pytest.mark.nightly
async def test_who_has_too_much_waiting_for_moderators_is_told_what_it_waits_for(
    open_world: OpenWorld,
) -> None:
    async with open_world(max_waiting=2) as world:
        await open_reviewing(world)
        for _ in range(2):
            await ask(world)
        refusal = shown(await ask(world)).content
        assert (
            "Wait until one of them starts, or cancel one. 2 of yours are waiting for a moderator's"
            in refusal
        )
        assert "queue" not in refusal
        await world.mona.slash(world.channel, "quota set", at_once="1", preview=False)
        refusal = shown(await ask(world)).content
        assert (
            "Wait until one is ready, or cancel one. 2 of yours are waiting for a moderator's approval."
            in refusal
        )
