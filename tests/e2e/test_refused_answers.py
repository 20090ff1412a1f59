"""Discord refuses the answer to the command: the request is taken back, or kept when in doubt."""

import pytest

from bot.models import Status
from sandbox.world import World
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import ask, ask_for_video, refuse, requests, results, rows, shown

CALLBACK = "/interactions/*/*/callback"


@pytest.mark.parametrize(("code", "status"), [(10062, 404), (40060, 400), (50035, 400)])
async def test_a_request_whose_answer_was_refused_is_taken_back(world: World, code: int, status: int) -> None:
    refuse(world, "POST", CALLBACK, code, status=status, times=None)
    answer = await ask(world)
    assert not answer.acknowledged
    assert await rows(world) == [], "the member's limit is used up by nothing"
    world.app.work.set()
    assert await ask_after(world) == 1, "the withdrawn request was sent to the provider"


async def ask_after(world: World) -> int:
    """Serve another request and return how many create calls there were in all."""
    world.env.backend.faults.clear()
    await ask_for_video(world)
    assert len(results(world)) == 1
    return world.provider.count("create")


async def test_the_place_is_free_again(open_world: OpenWorld) -> None:
    async with open_world(default_daily_limit=1) as world:
        refuse(world, "POST", CALLBACK, 10062, status=404, times=None)
        await ask(world)
        assert await ask_after(world) == 1


async def test_nobody_is_answered_when_the_interaction_is_gone(world: World) -> None:
    refuse(world, "POST", CALLBACK, 10062, status=404, times=None)
    await ask(world)
    assert len(requests(world, "POST", "/callback")) == 1, "an interaction that is gone was answered again"


async def test_a_refused_card_is_explained_to_the_member(world: World) -> None:
    refuse(world, "POST", CALLBACK, 50035)
    answer = await ask(world)
    assert shown(answer).ephemeral
    assert "Something went wrong on our side." in shown(answer).content
    assert await rows(world) == []


async def test_an_answer_of_unknown_fate_keeps_the_request(world: World) -> None:
    refuse(world, "POST", CALLBACK, 0, status=503)
    await ask(world)
    [row] = await rows(world)
    assert (row.status, row.card_id) == (Status.QUEUED, None)
    assert world.provider.count("create") == 0, "the work began before the answer's fate was known"
