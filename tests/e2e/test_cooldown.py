"""Whoever is too fast is told once, and costs one call to Discord and nothing else from then on."""

import pytest
import simcord
from discord import InteractionResponseType

from sandbox.world import World
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import PROMPT, ask_for_video, bodies, requests, rows, shown, the_result
from tests.e2e.test_repeat_buttons import CHANGED

SLOWER = "That was too fast. Wait a few seconds and try again. This didn't count toward your limit."
MAX_ACTIONS = 2
FREES = 10.5  # seconds after which one token of two is back


async def act(world: World, who: simcord.MemberActor | None = None) -> str:
    """Let alice (or `who`) use the cheapest command; return the answer."""
    answer = await (who or world.alice).slash(world.channel, "videos")
    assert shown(answer).ephemeral
    return shown(answer).content


@pytest.mark.nightly
async def test_the_commands_of_one_member_are_bounded_and_of_others_not(open_world: OpenWorld) -> None:
    async with open_world(max_actions=MAX_ACTIONS) as world:
        assert SLOWER not in {await act(world) for _ in range(MAX_ACTIONS)}
        assert [await act(world) for _ in range(3)] == [SLOWER] * 3, "a command needs an answer each time"
        assert await act(world, world.mona) != SLOWER
        await world.env.advance_time(FREES)
        assert await act(world) != SLOWER
        assert await act(world) == SLOWER


@pytest.mark.nightly
async def test_what_is_refused_makes_nothing(open_world: OpenWorld) -> None:
    async with open_world(max_actions=MAX_ACTIONS) as world:
        for _ in range(MAX_ACTIONS):
            await act(world)
        answer = await world.alice.slash(world.channel, "veo", prompt=PROMPT)
        assert shown(answer).content == SLOWER
        assert await rows(world) == []


@pytest.mark.nightly
async def test_moderators_keep_the_pace_as_well(open_world: OpenWorld) -> None:
    async with open_world(max_actions=MAX_ACTIONS) as world:
        for _ in range(MAX_ACTIONS):
            await act(world, world.mona)
        answer = await world.mona.slash(world.channel, "quota rules")
        assert shown(answer).content == SLOWER


async def test_a_second_click_that_is_too_fast_is_taken_without_a_word(open_world: OpenWorld) -> None:
    async with open_world(max_actions=MAX_ACTIONS) as world:
        await ask_for_video(world)
        await act(world)
        first = await world.alice.click(the_result(world), label="Re-roll")
        second = await world.alice.click(the_result(world), label="Re-roll")
        assert shown(first).content == SLOWER
        answers = [body.get("type") for body in bodies(world, "POST", "/callback")]
        assert answers[-1] == InteractionResponseType.deferred_message_update.value
        assert second.acknowledged, "Discord would say that the interaction failed"
        assert second.followups == []
        assert len(await rows(world)) == 1


async def test_a_form_that_is_sent_too_fast_is_answered(open_world: OpenWorld) -> None:
    async with open_world(max_actions=MAX_ACTIONS) as world:
        await ask_for_video(world)
        opened = await world.alice.click(the_result(world), label="Remix")
        sent = await world.alice.submit_modal(opened, CHANGED)
        assert shown(sent).content == SLOWER
        assert len(await rows(world)) == 1


@pytest.mark.nightly
async def test_what_discord_asks_while_somebody_types_is_not_counted(open_world: OpenWorld) -> None:
    async with open_world(max_actions=MAX_ACTIONS) as world:
        for _ in range(MAX_ACTIONS + 2):
            await world.mona.autocomplete(world.channel, "quota budget", "day", "1")
        assert await act(world, world.mona) != SLOWER


@pytest.mark.nightly
async def test_a_refusal_costs_one_call_to_discord(open_world: OpenWorld) -> None:
    async with open_world(max_actions=MAX_ACTIONS) as world:
        for _ in range(MAX_ACTIONS):
            await act(world)
        before = len(world.env.http_requests)
        for _ in range(5):
            await act(world)
        assert len(world.env.http_requests) - before == 5
        assert len(requests(world, "POST", "/callback")) >= 5


async def test_a_refusal_that_discord_does_not_take_disturbs_nobody(open_world: OpenWorld) -> None:
    async with open_world(max_actions=1) as world:
        await act(world)
        world.env.inject_error("POST", "/interactions/*/*/callback", status=404, code=10062, times=1)
        await world.alice.slash(world.channel, "videos")
        assert await act(world) == SLOWER
