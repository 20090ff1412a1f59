"""Try it first: /veo-admin shows what a blocked word or settings would have refused before they are saved."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import discord
import pytest
from simcord.backend.serializers import message_payload

from bot.clock import utc_now
from bot.db.database import open_database
from bot.db.models import Status
from bot.policy.documents import Policy
from sandbox.world import World
from tests.bot.rows import new_row
from tests.e2e.driver import refuse, shown
from tests.e2e.limiting import add_role
from tests.e2e.moderating import admin, labels, refused, use
from tests.e2e.quoting import as_shown, buttons_kept, buttons_now, now_shown
from tests.e2e.raw import COMPONENT, send_raw
from tests.e2e.reporting import mona_of
from tests.e2e.spoken import id_of
from tests.e2e.test_quota_preview import GONE, USD, lines, refused_in_words
from tests.e2e.videos import filled_in, private

History = Callable[..., Awaitable[None]]


@pytest.fixture
def history(database_url: str) -> History:
    """Let members have had videos, one minute after the other, for a dollar each."""

    async def write(world: World, *videos: dict[str, Any]) -> None:
        start = utc_now() - timedelta(hours=1)
        rows = [
            new_row(
                **{
                    "guild_id": world.guild.id,
                    "channel_id": world.channel.id,
                    "user_id": world.alice.id,
                    "status": Status.SUCCEEDED,
                    "created_at": (at := start + timedelta(minutes=number)),
                    **dict.fromkeys(("submitted_at", "finished_at", "delivered_at"), at),
                    "credits_used": USD,
                    **video,
                }
            )
            for number, video in enumerate(videos)
        ]
        async with open_database(database_url) as database:
            await database.write(lambda session: session.add_all(rows))

    return write


async def previewed(world: World, name: str, **options: Any) -> discord.Message:
    """Let mona use a command of /veo-admin with a preview, and return it."""
    answer = await use(world, name, preview=True, **options)
    assert shown(answer).ephemeral, "everybody sees it"
    assert labels(answer)[0] == "Save", shown(answer).content
    return shown(answer).message


async def policy_of(world: World) -> Policy:
    return await world.app.services.moderation.read(world.guild.id)


async def nothing_is_decided(world: World) -> bool:
    trail = await world.app.services.moderation.list_log(world.guild.id, size=1)
    return not trail and await policy_of(world) == Policy()


@pytest.mark.nightly
async def test_a_word_is_shown_with_what_it_would_have_refused_and_blocked_by_a_click(
    world: World, history: History
) -> None:
    _, [bob] = add_role(world, "Fans", "bob")
    theirs = {"user_id": bob.id}
    dragon, gone = {"prompt": "a red DRAGON"}, {"prompt": "", "erased_at": utc_now()}
    await history(world, dragon, {**dragon, **theirs}, dragon, theirs, gone, gone)
    message = await previewed(world, "words add", word="dragon")
    assert lines(message.content) == [
        "🔎 **Block “dragon” in prompts**",
        refused_in_words(3, of=4, by=2, saved=3),
        f"Most affected: <@{world.alice.id}> (2), <@{bob.id}> (1).",
        "-# 2 more requests aren't included, because their prompts have been deleted.",
    ]
    assert buttons_now(world, message) == ["Save", "Change", "Cancel"]
    assert await nothing_is_decided(world), "it was saved before the click"
    await world.mona.click(message, label="Save")
    assert now_shown(world, message) == (
        "✅ **Added.** I now reject prompts that contain “dragon”. Running requests continue."
    )
    assert buttons_now(world, message) == []
    await refused(world, "“dragon”", prompt="the dragon")
    again = await use(world, "words add", word="Dragon", preview=True)
    assert "was already on the list" in shown(again).content, "there's nothing to show first"


@pytest.mark.nightly
async def test_a_preview_has_a_chart_in_words_too_and_comes_without_where_discord_takes_no_file(
    world: World, history: History
) -> None:
    await history(world, {"prompt": "a dragon"}, {})
    shown_first = shown(await use(world, "words add", word="dragon", preview=True))
    [chart] = shown_first.attachments
    assert chart.filename == "preview.png"
    assert chart.description is not None
    assert chart.description.startswith(
        "Bars show requests per day. Accepted: 1. Refused only with the change: 1. Most additional refusals"
    )
    await world.mona.click(shown_first.message, label="Cancel")
    assert as_shown(world, shown_first.message).attachments == [], "the chart is of what was cancelled"
    assert shown(await use(world, "words add", word="cat", preview=True)).attachments == [], (
        "nothing is refused"
    )
    for code in (400001, 50013):
        refuse(world, "PATCH", "/webhooks/*/messages/@original", code)
        answer = await use(world, "words add", word="dragon", preview=True)
        assert "**1 of 2 requests**" in shown(answer).content
        assert labels(answer) == ["Save", "Change", "Cancel"]
        assert shown(answer).attachments == []


async def test_where_no_prompt_is_kept_nothing_is_claimed(world: World, history: History) -> None:
    await history(world, {"prompt": "", "erased_at": utc_now()})
    message = await previewed(world, "words add", word="dragon")
    assert lines(message.content)[1:] == [
        "None of the prompts from the last 30 days are still stored, so I can't tell what it would have done."
    ]


async def test_another_word_can_be_tried_and_cancel_changes_nothing(world: World, history: History) -> None:
    await history(world, {"prompt": "a red dragon"}, {"prompt": "a dragonfly"})
    message = await previewed(world, "words add", word="dragons")
    assert "**none of 2 requests**" in message.content
    form = await world.mona.click(message, label="Change")
    assert filled_in(form) == {"word": "dragons"}
    await world.mona.submit_modal(form, {"word": "dragonfly"})
    assert "“dragonfly”" in now_shown(world, message)
    assert "**1 of 2 requests**" in now_shown(world, message)
    form = await world.mona.click(as_shown(world, message), label="Change")
    assert "letter or digit" in private(await world.mona.submit_modal(form, {"word": "!"}))
    with buttons_kept(world, message):
        await world.mona.click(as_shown(world, message), label="Cancel")
        assert now_shown(world, message) == "🚫 **Cancelled.** Nothing changed."
    assert private(await world.mona.click(as_shown(world, message), label="Save")).startswith(GONE)
    assert await nothing_is_decided(world)


@pytest.mark.nightly
async def test_a_word_that_somebody_blocked_meanwhile_is_shown_before_it_is_saved(
    world: World, history: History
) -> None:
    await history(world, {"prompt": "a red dragon"}, {"prompt": "a dragon, gore"})
    message = await previewed(world, "words add", word="dragon")
    await world.app.services.moderation.add_word(mona_of(world), "gore")
    await world.mona.click(message, label="Save")
    assert lines(now_shown(world, message)) == [
        "⚠️ **The rules have changed.** Here's the new result. Please decide again.",
        "🔎 **Block “dragon” in prompts**",
        refused_in_words(2, of=2, by=1, saved=1),
        "1 of them has a word that's already blocked.",
        f"Most affected: <@{world.alice.id}> (2).",
    ]
    assert (await policy_of(world)).words == ("gore",), "it was saved unseen"
    await world.mona.click(as_shown(world, message), label="Save")
    assert (await policy_of(world)).words == ("gore", "dragon")


async def test_settings_are_shown_with_what_they_would_have_refused_and_saved_by_a_click(
    world: World, history: History
) -> None:
    art = world.guild.create_text_channel("art")
    world.env.backend.create_thread(art.id, "our film", world.alice.id)
    long, short = {"options": {"duration": 8}}, {"options": {"duration": 4}}
    elsewhere, inside, unknown = ({**short, "channel_id": id_} for id_ in (art.id, art.threads[0].id, 999))
    await history(world, long, {"options": {}}, short, elsewhere, inside, unknown)
    message = await previewed(world, "settings", longest_duration=6, delivery="channel")
    assert lines(message.content) == [
        "🔎 **Settings to save**",
        "- Longest video: any → 6 seconds",
        "- Where videos go: in threads, where possible → in the channel, as replies",
        "ℹ️ Members have to set `duration` every time, because the defaults are above your limits.",
        refused_in_words(2, of=6, by=1, saved=2),
        f"Most affected: <@{world.alice.id}> (2).",
    ]
    assert buttons_now(world, message) == ["Save", "Cancel"]
    assert await nothing_is_decided(world), "it was saved before the click"
    await world.mona.click(message, label="Save")
    text = now_shown(world, message)
    assert text.startswith("✅ **Saved.** The settings are now:")
    assert "- **Longest video (new):** 6 seconds" in text
    assert "- **Where videos go (new):** in the channel, as replies" in text
    message = await previewed(world, "settings", channels=art.mention)
    assert lines(message.content)[2:] == [
        "ℹ️ Members have to set `duration` every time, because the defaults are above your limits.",
        refused_in_words(3, of=5, by=1, saved=1),
        "The current settings would also have refused 2 of them.",
        f"Most affected: <@{world.alice.id}> (3).",
        "-# 1 more request isn't included, because I can't find its thread, channel or model.",
    ]


@pytest.mark.nightly
async def test_settings_that_somebody_changed_meanwhile_are_shown_before_they_are_saved(
    world: World, history: History
) -> None:
    await history(world, {"options": {"duration": 8}}, {"options": {"duration": 6}})
    message = await previewed(world, "settings", longest_duration=4)
    moderation = world.app.services.moderation
    await moderation.change_settings(mona_of(world), {"longest_duration": 6})
    await world.mona.click(message, label="Save")
    text = now_shown(world, message)
    assert "The rules have changed" in text
    assert "- Longest video: 6 seconds → 4 seconds" in text
    assert "**2 of 2 requests**" in text
    assert "The current settings would also have refused 1 of them." in text
    await moderation.change_settings(mona_of(world), {"channels": frozenset({1})})
    await world.mona.click(as_shown(world, message), label="Save")
    text = now_shown(world, message)
    assert "In the last 30 days it would have refused **2 of 2 requests**." in text, "nothing more is saved"
    assert "The current settings would also have refused 2 of them." in text
    await moderation.change_settings(mona_of(world), {"ask_first": True})
    await world.mona.click(as_shown(world, message), label="Save")
    assert now_shown(world, message).startswith("✅ **Saved.**"), "this one has nothing to do with it"
    assert (await policy_of(world)).longest_duration == 4


async def test_settings_that_leave_no_video_are_refused_instead_of_shown(
    world: World, history: History
) -> None:
    await history(world, {})
    await admin(world, "settings", models="Veo 3.1 from reference images")
    answer = await use(world, "settings", longest_duration=4, preview=True)
    assert "No video would be possible with these settings" in shown(answer).content


async def test_what_refuses_nothing_more_is_saved_at_once(world: World, history: History) -> None:
    async def asked(**options: Any) -> str:
        answer = await world.mona.slash(world.channel, "veo-admin settings", **options)
        return shown(answer).content

    assert (await asked(longest_duration=4)).startswith("✅ **Saved.**"), "there is nothing to compare with"
    await history(world, {})
    assert (await asked(longest_duration=6)).startswith("✅ **Saved.**"), "it allows more"
    assert (await asked(delivery="channel")).startswith("✅ **Saved.**"), "it refuses nothing"
    assert (await asked(longest_duration=4)).startswith("🔎 **Settings to save**")
    assert (await asked(longest_duration=4, preview=False)).startswith("✅ **Saved.**")
    assert (await asked(preview_limits=False)).startswith("✅ **Saved.**")
    assert (await asked(highest_resolution="720P")).startswith("✅ **Saved.**")
    added = await world.mona.slash(world.channel, "veo-admin words add", word="dragon")
    assert shown(added).content.startswith("✅ **Added.**")


async def test_nobody_else_clicks_a_preview_and_nobody_without_the_command(
    world: World, history: History
) -> None:
    await history(world, {})
    message = await previewed(world, "words add", word="dragon")
    for action in ("try-save", "try-change", "try-drop"):
        assert GONE in await clicked_by_a_changed_client(world, message, action)
    moderators = world.guild.roles["Moderators"].id
    world.env.backend.remove_member_role(world.guild.id, world.mona.id, moderators)
    saved = await world.mona.click(message, label="Save")
    form = await world.mona.click(message, label="Change")
    for answer in (saved, await world.mona.submit_modal(form, {"word": "dragonfly"})):
        assert private(answer) == "Only members who can use `/veo-admin` can do that. Nothing changed."
    assert await nothing_is_decided(world)


async def clicked_by_a_changed_client(world: World, message: discord.Message, action: str) -> str:
    """Let alice click a button of a message that she can't see; return all that's answered."""
    backend = world.env.backend
    payload = dict(message_payload(backend, backend.get_message(message.channel.id, message.id)))
    data = {"custom_id": id_of(message, f":{action}:"), "component_type": 2}
    place = {"channel_id": message.channel.id, "source": message.id}
    sent = await send_raw(world, world.alice, COMPONENT, data, {"message": payload}, **place)
    return str([request["json"] for request in sent])


@pytest.mark.nightly
async def test_the_buttons_of_a_word_outlive_a_restart(own_world: World, history: History) -> None:
    world = own_world
    await history(world, {"prompt": "a dragon"})
    message = await previewed(world, "words add", word="dragon")
    await world.restart()
    await world.mona.click(message, label="Save")
    assert now_shown(world, message).startswith("✅ **Added.**")
    assert (await policy_of(world)).words == ("dragon",)
