"""A member asks a moderator about their video that was deleted after a report, and may make it again."""

import discord
import pytest
import simcord

from bot.db.models import Generation
from bot.jobs.ports import Posted
from sandbox.world import World
from tests.e2e.driver import ask, card_message_of, direct_messages, eventually, rows, shown
from tests.e2e.filming import finished, make_film
from tests.e2e.limiting import use
from tests.e2e.reporting import (
    REASON,
    add_bob,
    buttons,
    click,
    mona_of,
    open_moderators_channel,
    report_of_bob,
    reports_in,
)
from tests.e2e.test_appeals import ALLOW, BUTTON, DECLINE, WHY, the_appeal


async def deleted(world: World) -> tuple[Generation, simcord.ChannelHandle, discord.Message]:
    """Let a moderator delete alice's reported video; return it, the moderators' channel and the card."""
    generation, moderators_channel, report = await report_of_bob(world)
    assert await click(world.mona, report, "Delete video") == []
    card = card_message_of(world, generation)
    assert buttons(card) == [BUTTON]
    return generation, moderators_channel, card


async def appeal(world: World, card: discord.Message) -> str:
    """Let alice ask about the video; return what she is told."""
    answer = await world.alice.click(card, label=BUTTON)
    if answer.modal is None:
        assert shown(answer).ephemeral
        return shown(answer).content
    told = shown(await world.alice.submit_modal(answer, {"why": WHY}))
    assert told.ephemeral
    return told.content


async def test_a_deleted_video_can_be_made_again_with_one_more_by_a_grant_that_can_be_undone(
    world: World,
) -> None:
    generation, moderators_channel, card = await deleted(world)
    assert (await appeal(world, card)).endswith("The video stays deleted.")
    message = await the_appeal(moderators_channel)
    assert "Deleted after a report." in message.content
    assert f"> {generation.prompt}" in message.content
    assert buttons(message) == [ALLOW, DECLINE]
    services = world.app.services
    await use(world, "set", videos="1")
    refused = shown(await ask(world)).content
    assert "limit" in refused, refused
    assert await click(world.mona, message, ALLOW) == []
    assert "one extra video" in (await the_appeal(moderators_channel)).content
    [told] = direct_messages(world)
    assert "is letting you make your deleted video again" in told.content
    await ask(world)
    await world.wait_for_delivery()
    assert len(await rows(world)) == 2
    [grant] = await services.moderation.list_log(world.guild.id, size=1)
    await services.undo.undo(mona_of(world), grant.id)
    assert (await services.rules.read(world.guild.id, world.alice.id)).member_policy.grants == ()


@pytest.mark.nightly
async def test_only_its_member_asks_and_once(world: World) -> None:
    _, moderators_channel, card = await deleted(world)
    for stranger in (add_bob(world, name="eve"), world.mona):
        [text] = [shown(await stranger.click(card, label=BUTTON)).content]
        assert text == "Only the member who requested this video can ask about it. Nothing was sent."
    await appeal(world, card)
    form = await world.mona.click(await the_appeal(moderators_channel), label=DECLINE)
    await world.mona.submit_modal(form, {"words": "it is cruel"})
    [told] = direct_messages(world)
    assert "your video stays deleted" in told.content
    assert "it is cruel" in told.content
    assert "already asked a moderator about this video" in await appeal(world, card)


@pytest.mark.nightly
async def test_the_button_of_a_deleted_video_lives_through_a_restart(world: World) -> None:
    _, moderators_channel, card = await deleted(world)
    await world.restart()
    await appeal(world, card)
    assert await click(world.mona, await the_appeal(moderators_channel), ALLOW) == []
    assert len(direct_messages(world)) == 1


@pytest.mark.nightly
async def test_each_deleted_shot_can_be_asked_about_on_the_films_card_which_keeps_its_buttons(
    world: World,
) -> None:
    moderators_channel, bob = await open_moderators_channel(world), add_bob(world)
    film = await finished(world, await make_film(world, "a cat", "a dog", continuity="cuts"))
    for shot in film.shots:
        posted = Posted(shot.result_id or 0, shot.result_channel_id)
        await world.app.services.reports.report(world.guild.id, shot.id, bob.id, REASON, posted)
        await eventually("its report", lambda shot=shot: bool(reports_of(moderators_channel, shot)))
        assert await click(world.mona, reports_of(moderators_channel, shot)[0], "Delete video") == []
    card = card_message_of(world, film.shots[0])
    assert buttons(card) == [f"{BUTTON}: shot 1", f"{BUTTON}: shot 2"]
    form = await world.alice.click(card, label=f"{BUTTON}: shot 2")
    assert shown(await world.alice.submit_modal(form, {"why": WHY})).content.endswith(
        "The video stays deleted."
    )
    assert "> a dog" in (await the_appeal(moderators_channel)).content


def reports_of(moderators_channel: simcord.ChannelHandle, shot: Generation) -> list[discord.Message]:
    return [message for message in reports_in(moderators_channel) if shot.id in message.content]
