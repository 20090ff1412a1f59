"""Members get their own data and delete it, and nobody else's."""

import gzip
import json
from typing import Any

import pytest
import simcord
from simcord.actors import _component_interaction  # pyright: ignore[reportPrivateUsage]: pinned version

from bot.db.models import Generation, Status
from sandbox.world import World
from tests.bot.troubles import locked
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import PROMPT, ask, ask_and_hold, ask_for_video, rows, shown, the_result

BUTTON = 2  # a component's type, in Discord's numbers
SECONDS = 90.0


async def export(world: World, member: simcord.MemberActor) -> dict[str, Any]:
    """Let a member use /privacy export; return what the file says."""
    answer = await member.slash(world.channel, "privacy export")
    message = (answer.followups or [shown(answer)])[0]
    assert message.ephemeral, "somebody else can see the data"
    (file,) = message.attachments
    assert file.filename == f"veo-{member.id}.json"
    document: dict[str, Any] = json.loads((await file.read()).decode())
    number = len(document["requests"])
    assert f"**{number} request{'' if number == 1 else 's'}**" in message.content
    return document


async def ask_to_delete(world: World, member: simcord.MemberActor) -> simcord.ResponseMessage:
    """Let a member use /privacy delete; return the question."""
    question = shown(await member.slash(world.channel, "privacy delete"))
    assert question.ephemeral
    return question


async def delete(world: World, member: simcord.MemberActor) -> simcord.ResponseMessage:
    """Let a member delete their prompts; return the question's message as it is then."""
    question = await ask_to_delete(world, member)
    await member.click(question.message, label="Delete my prompts")
    return question


async def press_unseen(
    member: simcord.MemberActor, message: simcord.ResponseMessage, custom_id: str
) -> simcord.InteractionResult:
    """Press a button as a changed client could: with any id, on a message that is not shown to them."""
    stored = message._message  # pyright: ignore[reportPrivateUsage]: the same
    return await _component_interaction(member, stored, {"custom_id": custom_id, "component_type": BUTTON})


@pytest.mark.nightly
async def test_a_member_gets_their_own_requests_as_a_file(world: World) -> None:
    generation = await ask_for_video(world, negative_prompt="rain", seed=7)
    await world.mona.slash(world.channel, "veo", prompt="mona's secret", duration=4)
    await world.wait_for_delivery()
    document = await export(world, world.alice)
    assert document["user_id"] == str(world.alice.id)
    (request,) = document["requests"]
    assert (request["id"], request["prompt"]) == (generation.id, PROMPT)
    assert request["options"] == {"duration": 4, "negative_prompt": "rain", "seed": 7}
    assert request["links"]["result"] == the_link(world, generation)
    assert "secret" not in json.dumps(document)


def the_link(world: World, generation: Generation) -> str:
    return (
        f"https://discord.com/channels/{world.guild.id}/{generation.result_channel_id}/{generation.result_id}"
    )


async def test_somebody_who_never_asked_gets_an_empty_file(world: World) -> None:
    assert (await export(world, world.alice))["requests"] == []


async def test_a_large_export_is_compressed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cogs.privacy.views.LARGEST_FILE", 1000)
    await ask_for_video(world, prompt="a red dragon " * 100)
    answer = await world.alice.slash(world.channel, "privacy export")
    (file,) = (answer.followups or [shown(answer)])[0].attachments
    assert file.filename == f"veo-{world.alice.id}.json.gz"
    (request,) = json.loads(gzip.decompress(await file.read()))["requests"]
    assert request["prompt"].startswith("a red dragon a red dragon")


async def test_what_discord_would_never_take_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cogs.privacy.views.LARGEST_FILE", 10)
    answer = await world.alice.slash(world.channel, "privacy export")
    message = (answer.followups or [shown(answer)])[0]
    assert message.ephemeral
    assert "too large for a Discord file" in message.content


