"""Moderators decide about reports: what happens then, and that each decision works once."""

from functools import partial

import pytest
import simcord

from bot.db.models import Generation
from bot.moderation.report_decisions import ReportDecision
from bot.policy.documents import Block
from sandbox.world import World
from tests.e2e.driver import (
    ask,
    ask_for_video,
    card_of,
    case,
    eventually,
    refuse,
    requests,
    results,
    shown,
    threads,
)
from tests.e2e.reporting import (
    add_bob,
    buttons,
    click,
    decisions_of,
    is_written_down,
    mona_of,
    read_report,
    report,
    report_of_bob,
    reports_in,
    the_report,
)

DELETE, BLOCK, DISMISS = "Delete video", "Block 24 h", "Dismiss"
RESULTS = "/channels/*/messages/*"
REMOVED = "🗑️ **Removed.**"


def state_of(world: World, generation: Generation) -> str:
    return card_of(world, generation).split("\n")[2]


def log_lines(moderators_channel: simcord.ChannelHandle) -> list[str]:
    """Return what the audit trail says in the moderators' channel, without the settings at first."""
    return [m.content for m in moderators_channel.history() if not m.content.startswith("🚩")][1:]


async def block_of(world: World) -> Block | None:
    blocked = dict(await world.app.services.moderation.list_blocked(world.guild.id))
    return blocked.get(world.alice.id)


@pytest.mark.nightly
async def test_deleting_takes_the_video_down_and_says_so_everywhere(world: World) -> None:
    generation, moderators_channel, message = await report_of_bob(world)
    assert await click(world.mona, message, DELETE) == []
    assert results(world) == [], "the video is still there"
    assert state_of(world, generation) == REMOVED
    [message] = reports_in(moderators_channel)
    assert f"🗑️ **Video deleted** by <@{world.mona.id}>." in message.content.split("\n")
    assert "“it is cruel”" in message.content, "what it was about cannot be read any more"
    assert buttons(message) == [BLOCK]
    await eventually("a line of the trail", lambda: len(log_lines(moderators_channel)) == 1)
    [line] = log_lines(moderators_channel)
    assert f"<@{world.mona.id}> deleted the video `{generation.id}` by <@{world.alice.id}>." in line
    assert await block_of(world) is None


@pytest.mark.nightly
async def test_blocking_stops_the_member_and_leaves_the_video(world: World) -> None:
    generation, moderators_channel, message = await report_of_bob(world)
    assert await click(world.mona, message, BLOCK) == []
    assert len(results(world)) == 1
    refusal = shown(await ask(world))
    assert refusal.ephemeral
    assert "You're blocked from /veo on this server." in refusal.content
    assert f"“Video {generation.id} was reported.”" in refusal.content
    [message] = reports_in(moderators_channel)
    assert f"🚫 **Member blocked for 24 hours** by <@{world.mona.id}>." in message.content
    assert buttons(message) == [DELETE]
    assert await click(world.mona, message, DELETE) == []
    [message] = reports_in(moderators_channel)
    assert buttons(message) == []
    assert results(world) == []


async def test_a_report_whose_block_is_undone_can_be_decided_again(world: World) -> None:
    _, moderators_channel, message = await report_of_bob(world)
    assert await click(world.mona, message, BLOCK) == []
    [blocked] = await world.app.services.moderation.list_log(world.guild.id, size=1)
    await world.app.services.undo.undo(mona_of(world), blocked.id)
    assert await block_of(world) is None
    assert await decisions_of(world, message) == (None, None, None)
    await eventually(
        "its buttons", lambda: buttons(reports_in(moderators_channel)[0]) == [DELETE, BLOCK, DISMISS]
    )
    [again] = reports_in(moderators_channel)
    assert again.id == message.id
    assert await click(world.mona, again, BLOCK) == []
    assert await block_of(world) is not None


async def test_dismissing_leaves_everything_as_it_is(world: World) -> None:
    generation, moderators_channel, message = await report_of_bob(world)
    assert await click(world.mona, message, DISMISS) == []
    assert len(results(world)) == 1
    assert state_of(world, generation).startswith("✅ **Ready.**")
    assert await block_of(world) is None
    [message] = reports_in(moderators_channel)
    assert f"☑️ **Dismissed** by <@{world.mona.id}>." in message.content
    assert buttons(message) == []


@pytest.mark.nightly
async def test_of_two_moderators_the_second_is_told_who_was_faster(world: World) -> None:
    labels = {ReportDecision.DISMISS: DISMISS, ReportDecision.DELETE: DELETE, ReportDecision.BLOCK: BLOCK}
    assert set(labels) == {*ReportDecision}
    for decision, label in labels.items():
        world.found_server()
        _, moderators_channel, message = await report_of_bob(world)
        nora = add_bob(world, *world.guild.roles.values(), name="nora")
        row = (await read_report(world, message)).report
        await world.app.services.reports.decide(mona_of(world), row.id, decision)
        with case(label):
            [text] = await click(nora, message, label)
            assert text.startswith(f"<@{world.mona.id}> has already ")
            assert nora.id not in await decisions_of(world, message)
            [message] = reports_in(moderators_channel)
            assert label not in buttons(message), "the button is still there"


@pytest.mark.nightly
async def test_what_was_decided_but_not_carried_out_is_carried_out_by_the_next_click(world: World) -> None:
    generation, _, message = await report_of_bob(world)
    row = (await read_report(world, message)).report
    await world.app.services.reports.decide(mona_of(world), row.id, ReportDecision.DELETE)
    await world.restart()
    assert len(results(world)) == 1, "the program ended right after the decision"
    await click(world.mona, message, DELETE)
    assert results(world) == []
    assert state_of(world, generation) == REMOVED


