"""/veo-admin queue: what is waited for, and cancelling it with buttons."""

import discord
import pytest
import simcord
from simcord.backend.errors import SetupError

from bot.db.guild_models import Action
from bot.db.models import Status
from sandbox.provider import Fault
from sandbox.world import World
from tests.bot.troubles import locked
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import SECONDS, bodies, eventually, results, rows, shown
from tests.e2e.moderating import accepted, admin, command_id, labels, said, use

TOO_LATE = "That video is already finished or cancelled"


async def click(
    world: World, answer: simcord.InteractionResult, label: str, *, by: simcord.MemberActor | None = None
) -> simcord.InteractionResult:
    """Let mona (or `by`) press a button of the answer as it was first shown or edited."""
    return await (by or world.mona).click(shown(answer).message, label=label)


def notices(result: simcord.InteractionResult) -> list[str]:
    """Return what was said to the person beside the list."""
    assert all(message.ephemeral for message in result.followups), "everybody reads what went wrong"
    return [message.content for message in result.followups]


async def statuses(world: World) -> list[Status]:
    """Return how the requests stand, the oldest first."""
    return [row.status for row in reversed(await rows(world))]


async def test_an_empty_queue_says_so(world: World) -> None:
    answer = await use(world, "queue")
    assert said(answer) == "**No videos are queued or in progress on this server.**"
    assert labels(answer) == ["Refresh"]


@pytest.mark.nightly
async def test_it_shows_who_asked_for_what_and_how_it_stands(open_world: OpenWorld) -> None:
    async with open_world(max_running=1) as world:
        await accepted(world, prompt="**bold** @everyone " + "x" * 200)
        first = await world.wait_for(lambda row: row.status is Status.RUNNING, seconds=SECONDS)
        second = await accepted(world)
        text = await admin(world, "queue")
    one, two = text.split("**1.**")[1].split("**2.**")
    assert first.submitted_at is not None
    sent = int(first.submitted_at.timestamp())
    assert f"<@{world.alice.id}> in {world.channel.mention}: ⚙️ in progress, sent <t:{sent}:R>" in one
    assert "> \\*\\*bold\\*\\* @\u200beveryone x" in one
    assert f"ID {first.id}" in one
    assert f"⏳ queued, requested <t:{int(second.created_at.timestamp())}:R>" in two
    assert f"ID {second.id}" in two
    assert text.startswith("**2 videos are queued or in progress on this server.**")


async def test_the_longest_page_fits_into_a_message(world: World) -> None:
    for _ in range(6):
        await accepted(world, prompt="*" * 2000)
    assert "Page 1 of 2" in await admin(world, "queue")


@pytest.mark.nightly
async def test_what_is_waiting_is_cancelled_and_does_not_count(open_world: OpenWorld) -> None:
    async with open_world(max_running=1) as world:
        await accepted(world)
        await world.wait_for(lambda row: row.status is Status.RUNNING, seconds=SECONDS)
        waiting = await accepted(world)
        answer = await use(world, "queue")
        await click(world, answer, "Cancel 2")
        assert f"Cancelled:** <@{world.alice.id}>'s video `{waiting.id}`" in said(answer)
        assert "doesn't count" in said(answer)
        assert await statuses(world) == [Status.RUNNING, Status.CANCELLED]
        assert world.provider.count("create") == 1


async def test_what_is_being_made_is_cancelled_and_counts(world: World) -> None:
    generation = await accepted(world)
    await world.wait_for(lambda row: row.status is Status.RUNNING, seconds=SECONDS)
    answer = await use(world, "queue")
    result = await click(world, answer, "Cancel 1")
    assert notices(result) == []
    text = said(answer)
    assert "The video service already has it and can't take it back, so it counts." in text
    assert "**1.**" in text
    assert "🚫 cancelled" in text
    assert "No videos are queued or in progress" in text
    assert labels(answer) == ["Refresh"], "what was cancelled can be pressed again"
    [entry] = await world.app.services.moderation.list_log(world.guild.id, size=9)
    assert (entry.action, entry.actor_id) == (Action.CANCEL, world.mona.id)
    assert entry.subject == f"generation:{generation.id}"
    world.provider.release()
    await world.wait_for_delivery()
    assert not any(message.attachments for message in results(world)), "the video came all the same"


@pytest.mark.nightly
async def test_a_second_click_hits_nothing_else_and_is_told(world: World) -> None:
    for _ in range(3):
        await accepted(world)
    first, second = await use(world, "queue"), await use(world, "queue")
    await click(world, first, "Cancel 1")
    result = await click(world, second, "Cancel 1")
    [notice] = notices(result)
    assert TOO_LATE in notice
    cancelled = [status for status in await statuses(world) if status is Status.CANCELLED]
    assert len(cancelled) == 1, "a second click cancelled another video"
    assert labels(second) == ["Cancel 2", "Cancel 3", "Refresh"], "the list is as old as before"
    with pytest.raises(SetupError, match="disabled"):
        await click(world, first, "Cancel 1")
    assert len(await world.app.services.moderation.list_log(world.guild.id, size=9)) == 1


