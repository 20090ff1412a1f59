"""The settings of a server: how they are typed and shown, and what they do to /veo."""

import pytest
import simcord

from bot.db.models import Placement, Unreviewed
from bot.db.review_models import ReviewStage
from bot.policy.documents import Policy, Reviewed, ReviewRule
from sandbox.world import World
from tests.e2e.driver import ask_for_video, bodies, requests, shown, the_result
from tests.e2e.limiting import add_role
from tests.e2e.moderating import accepted, admin, refused, use
from tests.e2e.quoting import now_shown
from tests.e2e.test_admin_setup import open_guide
from tests.e2e.test_admin_setup_whole import let_them_have_had_videos
from tests.e2e.videos import private


async def policy(world: World) -> Policy:
    """Return what is decided about the server."""
    return await world.app.services.moderation.read(world.guild.id)


async def unchanged(world: World) -> None:
    """Check that nothing was changed or written down."""
    assert await policy(world) == Policy()
    assert await world.app.services.moderation.list_log(world.guild.id, size=9) == []


def other_channel(world: World, name: str = "art") -> simcord.ChannelHandle:
    return world.guild.create_text_channel(name)


async def test_without_options_all_settings_are_shown_in_words(world: World) -> None:
    assert (await admin(world, "settings")).splitlines()[:13] == [
        "⚙️ **Settings of this server**",
        "- **Channels and their threads:** all",
        "- **Models:** all",
        "- **Longest video:** any",
        "- **Highest resolution:** any",
        "- **Where videos go:** in threads, where possible",
        "- **Members confirm the price:** no",
        "- **Moderators' channel:** none",
        "- **Preview of changes:** yes",
        "- **Requests that need your approval:** nobody",
        "- **When you approve requests:** before they're made",
        "- **Finished videos left undecided for 24 hours:** they aren't posted",
        "ℹ️ Without a moderators' channel, nobody sees reports from members.",
    ]
    await unchanged(world)


async def test_everything_can_be_set_at_once_and_is_one_deed(world: World) -> None:
    art = other_channel(world)
    channels = f"{world.channel.mention}, {art.mention}"  # in the order in which they were made
    text = await admin(
        world,
        "settings",
        channels=channels,
        models="Veo 3 Fast",
        longest_duration=6,
        highest_resolution="720P",
        delivery="channel",
        ask_first=True,
        moderators_channel=art,
        preview_limits=False,
        review="newcomers",
        review_stage="posted",
        review_timeout="post",
    )
    assert text.splitlines() == [
        "✅ **Saved.** The settings are now:",
        f"- **Channels and their threads (new):** {channels}",
        "- **Models (new):** Veo 3 Fast",
        "- **Longest video (new):** 6 seconds",
        "- **Highest resolution (new):** 720P",
        "- **Where videos go (new):** in the channel, as replies",
        "- **Members confirm the price (new):** yes",
        f"- **Moderators' channel (new):** {art.mention}",
        "- **Preview of changes (new):** no",
        "- **Requests that need your approval (new):** newcomers: under 7 days here or under 3 videos",
        "- **When you approve requests (new):** before the video is posted; films before they're made",
        "- **Finished videos left undecided for 24 hours (new):** I post them",
        "ℹ️ Members have to set `duration` every time, because the defaults are above your limits.",
        "ℹ️ Your own requests can wait, too. Another moderator then has to approve them.",
    ]
    assert await policy(world) == Policy(
        channels=frozenset({world.channel.id, art.id}),
        models=frozenset({"google/veo-3.0-fast"}),
        longest_duration=6,
        highest_resolution="720P",
        placement=Placement.CHANNEL,
        ask_first=True,
        moderators_channel_id=art.id,
        saves_at_once=True,
        review=ReviewRule(who=Reviewed.NEWCOMERS),
        review_stage=ReviewStage.POSTED,
        review_timeout=Unreviewed.POST,
    )
    [row] = await world.app.services.moderation.list_log(world.guild.id, size=9)
    assert row.actor_id == world.mona.id


