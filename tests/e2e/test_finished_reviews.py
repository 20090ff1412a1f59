"""Moderators look at a finished video before it is posted: what they, the member and everybody else see."""

from datetime import timedelta

import discord
import pytest
import simcord
from sqlalchemy import update

from bot.clock import utc_now
from bot.db.database import open_database
from bot.db.models import Generation, Status, Unreviewed
from bot.db.review_models import ReviewRow, ReviewStage
from sandbox.world import World, wait_until
from tests.e2e.driver import (
    SECONDS,
    ask,
    ask_for_video,
    card_message_of,
    card_of,
    eventually,
    refuse,
    results,
    rows,
    shown,
    the_result,
    threads,
)
from tests.e2e.filming import SHOTS, latest, make_film
from tests.e2e.moderating import admin
from tests.e2e.reporting import buttons, choose_moderators_channel, click, open_moderators_channel
from tests.e2e.reviewing import (
    APPROVE,
    DECLINE,
    EVERYBODY,
    decline,
    post_again,
    review_everybody,
    reviews_in,
    the_review,
)
from tests.e2e.test_admin_doctor import overwrites
from tests.e2e.test_reviews import CAT

WAITS = "👀 **Ready, waiting for a moderator's approval.** I won't post it until then."
PROMPT = "a red fox"
LONG_PROMPT = "a red fox " * 170  # more than the text of a review has room for


@pytest.fixture(autouse=True)
def the_loops_are_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for due rows, and for what is over, often."""
    monkeypatch.setattr("bot.moderation.outbox_relay.LOOK_INTERVAL", 0.05)
    monkeypatch.setattr("bot.moderation.reviews.LOOK_INTERVAL", 0.05)


async def open_reviewing(
    world: World, unreviewed: Unreviewed = Unreviewed.END, **settings: bool
) -> simcord.ChannelHandle:
    """Let everybody's videos wait for moderators, who have a channel."""
    moderators_channel = await open_moderators_channel(world)
    await review_everybody(
        world, EVERYBODY, review_stage=ReviewStage.POSTED, review_timeout=unreviewed, **settings
    )
    return moderators_channel


def videos_in(world: World) -> list[discord.Message]:
    """Return what was posted for members to watch."""
    posted = [message for place in threads(world) for message in place.history()]
    return [message for message in posted if message.attachments]


async def change_the_review(database_url: str, **values: object) -> None:
    """Change the one review's row, once its message is written down: that's there a moment before."""
    changed = (
        update(ReviewRow)
        .where(ReviewRow.message_id.is_not(None), ReviewRow.post_at.is_(None))
        .values(values)
        .returning(ReviewRow.id)
    )
    async with open_database(database_url) as database:

        async def change() -> str | None:
            return await database.write(lambda session: session.scalar(changed))

        await wait_until(change, seconds=SECONDS)