async def test_what_was_decided_but_not_carried_out_is_carried_out_by_any_next_click(world: World) -> None:
    for label in (BLOCK, DISMISS):
        world.found_server()
        with case(label):
            generation, moderators_channel, message = await report_of_bob(world)
            row = (await read_report(world, message)).report
            await world.app.services.reports.decide(mona_of(world), row.id, ReportDecision.DELETE)
            await click(add_bob(world, *world.guild.roles.values(), name="nora"), message, label)
            assert "🗑️ **Video deleted** by" in reports_in(moderators_channel)[0].content
            assert results(world) == [], "the moderators read that it's deleted"
            assert state_of(world, generation) == REMOVED


@pytest.mark.nightly
async def test_what_discord_did_not_let_go_can_be_tried_again_after_another_decision(world: World) -> None:
    _, moderators_channel, message = await report_of_bob(world)
    refuse(world, "DELETE", RESULTS, 50013, status=403)
    await click(world.mona, message, DELETE)
    refuse(world, "DELETE", RESULTS, 50013, status=403)
    [text] = await click(world.mona, message, BLOCK)
    assert text.startswith("I marked the video as removed, but Discord didn't let me delete its message:")
    assert await block_of(world) is not None
    assert DELETE in buttons(*reports_in(moderators_channel)), "nobody can try again"
    await click(world.mona, message, DELETE)
    assert results(world) == []


@pytest.mark.nightly
async def test_the_second_report_of_a_deleted_video_says_so_too(world: World) -> None:
    _, moderators_channel, first = await report_of_bob(world)
    await report(world, add_bob(world, name="carol"))
    await eventually("two reports", lambda: len(reports_in(moderators_channel)) == 2)
    [second] = [message for message in reports_in(moderators_channel) if message.id != first.id]
    await is_written_down(world, second)
    await click(world.mona, first, DELETE)
    both = partial(reports_in, moderators_channel)
    await eventually("what is left", lambda: [*map(buttons, both())] == [[BLOCK], [BLOCK]])
    assert all(f"**Video deleted** by <@{world.mona.id}>" in message.content for message in both())


@pytest.mark.parametrize("code", [10008, 10003], ids=["message", "channel"])
async def test_a_video_that_is_gone_already_is_removed_all_the_same(world: World, code: int) -> None:
    generation, moderators_channel, message = await report_of_bob(world)
    if code == 10008:
        assert generation.result_channel_id is not None
        assert generation.result_id is not None
        world.env.backend.delete_message(generation.result_channel_id, generation.result_id)
    else:
        world.env.backend.delete_channel(threads(world)[0].id)
    assert await click(world.mona, message, DELETE) == []
    assert state_of(world, generation) == REMOVED
    assert buttons(*reports_in(moderators_channel)) == [BLOCK]


async def test_a_card_that_is_gone_does_not_matter(world: World) -> None:
    generation, moderators_channel, message = await report_of_bob(world)
    assert generation.card_id is not None
    world.env.backend.delete_message(world.channel.id, generation.card_id)
    assert await click(world.mona, message, DELETE) == []
    assert buttons(*reports_in(moderators_channel)) == [BLOCK]


async def test_a_thread_that_was_archived_is_opened_to_delete_in_it(world: World) -> None:
    generation, _, message = await report_of_bob(world)
    refuse(world, "DELETE", RESULTS, 50083)
    assert await click(world.mona, message, DELETE) == []
    [opening] = requests(world, "PATCH", f"/channels/{generation.thread_id}")
    assert opening.json == {"archived": False}
    assert results(world) == []


async def test_a_message_that_discord_does_not_let_go_can_be_tried_again(world: World) -> None:
    generation, moderators_channel, message = await report_of_bob(world)
    refuse(world, "DELETE", RESULTS, 50013, status=403)
    [text] = await click(world.mona, message, DELETE)
    assert text.startswith("I marked the video as removed, but Discord didn't let me delete its message:")
    assert f"/{generation.result_channel_id}/{generation.result_id}" in text
    assert DELETE in buttons(*reports_in(moderators_channel)), "nobody can try again"
    assert "🗑️ **Video deleted** by" in reports_in(moderators_channel)[0].content
    assert state_of(world, generation) == REMOVED, "its card offers what can't be done any more"
    await click(world.mona, message, DELETE)
    assert results(world) == []
    assert buttons(*reports_in(moderators_channel)) == [BLOCK]


async def test_a_report_that_was_deleted_meanwhile_is_decided_and_the_moderator_told(world: World) -> None:
    _, _, message = await report_of_bob(world)
    refuse(world, "PATCH", "/webhooks/*", 10008, status=404)
    [text] = await click(world.mona, message, DISMISS)
    assert text == "Done, but I couldn't update the report above."
    assert await decisions_of(world, message) == (None, None, world.mona.id)


async def test_all_of_it_works_after_a_restart(world: World) -> None:
    generation, moderators_channel, message = await report_of_bob(world)
    for label in (BLOCK, DELETE):
        await world.restart()
        assert await click(world.mona, message, label) == []
    assert await decisions_of(world, message) == (world.mona.id, world.mona.id, None)
    assert state_of(world, generation) == REMOVED
    assert buttons(*reports_in(moderators_channel)) == []


@pytest.mark.nightly
async def test_the_next_video_of_the_member_has_nothing_to_do_with_it(world: World) -> None:
    first, moderators_channel, message = await report_of_bob(world)
    await click(world.mona, message, DELETE)
    second = await ask_for_video(world)
    assert state_of(world, second).startswith("✅ **Ready.**")
    assert state_of(world, first) == REMOVED
    await the_report(moderators_channel)
