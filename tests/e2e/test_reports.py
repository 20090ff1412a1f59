"""A member reports a video: from the button to the moderators' channel, and nobody is pinged."""

from datetime import timedelta
from typing import Any

import discord
import pytest
import simcord._modal

from bot.clock import utc_now
from bot.db.models import NOBODY
from bot.markup import in_words
from bot.moderation.decisions import REASON_MAX_LENGTH
from sandbox.world import World
from tests.e2e.driver import (
    ask_for_video,
    bodies,
    case,
    change_rows,
    direct_messages,
    eventually,
    held_with_thread,
    refuse,
    shown,
    the_result,
    threads,
)
from tests.e2e.moderating import labels, said, use
from tests.e2e.reporting import (
    REASON,
    add_bob,
    buttons,
    choose_moderators_channel,
    click,
    is_written_down,
    nothing_is_due,
    open_moderators_channel,
    read_report,
    report,
    report_of_bob,
    reports_in,
    the_report,
)

THANKS = "✅ **Thank you.** I told the moderators of this server."
DECISIONS = ["Delete video", "Block 24 h", "Dismiss"]
AGAIN = "Post reports again"


async def test_a_report_reaches_the_moderators_and_nobody_else(world: World) -> None:
    moderators_channel = await open_moderators_channel(world)
    generation = await ask_for_video(world)
    before = [len(channel.history()) for channel in threads(world)], len(world.channel.history())
    answer = await report(world, add_bob(world))
    assert (answer.ephemeral, answer.content) == (True, THANKS)
    message = await the_report(moderators_channel)
    row = (await read_report(world, message)).report
    link = f"https://discord.com/channels/{world.guild.id}/{generation.thread_id}/{generation.result_id}"
    assert message.content.split("\n") == [
        "🚩 **A video was reported**",
        f"<@{row.reporter_id}> reported it <t:{int(row.created_at.timestamp())}:R>: “{REASON}”",
        f"Made for <@{world.alice.id}>: {link}",
        "> a red dragon",
        f"-# ID {generation.id} · report {row.id}",
    ]
    assert buttons(message) == DECISIONS
    after = [len(channel.history()) for channel in threads(world)], len(world.channel.history())
    assert after == before, "the report was shown where the video is"


async def test_nothing_in_the_moderators_channel_mentions_anybody(world: World) -> None:
    _, moderators_channel, _ = await report_of_bob(world)
    await eventually("the settings and the report", lambda: len(moderators_channel.history()) == 2)
    sent = bodies(world, "POST", f"/{moderators_channel.id}/messages")
    assert len(sent) == 2
    for body in sent:
        assert body["allowed_mentions"] == {"parse": []}
        assert body["enforce_nonce"] is True, "a repeat after a crash would be a second message"
        assert len(body["nonce"]) <= 25, "Discord would refuse this"
        assert body["flags"] & discord.MessageFlags(suppress_embeds=True).value
    silent = discord.MessageFlags(suppress_notifications=True).value
    assert [bool(body["flags"] & silent) for body in sent] == [True, False]


@pytest.mark.nightly
async def test_a_video_is_reported_once_by_each_member(world: World) -> None:
    moderators_channel = await open_moderators_channel(world)
    await ask_for_video(world)
    bob, carol = add_bob(world), add_bob(world, name="carol")
    await report(world, bob)
    again = await report(world, bob)
    assert again.ephemeral
    assert again.content.startswith("You've already reported this video.")
    await report(world, carol)
    await eventually("two reports", lambda: len(reports_in(moderators_channel)) == 2)


async def test_without_a_channel_a_report_waits_until_there_is_one(world: World) -> None:
    generation = await ask_for_video(world)
    answer = await report(world, add_bob(world))
    assert answer.ephemeral
    assert f"give one of them the ID `{generation.id}`" in answer.content
    await world.restart()
    moderators_channel = await open_moderators_channel(world)
    assert buttons(await the_report(moderators_channel)) == DECISIONS


@pytest.mark.nightly
async def test_a_report_that_was_shown_is_not_shown_again_in_another_channel(world: World) -> None:
    _, _, message = await report_of_bob(world)
    await is_written_down(world, message)
    other = world.guild.create_text_channel("others")
    await choose_moderators_channel(world, None)
    await choose_moderators_channel(world, other)
    await eventually("the settings", lambda: len(other.history()) == 1)
    assert reports_in(other) == []