@pytest.mark.nightly
async def test_everything_keeps_its_place_until_the_list_is_refreshed(world: World) -> None:
    generations = [await accepted(world) for _ in range(7)]
    answer = await use(world, "queue")
    await click(world, answer, "Next page")
    assert said(answer).count("-# ID") == 2
    await click(world, answer, "Cancel 1")
    await click(world, answer, "Cancel 2")
    text = said(answer)
    assert text.index(generations[5].id) < text.rindex(generations[6].id)
    assert labels(answer) == ["Previous page", "Refresh"]
    assert "Page 2 of 2" in text
    await click(world, answer, "Refresh")
    assert said(answer).startswith("**5 videos are queued or in progress on this server.**")
    assert labels(answer) == ["Cancel 1", "Cancel 2", "Cancel 3", "Cancel 4", "Cancel 5", "Refresh"]
    assert [row.status for row in await rows(world)][:2] == [Status.CANCELLED] * 2


async def test_a_finished_video_cannot_be_cancelled(world: World) -> None:
    await accepted(world)
    answer = await use(world, "queue")
    world.provider.release()
    await world.wait_for_delivery()
    [notice] = notices(await click(world, answer, "Cancel 1"))
    assert TOO_LATE in notice
    assert "✅ made" in said(answer)
    assert len(results(world)) == 1


@pytest.mark.nightly
async def test_the_buttons_work_after_a_restart(world: World) -> None:
    await accepted(world)
    await accepted(world)
    answer = await use(world, "queue")
    await world.restart()
    await click(world, answer, "Refresh")
    await click(world, answer, "Cancel 2")
    assert "Cancelled" in said(answer)
    assert (await rows(world))[0].status is Status.CANCELLED


async def test_the_member_is_told_that_a_moderator_cancelled(world: World) -> None:
    await accepted(world)
    await click(world, await use(world, "queue"), "Cancel 1")
    generation = await world.wait_for_delivery()
    assert generation.status is Status.CANCELLED

    def is_told() -> bool:
        texts = [message.content for place in places(world) for message in place.history()]
        return any("A moderator cancelled your video" in text for text in texts)

    await eventually("a message about the cancellation", is_told)


def places(world: World) -> list[simcord.ChannelHandle]:
    return [world.channel, *world.channel.threads]


async def test_whoever_may_not_moderate_any_more_cannot_press(world: World) -> None:
    await accepted(world)
    answer = await use(world, "queue")
    world.guild.set_command_permissions(command_id(world), {world.mona: False})
    for label in ("Cancel 1", "Refresh"):
        [notice] = notices(await click(world, answer, label))
        assert "Only members who can use `/veo-admin` can do that." in notice
    assert Status.CANCELLED not in await statuses(world)


async def test_a_role_that_the_server_names_can_press(world: World) -> None:
    helpers = world.guild.create_role("Helpers")
    nils = world.guild.add_member(world.env.create_user("nils"), roles=[helpers])
    world.guild.set_command_permissions(command_id(world), {helpers: True})
    await accepted(world)
    answer = await use(world, "queue", by=nils)
    await click(world, answer, "Cancel 1", by=nils)
    assert await statuses(world) == [Status.CANCELLED]


async def test_members_do_not_see_the_list(world: World) -> None:
    await accepted(world)
    answer = await use(world, "queue")
    with pytest.raises(SetupError, match="not visible"):
        await click(world, answer, "Cancel 1", by=world.alice)


async def test_another_server_neither_sees_nor_cancels_it(world: World) -> None:
    generation = await accepted(world)
    other = world.env.create_guild("Elsewhere")
    boss = other.create_role("Bosses", permissions=discord.Permissions(manage_guild=True))
    olga = other.add_member(world.env.create_user("olga"), roles=[boss])
    answer = await olga.slash(other.create_text_channel("videos"), "veo-admin queue")
    assert said(answer) == "**No videos are queued or in progress on this server.**"
    message = world.env.backend.get_message(shown(answer).channel_id, shown(answer).id)
    forged = message.components[0]["components"][0]
    forged["custom_id"] = f"veo1:cancel:{generation.id}"
    [notice] = notices(await olga.click(shown(answer).message, custom_id=forged["custom_id"]))
    assert "This server has no video with that ID." in notice
    assert generation.id not in said(answer), "another server's request was shown"
    assert Status.CANCELLED not in await statuses(world)


async def test_what_cannot_be_written_down_is_told(world: World, database_url: str) -> None:
    # Refused, so that the program has nothing to write meanwhile.
    world.provider.faults.add("create", Fault.status(401), times=None)
    await accepted(world)
    answer = await use(world, "queue")
    async with locked(database_url):
        [notice] = notices(await click(world, answer, "Cancel 1"))
    assert "I can't save requests right now" in notice
    assert Status.CANCELLED not in await statuses(world)
    await click(world, answer, "Cancel 1")
    assert await statuses(world) == [Status.CANCELLED]


async def test_the_list_mentions_nobody(world: World) -> None:
    await accepted(world, prompt="@everyone <@&1>")
    await click(world, await use(world, "queue"), "Cancel 1")
    answer = bodies(world, "POST", "/callback")[1]
    edits = bodies(world, "PATCH", "/messages/@original")
    assert answer["data"]["allowed_mentions"] == {"parse": []}
    assert edits
    assert all(edit["allowed_mentions"] == {"parse": []} for edit in edits)
