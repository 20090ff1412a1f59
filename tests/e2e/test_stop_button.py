"""The Cancel button on the card: free before it is sent, and it says that it counts after that."""

from typing import Any

import pytest
import simcord

from bot.db.models import Status
from sandbox.provider import Fault
from sandbox.world import World
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import SECONDS, ask, ask_and_hold, ask_for_video, card_of, refuse, results, rows, shown
from tests.e2e.reporting import add_bob, buttons, forge_buttons
from tests.e2e.videos import card, private

FREE = "This didn't count toward your limit."
COUNTS = "The video service can't take back a request, so this counts toward your limit."


def assert_silent(answer: simcord.InteractionResult) -> None:
    """Check that the card alone tells what happened."""
    assert answer.acknowledged
    assert [message.content for message in answer.followups] == []


@pytest.mark.nightly
async def test_what_waits_is_cancelled_at_once_and_free(open_world: OpenWorld) -> None:
    async with open_world({"account_wait": 600}, default_daily_limit=1) as world:
        world.provider.faults.add("create", Fault.status(401))
        await ask(world)
        generation = await world.wait_for(lambda row: row.lease_owner is None and row.submitted_at is None)
        assert_silent(await world.alice.click(card(world, generation), label="Cancel"))
        assert f"🚫 You **cancelled** it before it was sent. {FREE}" in card_of(world, generation)
        assert buttons(card(world, generation)) == []
        await world.wait_for_delivery()
        assert "requested a video" in shown(await ask(world)).content, "the place is still taken"


async def test_what_is_being_made_is_not_waited_for_any_more_and_counts(world: World) -> None:
    generation = await ask_and_hold(world)
    assert_silent(await world.alice.click(card(world, generation), label="Cancel"))
    assert f"🚫 You **cancelled** it while it was being made. {COUNTS}" in card_of(world, generation)
    world.provider.release()
    await world.wait_for_delivery()
    assert buttons(card(world, generation)) == []
    assert results(world) == [], "the video came all the same"


async def test_a_second_click_is_told_that_it_is_too_late(world: World) -> None:
    generation = await ask_and_hold(world)
    message = card(world, generation)
    stored: Any = world.env.backend.get_message(message.channel.id, message.id)
    components = stored.components
    await world.alice.click(message, label="Cancel")
    stored.components = components  # as the second click saw them
    answer = await world.alice.click(message, label="Cancel")
    assert "already finished or cancelled" in private(answer)
    (row,) = await rows(world)
    assert row.cancelled_by == world.alice.id


async def test_a_moderator_may_and_the_member_is_told(world: World) -> None:
    generation = await ask_and_hold(world)
    assert_silent(await world.mona.click(card(world, generation), label="Cancel"))
    await world.wait_for_delivery()
    assert "A moderator **cancelled** it while it was being made" in card_of(world, generation)
    [entry] = await world.app.services.moderation.list_log(world.guild.id, size=9)
    assert entry.actor_id == world.mona.id


async def test_others_may_not_and_are_told_kindly(world: World) -> None:
    generation = await ask_and_hold(world)
    answer = await add_bob(world).click(card(world, generation), label="Cancel")
    assert "Only the member who requested this video or a moderator can do that." in private(answer)
    (row,) = await rows(world)
    assert row.status is Status.RUNNING


async def test_a_forged_id_looks_like_an_unknown_one(world: World) -> None:
    generation = await ask_and_hold(world)
    message = card(world, generation)
    forge_buttons(world, message, generation.id, "0" * 16)
    assert "This server has no video with that ID." in private(
        await world.alice.click(message, label="Cancel")
    )


@pytest.mark.nightly
async def test_it_works_after_a_restart(world: World) -> None:
    generation = await ask_and_hold(world)
    await world.restart()
    await world.alice.click(card(world, generation), label="Cancel")
    after = await world.wait_for_delivery(seconds=SECONDS)
    assert after.status is Status.CANCELLED


@pytest.mark.nightly
async def test_it_is_gone_when_there_is_a_video(world: World) -> None:
    generation = await ask_for_video(world)
    assert buttons(card(world, generation)) == ["Watch the video"]


async def test_where_the_card_cannot_be_edited_the_member_is_told(world: World) -> None:
    generation = await ask_and_hold(world)
    refuse(world, "PATCH", "/webhooks/*", 0, status=503, times=1)
    answer = await world.alice.click(card(world, generation), label="Cancel")
    assert COUNTS in private(answer)