@pytest.mark.nightly
async def test_a_report_whose_message_was_deleted_is_shown_again_and_one_that_is_there_is_not(
    world: World,
) -> None:
    _, moderators_channel, message = await report_of_bob(world)
    await is_written_down(world, message)
    home = await use(world, "home")
    told = await world.mona.click(shown(home).message, label=AGAIN)
    assert said(told).startswith("🚩 1 report is waiting.")
    await nothing_is_due(world, message)
    assert [one.id for one in reports_in(moderators_channel)] == [message.id]
    await message.delete()
    await world.mona.click(shown(home).message, label=AGAIN)
    again = await the_report(moderators_channel)
    await is_written_down(world, again)
    assert await click(world.mona, again, "Dismiss") == []
    await world.mona.click(shown(home).message, label="Refresh")
    assert AGAIN not in labels(home)
    assert "No open reports" in said(home)


@pytest.mark.nightly
async def test_a_report_that_is_shown_in_another_channel_leaves_no_buttons_behind(world: World) -> None:
    _, moderators_channel, message = await report_of_bob(world)
    await is_written_down(world, message)
    other = world.guild.create_text_channel("others")
    await choose_moderators_channel(world, other)
    await world.mona.click(shown(await use(world, "home")).message, label=AGAIN)
    again = await the_report(other)
    await is_written_down(world, again)
    assert reports_in(moderators_channel) == []
    [left] = [one for one in moderators_channel.history() if one.id == message.id]
    assert (left.content, buttons(left)) == (f"➡️ Moved to <#{other.id}>.", [])
    assert await click(world.mona, again, "Dismiss") == []


async def test_the_buttons_outlive_a_restart(world: World) -> None:
    moderators_channel = await open_moderators_channel(world)
    await ask_for_video(world)
    await world.restart()
    await report(world, add_bob(world))
    message = await the_report(moderators_channel)
    await world.restart()
    answer = await world.mona.click(message, label="Dismiss")
    assert answer.acknowledged
    assert (await read_report(world, message)).report.dismissed_by == world.mona.id


@pytest.mark.nightly
async def test_a_video_that_is_a_link_can_be_reported_and_a_failure_cannot(world: World) -> None:
    refuse(world, "POST", "/channels/*/messages", 40005, status=413)
    await ask_for_video(world)
    assert "Report" in buttons(the_result(world))
    await ask_for_video(world, prompt="[fail] the same")
    [failure] = [m for thread in threads(world) for m in thread.history() if m.content.startswith("❌")]
    assert "Report" not in buttons(failure)


@pytest.mark.nightly
async def test_discord_py_keeps_nothing_of_the_buttons_and_forms_that_were_sent(own_world: World) -> None:
    world = own_world
    _, moderators_channel, _ = await report_of_bob(world)
    await report(world, add_bob(world, name="carol"))
    await eventually("two reports", lambda: len(reports_in(moderators_channel)) == 2)
    await world.mona.click(reports_in(moderators_channel)[0], label="Block 24 h")
    store: Any = world.app.bot._connection._view_store  # pyright: ignore[reportPrivateUsage]: there is no other way to look
    assert (store._views, store._synced_message_views, store._modals) == ({}, {}, {})


async def test_a_direct_message_can_be_reported_by_its_member(world: World) -> None:
    moderators_channel = await open_moderators_channel(world)
    await held_with_thread(world)
    world.env.backend.delete_channel(threads(world)[0].id)
    world.env.backend.delete_channel(world.channel.id)
    world.provider.release()
    await world.wait_for_delivery()
    [message] = direct_messages(world)
    form = await world.alice.user.click(message, label="Report")
    answer = shown(await world.alice.user.submit_modal(form, {"reason": REASON}))
    assert answer.content == THANKS
    told = await the_report(moderators_channel)
    assert f"Made for <@{world.alice.id}>: I sent it as a direct message." in told.content
    await world.mona.click(told, label="Delete video")
    assert direct_messages(world) == [], "the direct message is still there"


@pytest.mark.nightly
async def test_a_video_whose_words_were_deleted_can_be_reported_and_found(
    world: World, database_url: str
) -> None:
    moderators_channel = await open_moderators_channel(world)
    before = await ask_for_video(world)
    gone: dict[str, Any] = {"result_id": None, "result_channel_id": None, "card_id": None, "thread_id": None}
    await change_rows(database_url, prompt="", erased_at=utc_now(), user_id=NOBODY, channel_id=NOBODY, **gone)
    await report(world, add_bob(world))
    message = await the_report(moderators_channel)
    assert "> (the prompt was deleted)" in message.content
    assert f"Made for somebody: https://discord.com/channels/{world.guild.id}/" in message.content
    assert f"/{before.result_channel_id}/{before.result_id}" in message.content
    assert buttons(message) == ["Delete video", "Dismiss"], "nobody can be blocked"