@pytest.mark.nightly
async def test_settings_outlive_a_restart_until_they_are_reset(world: World) -> None:
    await admin(world, "settings", channels=world.channel.mention, longest_duration=6, delivery="channel")
    await world.restart()
    text = await admin(world, "settings")
    assert f"- **Channels and their threads:** {world.channel.mention}" in text
    assert "- **Longest video:** 6 seconds" in text
    await admin(world, "settings", reset="everything")
    assert await policy(world) == Policy()


async def test_only_what_is_named_is_changed(world: World) -> None:
    await admin(world, "settings", longest_duration=6, models="google/veo3")
    text = await admin(world, "settings", highest_resolution="720P")
    assert "- **Models:** Veo 3\n" in text
    assert "- **Highest resolution (new):** 720P" in text
    await admin(world, "settings", reset="models")
    after = await policy(world)
    assert (after.models, after.longest_duration, after.highest_resolution) == (frozenset(), 6, "720P")


async def test_each_setting_has_a_value_that_ends_it(world: World) -> None:
    await admin(
        world,
        "settings",
        channels=world.channel.mention,
        models="veo 3",
        longest_duration=4,
        highest_resolution="720P",
        moderators_channel=world.channel,
    )
    await admin(
        world,
        "settings",
        channels=" ALL ",
        models="All",
        longest_duration=0,
        highest_resolution="any",
        reset="moderators_channel_id",
    )
    assert await policy(world) == Policy()


@pytest.mark.nightly
async def test_videos_are_made_in_the_allowed_channels_and_their_threads(world: World) -> None:
    art = other_channel(world)
    await admin(world, "settings", channels=art.mention)
    await refused(world, f"Use {art.mention}.")
    world.env.backend.create_thread(world.channel.id, "our film", world.alice.id)
    await refused(world, f"Use {art.mention}.", place=world.channel.threads[0])
    await accepted(world, art)
    world.env.backend.create_thread(art.id, "our film", world.alice.id)
    await accepted(world, art.threads[-1])
    assert "Saved" in await admin(world, "settings", channels="all"), "moderators were locked out"
    await accepted(world)


async def test_voice_channels_and_forums_can_be_allowed(world: World) -> None:
    lounge, forum = world.guild.create_voice_channel("lounge"), world.guild.create_forum_channel("films")
    await admin(world, "settings", channels=f"{lounge.mention} {forum.mention}")
    await accepted(world, lounge)
    await refused(world, lounge.mention, forum.mention)


async def test_other_models_are_refused(world: World) -> None:
    await admin(world, "settings", models="Veo 3 Fast")
    await refused(world, "Veo 3 isn't allowed on this server. Choose Veo 3 Fast.")
    await accepted(world, model="google/veo-3.0-fast")


async def test_longer_videos_are_refused(world: World) -> None:
    text = await admin(world, "settings", longest_duration=6)
    assert "Members have to set `duration`" in text
    await refused(world, "up to 6 seconds", duration=8)
    answer = await world.alice.slash(world.channel, "veo", prompt="a red dragon")
    assert answer.response is not None
    assert "Choose a shorter `duration`" in answer.response.content, (
        "the default is longer than what is allowed"
    )
    await accepted(world, duration=6)
    await accepted(world, duration=4)


@pytest.mark.nightly
async def test_higher_resolutions_are_refused(world: World) -> None:
    await admin(world, "settings", highest_resolution="720P")
    await refused(world, "up to 720P", resolution="1080P")
    await accepted(world, resolution="720P")
    await accepted(world)


@pytest.mark.nightly
async def test_videos_can_go_into_the_channel(world: World) -> None:
    await admin(world, "settings", delivery="channel")
    await world.restart()
    generation = await ask_for_video(world)
    message = the_result(world)
    assert message.channel.id == world.channel.id
    assert message.reference is not None
    assert message.reference.message_id == generation.card_id
    assert requests(world, "POST", "/threads") == []