@pytest.mark.nightly
async def test_an_approved_video_is_delivered_as_any_other(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    await ask(world, prompt=PROMPT)
    message = await the_review(moderators_channel)
    assert message.content.startswith("👀 **A finished video is waiting for your approval**")
    assert f"<@{world.alice.id}> requested it in <#{world.channel.id}>" in message.content
    assert f"> {PROMPT}" in message.content
    assert buttons(message) == [APPROVE, DECLINE]
    [file] = message.attachments
    assert file.filename.startswith("SPOILER_veo-"), "moderators see it before they want to"
    [row] = await rows(world)
    card = card_message_of(world, row)
    assert WAITS in card.content
    assert "expires <t:" in card.content
    assert buttons(card) == ["Cancel"]
    assert videos_in(world) == results(world) == []
    assert "👀 1 request is waiting for your approval" in await admin(world, "home")
    assert "👀 ready and waiting for approval" in await admin(world, "queue")
    assert await click(world.mona, message, APPROVE) == []
    made = await world.wait_for_delivery()
    assert made.status is Status.SUCCEEDED
    assert len(videos_in(world)) == 1
    assert "✅ **Ready.**" in card_of(world, made)
    [message] = reviews_in(moderators_channel)
    assert f"✅ **Approved** by <@{world.mona.id}>." in message.content
    assert (buttons(message), message.attachments) == ([], [])
    assert world.provider.count("create") == 1


@pytest.mark.nightly
async def test_a_declined_video_is_posted_nowhere_and_the_member_reads_why(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    await ask(world, prompt=PROMPT)
    await decline(world.mona, await the_review(moderators_channel), "not *here*")
    ended = await world.wait_for_delivery()
    told = the_result(world)
    assert f"<@{world.alice.id}> Your video was made, but a moderator declined it" in told.content
    assert "They say: “not \\*here\\*”" in told.content
    assert "It was made, so it counts toward your limit." in told.content
    assert "didn't count" not in told.content
    assert str(world.mona.id) not in told.content
    assert buttons(told) == ["Try again", "Remix"]
    assert "❌ **Not posted.** Your video was made, but a moderator declined it" in card_of(world, ended)
    assert videos_in(world) == []
    [message] = reviews_in(moderators_channel)
    assert f"❌ **Declined** by <@{world.mona.id}>, so I didn't post it." in message.content
    assert message.attachments == []
    entitlement = await world.app.services.entitlements.read(world.guild.id, world.alice.id, ())
    assert len(entitlement.use.counted) == 1
    page = shown(await world.alice.slash(world.channel, "videos"))
    assert "❌ **Not posted.**" in page.content
    assert "Delete" not in buttons(page.message)


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("unreviewed", "said", "told"),
    [
        (Unreviewed.END, "it expires <t:", "no moderator approved it within 24 hours"),
        (Unreviewed.POST, "I'll post it <t:", "Your video is ready."),
    ],
)
async def test_what_nobody_looks_at_ends_or_is_posted_after_a_day(
    world: World, monkeypatch: pytest.MonkeyPatch, unreviewed: Unreviewed, said: str, told: str
) -> None:
    monkeypatch.setattr("bot.admission.reviewing.REVIEW_TIME", timedelta(seconds=3))
    moderators_channel = await open_reviewing(world, unreviewed)
    await ask(world)
    message = await the_review(moderators_channel)
    assert said in card_of(world, (await rows(world))[0])
    await world.wait_for_delivery()
    assert told in the_result(world).content
    await eventually("moderators see it", lambda: "⌛" in reviews_in(moderators_channel)[0].content)
    message = reviews_in(moderators_channel)[0]
    assert (buttons(message), message.attachments) == ([], [])


@pytest.mark.nightly
async def test_what_nobody_looked_at_is_not_posted_once_the_member_has_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.admission.reviewing.REVIEW_TIME", timedelta(seconds=3))
    moderators_channel = await open_reviewing(world, Unreviewed.POST)
    await ask(world)
    await the_review(moderators_channel)
    refuse(world, "GET", "/guilds/*/members/*", 10007, status=404, times=None)
    await world.wait_for_delivery()
    assert videos_in(world) == []
    await eventually("moderators see it", lambda: "🚪" in reviews_in(moderators_channel)[0].content)


@pytest.mark.nightly
async def test_the_member_cancels_what_is_ready_and_reads_that_it_counts(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    await ask(world)
    await the_review(moderators_channel)
    [row] = await rows(world)
    await world.alice.click(card_message_of(world, row), label="Cancel")
    card = card_of(world, row)
    assert "You **cancelled** it before it was posted." in card
    assert "so this counts toward your limit." in card
    await eventually("it is closed", lambda: buttons(reviews_in(moderators_channel)[0]) == [])
    assert "nothing left to decide" in reviews_in(moderators_channel)[0].content
    assert reviews_in(moderators_channel)[0].attachments == []
    await world.wait_for_delivery()
    assert videos_in(world) == results(world) == []


@pytest.mark.nightly
async def test_a_message_that_is_gone_and_another_channel_bring_the_video_there(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    await ask(world)
    await (await the_review(moderators_channel)).delete()
    home = shown(await world.mona.slash(world.channel, "veo-admin home"))
    assert (
        "1 request is waiting"
        in shown(await world.mona.click(home.message, label="Post requests again")).content
    )
    message = await the_review(moderators_channel)
    assert len(message.attachments) == 1
    other = world.guild.create_text_channel("others")
    await choose_moderators_channel(world, other)
    moved = await the_review(other)
    assert len(moved.attachments) == 1
    [first] = [message for message in moderators_channel.history() if message.content.startswith("➡️")]
    assert (first.attachments, buttons(first)) == ([], [])
    assert await click(world.mona, moved, APPROVE) == []
    await world.wait_for_delivery()
    assert len(videos_in(world)) == 1


@pytest.mark.nightly
async def test_what_an_earlier_try_posted_in_another_channel_is_found_there(
    world: World, database_url: str
) -> None:
    moderators_channel = await open_reviewing(world)
    await ask(world)
    await the_review(moderators_channel)
    other = world.guild.create_text_channel("others")
    await choose_moderators_channel(world, other)
    await the_review(other)
    # As before it was written down where it is now, and after the time in which a nonce tells.
    await change_the_review(database_url, channel_id=moderators_channel.id, message_id=1, post_at=utc_now())
    message_id = (await the_review(other)).id
    await change_the_review(database_url, decision=None)  # nothing, once that's due no more
    assert [message.id for message in reviews_in(other)] == [message_id]


@pytest.mark.nightly
async def test_a_channel_that_once_refused_to_be_read_is_searched_all_the_same(
    world: World, database_url: str
) -> None:
    moderators_channel = await open_reviewing(world)
    await ask(world)
    message_id = (await the_review(moderators_channel)).id
    other = world.guild.create_text_channel("others")
    refuse(world, "GET", f"/channels/{moderators_channel.id}/messages", 50013, status=403)
    # As where Discord's answer was lost, and the channel was another one meanwhile.
    await change_the_review(database_url, channel_id=other.id, message_id=1, post_at=utc_now())
    await change_the_review(database_url, decision=None)  # nothing, once that's due no more
    assert [message.id for message in reviews_in(moderators_channel)] == [message_id]


@pytest.mark.nightly
@pytest.mark.parametrize("refusals", [1, 3])
async def test_what_was_missing_is_added_once_the_channel_takes_it(world: World, refusals: int) -> None:
    moderators_channel = await open_reviewing(world)
    await eventually(
        "the log has the settings", lambda: len(moderators_channel.history()) == len(("channel", "review"))
    )
    refuse(world, "POST", f"/channels/{moderators_channel.id}/messages", 50013, status=403, times=refusals)
    await ask(world, image=CAT)
    message = await the_review(moderators_channel)
    assert message.embeds == []
    assert "🖼️ Made from 1 image that I can't show here." in message.content
    assert ("I couldn't attach the file" in message.content) is not bool(message.attachments)
    await post_again(world)
    await eventually("the image is shown", lambda: bool(reviews_in(moderators_channel)[0].embeds))
    [message] = reviews_in(moderators_channel)
    [video] = message.attachments
    assert video.filename.startswith("SPOILER_veo-")
    assert "can't show" not in message.content
    assert "the file" not in message.content
    assert buttons(message) == [APPROVE, DECLINE]
    assert await click(world.mona, message, APPROVE) == []
    await world.wait_for_delivery()
    assert reviews_in(moderators_channel)[0].attachments == []


@pytest.mark.nightly
async def test_a_channel_that_takes_no_files_gets_a_hidden_link(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    await eventually(
        "the log has the settings", lambda: len(moderators_channel.history()) == len(("channel", "review"))
    )
    refuse(world, "POST", f"/channels/{moderators_channel.id}/messages", 50046)
    await ask(world)
    message = await the_review(moderators_channel)
    assert message.attachments == []
    [row] = await rows(world)
    [link] = [line for line in message.content.split("\n") if line.startswith("||I couldn't attach the file")]
    assert f"(<{row.video_url}>)" in link
    assert await click(world.mona, message, APPROVE) == []
    await world.wait_for_delivery()
    assert "the file" not in reviews_in(moderators_channel)[0].content


async def test_a_link_that_is_too_long_for_a_message_is_told_and_replaced_by_the_file(
    world: World, database_url: str
) -> None:
    moderators_channel = await open_reviewing(world)
    await ask(world, prompt=LONG_PROMPT)
    await (await the_review(moderators_channel)).delete()
    signed = Generation.video_url + f"?signature={'x' * 1500}"
    async with open_database(database_url) as database:
        values = update(Generation).values(video_url=signed)
        await database.write(lambda session: session.execute(values) and None)
    refuse(world, "POST", f"/channels/{moderators_channel.id}/messages", 50046)
    await post_again(world)
    message = await the_review(moderators_channel)
    assert "The link to it is too long for a message." in message.content
    assert f"> {LONG_PROMPT[:20]}" in message.content
    assert buttons(message) == [APPROVE, DECLINE]
    await post_again(world)
    await eventually("the file is there", lambda: bool(reviews_in(moderators_channel)[0].attachments))
    assert "too long" not in reviews_in(moderators_channel)[0].content


async def test_settings_say_that_videos_are_links_where_i_can_attach_nothing(world: World) -> None:
    denied = overwrites(world, attach_files=False)
    await choose_moderators_channel(world, world.guild.create_text_channel("mods", overwrites=denied))
    said = await admin(world, "settings", review="everybody")
    assert "I'm missing Attach Files in the moderators' channel" in said
    assert "Finished videos are shown" not in said
    said = await admin(world, "settings", review_stage="posted")
    assert "Finished videos are shown there as links." in said


@pytest.mark.parametrize(("prompt", "refusals"), [(PROMPT, 1), (LONG_PROMPT, 3)])
async def test_a_channel_in_which_i_can_attach_nothing_gets_a_hidden_link(
    world: World, prompt: str, refusals: int
) -> None:
    moderators_channel = await open_reviewing(world)
    await eventually(
        "the log has the settings", lambda: len(moderators_channel.history()) == len(("channel", "review"))
    )
    # All forms with the video in them: with the words beside it, in a file, and shortened.
    refuse(world, "POST", f"/channels/{moderators_channel.id}/messages", 50013, status=403, times=refusals)
    await ask(world, prompt=prompt)
    message = await the_review(moderators_channel)
    assert message.attachments == []
    assert "||I couldn't attach the file" in message.content
    assert f"> {prompt[:20]}" in message.content, "words are hidden that nobody has refused"
    assert await click(world.mona, message, APPROVE) == []
    await world.wait_for_delivery()
    assert len(videos_in(world)) == 1


@pytest.mark.nightly
async def test_the_end_is_shown_in_a_message_that_nobody_wrote_down(world: World, database_url: str) -> None:
    moderators_channel = await open_reviewing(world)
    await eventually(
        "the log has the settings", lambda: len(moderators_channel.history()) == len(("channel", "review"))
    )
    refuse(world, "POST", f"/channels/{moderators_channel.id}/messages", 50046)
    await ask(world)
    await the_review(moderators_channel)
    await change_the_review(database_url, message_id=None)
    [row] = await rows(world)
    await world.alice.click(card_message_of(world, row), label="Cancel")
    await eventually("it is closed", lambda: "nothing left" in reviews_in(moderators_channel)[-1].content)
    [message] = reviews_in(moderators_channel)
    assert buttons(message) == []
    assert "attach the file" not in message.content


@pytest.mark.nightly
async def test_it_waits_through_a_restart_and_what_was_switched_off_waits_too(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    await ask(world)
    message = await the_review(moderators_channel)
    await review_everybody(world, None, review_stage=ReviewStage.MADE)
    await world.restart()
    assert len(reviews_in(moderators_channel)) == 1
    assert await click(world.mona, message, APPROVE) == []
    assert (await world.wait_for_delivery()).status is Status.SUCCEEDED
    await ask_for_video(world)
    assert len(reviews_in(moderators_channel)) == 1
    assert len(videos_in(world)) == 2


async def test_a_film_waits_before_it_is_made_and_a_quote_says_what_waits(world: World) -> None:
    moderators_channel = await open_reviewing(world, ask_first=True)
    offer = shown(await ask(world))
    assert "👀 A moderator reviews the video before it's posted." in offer.content
    assert "it isn't posted, but it counts." in offer.content
    film = await make_film(world, *SHOTS[:2])
    message = await the_review(moderators_channel)
    assert message.content.startswith("👀 **A film of 2 shots is waiting for your approval**")
    assert "👀 **Waiting for a moderator's approval.**" in card_of(world, film.shots[0])
    assert world.provider.count("create") == 0
    assert {shot.unreviewed for shot in (await latest(world)).shots} == {None}
    await decline(world.mona, message)


async def test_the_settings_say_when_and_what_becomes_of_it(world: World) -> None:
    await open_moderators_channel(world)
    said = await admin(world, "settings", review="everybody", review_stage="posted", review_timeout="post")
    assert "When you approve requests (new):** before the video is posted; films before they're made" in said
    assert "Finished videos left undecided for 24 hours (new):** I post them" in said
    await choose_moderators_channel(world, None)
    assert "finished videos are posted, and films expire" in await admin(world, "home")
    log = await admin(world, "log")
    assert "When you approve requests: before they're made → before the video is posted" in log