HOSTILE = "@everyone <@1> <@&2> **bold** [free](https://evil.example) ```x``` \n# BIG \u202eover <t:0:R>"


@pytest.mark.nightly
async def test_a_hostile_reason_is_shown_as_it_was_written(world: World) -> None:
    moderators_channel = await open_moderators_channel(world)
    await ask_for_video(world)
    await report(world, add_bob(world), reason=HOSTILE)
    message = await the_report(moderators_channel)
    line = message.content.split("\n")[1]
    assert line.endswith(
        "“@\u200beveryone \\<@1> \\<@&2> \\*\\*bold\\*\\* \\[free\\](https\\://evil.example) "
        "\\`\\`\\`x\\`\\`\\` # BIG over \\<t:0:R>”"
    )
    assert {user.name for user in message.mentions} == {"alice", "bob"}, "who is named, though not pinged"
    assert (message.role_mentions, message.mention_everyone) == ([], False)


@pytest.mark.nightly
async def test_the_longest_report_fits(world: World) -> None:
    for symbol in ("*", "_", "<@1>", "@everyone ", "🐉"):
        world.found_server()
        with case(symbol):
            moderators_channel = await open_moderators_channel(world)
            await ask_for_video(world, prompt=in_words(symbol * 2000)[:2000].strip())
            reason = (symbol * REASON_MAX_LENGTH)[:REASON_MAX_LENGTH].strip()
            await report(world, add_bob(world), reason=reason)
            message = await the_report(moderators_channel)
            row = (await read_report(world, message)).report
            for button in ("Delete video", "Block 24 h"):
                await world.mona.click(message, label=button)
                [message] = reports_in(moderators_channel)
            assert len(message.content) <= 2000, "Discord would refuse it"
            assert message.content.endswith(row.id), "it is cut"


@pytest.mark.nightly
async def test_a_forged_form_is_refused_and_the_member_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    moderators_channel = await open_moderators_channel(world)
    await ask_for_video(world)
    fill_in: Any = simcord._modal._modal_leaf  # pyright: ignore[reportPrivateUsage]: what Discord sends on
    bob, typed = add_bob(world), {"value": ""}

    def fill_in_unchecked(*arguments: Any) -> dict[str, Any]:
        return {**fill_in(*arguments), **typed}

    monkeypatch.setattr("simcord._modal._modal_leaf", fill_in_unchecked)
    few = "Describe what's wrong"
    for reason, words in (("x" * 5000, "5,000 characters"), (" \n ", few), ("\u202e", few)):
        form = await bob.click(the_result(world), label="Report")
        typed["value"] = reason
        with case(reason[:9]):
            answer = shown(await bob.submit_modal(form, {"reason": "what Discord checks"}))
            assert answer.ephemeral
            assert "on our side" not in answer.content
            assert words in answer.content
    assert reports_in(moderators_channel) == []


@pytest.mark.nightly
async def test_a_video_that_was_removed_meanwhile_cannot_be_reported(world: World, database_url: str) -> None:
    await open_moderators_channel(world)
    await ask_for_video(world)
    bob = add_bob(world)
    form = await bob.click(the_result(world), label="Report")
    await change_rows(database_url, removed_at=utc_now() - timedelta(seconds=1))
    answer = shown(await bob.submit_modal(form, {"reason": REASON}))
    assert answer.content.startswith("This video has already been removed.")


async def test_a_filter_that_stops_the_words_does_not_stop_the_report(world: World) -> None:
    moderators_channel = await open_moderators_channel(world)
    await ask_for_video(world)
    await eventually("the settings", lambda: len(moderators_channel.history()) == 1)
    refuse(world, "POST", f"/channels/{moderators_channel.id}/messages", 200000)
    await report(world, add_bob(world))
    message = await the_report(moderators_channel)
    assert REASON not in message.content
    assert "a red dragon" not in message.content
    assert buttons(message) == DECISIONS
    refuse(world, "PATCH", "/webhooks/*", 200000)
    await world.mona.click(message, label="Dismiss")
    [message] = reports_in(moderators_channel)
    assert f"**Dismissed** by <@{world.mona.id}>." in message.content
    assert REASON not in message.content