@pytest.mark.nightly
async def test_videos_can_go_into_threads_again(world: World) -> None:
    await admin(world, "settings", delivery="channel")
    await admin(world, "settings", delivery="thread")
    generation = await ask_for_video(world)
    assert the_result(world).channel.id == generation.thread_id


async def test_what_was_asked_for_before_a_setting_goes_where_it_was_to_go(world: World) -> None:
    generation = await accepted(world)
    await admin(world, "settings", delivery="channel", longest_duration=4, models="Veo 3 Fast")
    world.provider.release()
    await world.wait_for_delivery()
    assert the_result(world).channel.id == generation.card_id, "it did not come into the card's thread"


async def test_the_moderators_channel_can_be_taken_away(world: World) -> None:
    await admin(world, "settings", moderators_channel=world.channel)
    assert "(new):** none" in await admin(world, "settings", reset="moderators_channel_id")
    assert await policy(world) == Policy()


async def test_settings_mention_nobody(world: World) -> None:
    await admin(world, "settings", channels=world.channel.mention)
    await admin(world, "settings", models="@everyone")
    answers = bodies(world, "POST", "/callback")
    assert [body["data"]["allowed_mentions"] for body in answers] == [{"parse": []}] * 2
    assert "@everyone" not in answers[1]["data"]["content"]


async def test_the_most_channels_can_be_shown(world: World) -> None:
    channels = [other_channel(world, f"art-{number}") for number in range(50)]
    await admin(world, "settings", channels=" ".join(channel.mention for channel in channels))
    await admin(world, "pause", reason="*" * 300)
    text = await admin(world, "settings")
    assert all(channel.mention in text for channel in channels)


async def test_the_most_channels_can_be_shown_with_what_is_wrong(world: World) -> None:
    channels = [other_channel(world, f"art-{number}") for number in range(50)]
    mentions = " ".join(channel.mention for channel in channels)
    fans, _ = add_role(world, "Fans")
    gone = world.guild.create_text_channel("gone")
    await admin(world, "settings", moderators_channel=gone, review=fans.mention)
    world.env.backend.delete_channel(gone.id)
    world.env.backend.delete_role(world.guild.id, fans.id)
    answers = [await admin(world, "settings", channels=mentions), await admin(world, "settings")]
    home = await use(world, "home")
    answers.append(private(await world.mona.click(shown(home).message, label="Settings")))
    assert len((await policy(world)).channels) == 50
    for text in answers:
        assert f"⚠️ The moderators' channel {gone.mention} is gone, or I can't write there." in text
        assert "The role whose requests need your approval is gone" in text
        assert channels[0].mention in text
        assert channels[-1].mention not in text
        assert " more\n" in text


@pytest.mark.nightly
async def test_channels_that_are_all_gone_are_told_wherever_moderators_look(
    world: World, database_url: str
) -> None:
    """Whether they were there when the preview was saved or not."""
    await let_them_have_had_videos(world, database_url, world.alice.id)
    guide = await open_guide(world)
    art = other_channel(world, "art")
    preview = await use(world, "settings", channels=art.mention, preview=True)
    world.env.backend.delete_channel(art.id)
    await world.mona.click(shown(preview).message, label="Save")
    await world.mona.click(shown(guide).message, label="Refresh")
    places = [now_shown(world, shown(answer).message) for answer in (preview, guide)]
    for text in [*places, await admin(world, "settings"), await admin(world, "home")]:
        assert (
            "⚠️ None of the channels where members can request videos exists anymore, so nobody can. "
            "Choose others with `/veo-admin settings channels`." in text
        )
    await admin(world, "settings", channels=f"{world.channel.mention} {other_channel(world, 'b').mention}")
    assert "exists anymore" not in await admin(world, "home")