async def test_prompts_are_deleted_and_the_limit_still_holds(open_world: OpenWorld) -> None:
    async with open_world(default_daily_limit=1) as world:
        await ask_for_video(world, negative_prompt="rain")
        message = await delete(world, world.alice)
        assert "Deleted the prompt and links of **1 request**." in message.content
        assert message.components == [], "the buttons are still there"
        (row,) = await rows(world)
        assert (row.prompt, row.options, row.video_url) == ("", {"duration": 4}, None)
        assert the_result(world).attachments, "what is posted must stay"
        refusal = shown(await ask(world))
        assert refusal.ephemeral
        assert len(await rows(world)) == 1, "who deletes their prompts could ask for more"
        assert [request["prompt"] for request in (await export(world, world.alice))["requests"]] == [""]


@pytest.mark.nightly
async def test_a_video_in_the_making_still_arrives_and_then_its_words_go(world: World) -> None:
    await ask_for_video(world)
    generation = await ask_and_hold(world, prompt="a blue dragon")
    message = await delete(world, world.alice)
    assert "**1 request**.\n**1 request** will follow" in message.content
    assert (await rows(world))[0].prompt == "a blue dragon"
    world.provider.release()
    after = await world.wait_for_delivery()
    assert (after.id, after.status) == (generation.id, Status.SUCCEEDED)
    assert after.result_id is not None, "the video did not arrive"
    await world.restart()  # the clean-up looks at every start, and every hour
    erased = await world.wait_for(lambda row: row.erased_at is not None, seconds=SECONDS)
    assert (erased.id, erased.prompt, erased.result_id) == (generation.id, "", None)


@pytest.mark.nightly
async def test_another_members_data_is_untouched(world: World) -> None:
    await world.mona.slash(world.channel, "veo", prompt="mona's own", duration=4)
    await world.wait_for_delivery()
    before = await export(world, world.mona)
    message = await delete(world, world.alice)
    assert "nothing to delete" in message.content
    after = await export(world, world.mona)
    assert after["requests"] == before["requests"]
    assert after["requests"][0]["prompt"] == "mona's own"


async def test_who_keeps_them_keeps_them(world: World) -> None:
    await ask_for_video(world)
    question = await ask_to_delete(world, world.alice)
    await world.alice.click(question.message, label="Keep them")
    assert question.content == "Nothing was deleted."
    assert question.components == []
    assert (await rows(world))[0].prompt == PROMPT


@pytest.mark.parametrize("action", ["forget", "keep"])
async def test_a_forged_button_of_somebody_else_does_nothing(world: World, action: str) -> None:
    await ask_for_video(world)
    question = await ask_to_delete(world, world.alice)
    text, custom_id = question.content, f"veo1:{action}:{world.alice.id}"
    answer = await press_unseen(world.mona, question, custom_id)
    assert shown(answer).ephemeral
    assert "belongs to somebody else. Nothing was deleted." in shown(answer).content
    assert question.content == text, "the question was taken away from alice"
    monas = await ask_to_delete(world, world.mona)
    await press_unseen(world.mona, monas, custom_id)
    (row,) = await rows(world)
    assert (row.prompt, row.erase_at) == (PROMPT, None)


@pytest.mark.nightly
async def test_the_buttons_outlive_a_restart(world: World) -> None:
    await ask_for_video(world)
    question = await ask_to_delete(world, world.alice)
    await world.restart()
    await world.alice.click(question.message, label="Delete my prompts")
    assert "Deleted the prompt and links of **1 request**." in question.content


async def test_pressing_twice_does_no_harm(world: World) -> None:
    await ask_for_video(world)
    question = await ask_to_delete(world, world.alice)
    for _ in range(2):
        await press_unseen(world.alice, question, f"veo1:forget:{world.alice.id}")
    (row,) = await rows(world)
    assert row.prompt == ""


async def test_when_nothing_can_be_written_the_member_is_told_and_may_press_again(
    world: World, database_url: str
) -> None:
    await ask_for_video(world)
    question = await ask_to_delete(world, world.alice)
    async with locked(database_url):
        answer = await world.alice.click(question.message, label="Delete my prompts")
    (error,) = answer.followups
    assert error.ephemeral
    assert "I can't save requests right now" in error.content
    assert (await rows(world))[0].prompt == PROMPT
    await world.alice.click(question.message, label="Delete my prompts")
    assert (await rows(world))[0].prompt == ""
