"""Discord refuses the answer to the command: the request is taken back, or kept when in doubt."""

import pytest

from bot.db.models import Status
from sandbox.world import World
from tests.e2e.conftest import LoseAnswer, OpenWorld
from tests.e2e.driver import (
    accept_all,
    ask,
    ask_for_video,
    assert_card_leads_to,
    assert_refused,
    case,
    make_due,
    refuse,
    requests,
    results,
    rows,
    shown,
    the_result,
)

CALLBACK = "/interactions/*/*/callback"
UNCLEAR = [503, 408]  # 408: a proxy before Discord gave up, which may have gone on


async def test_a_request_whose_answer_was_refused_is_taken_back(world: World) -> None:
    for code, status in ((10062, 404), (40060, 400), (50035, 400)):
        refuse(world, "POST", CALLBACK, code, status=status, times=None)
        with case(code):
            answer = await ask(world)
            assert not answer.acknowledged
            assert await rows(world) == [], "the member's limit is used up by nothing"
        accept_all(world)
    world.app.signals.work.set()
    assert await ask_after(world) == 1, "a withdrawn request was sent to the provider"


async def ask_after(world: World) -> int:
    """Serve another request and return how many create calls there were in all."""
    world.env.backend.faults.clear()
    await ask_for_video(world)
    assert len(results(world)) == 1
    return world.provider.count("create")


@pytest.mark.nightly
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
    refuse(world, "POST", CALLBACK, 50109)
    answer = await ask(world)
    assert shown(answer).ephemeral
    assert "Something went wrong on our side." in shown(answer).content
    assert await rows(world) == []


async def test_a_card_that_the_filter_stops_is_blamed_on_the_words(world: World) -> None:
    for code in (200000, 200001, 240000):
        refuse(world, "POST", CALLBACK, code)
        with case(code):
            answer = await ask(world)
            await assert_refused(
                world,
                answer,
                "filter stopped my answer because of words",
                "This didn't count toward your limit.",
            )


@pytest.mark.parametrize("status", UNCLEAR)
async def test_an_answer_that_fails_once_is_sent_again(world: World, status: int) -> None:
    refuse(world, "POST", CALLBACK, 0, status=status)
    answer = await ask(world)
    assert not shown(answer).ephemeral
    generation = await world.wait_for_delivery()
    assert generation.card_id == shown(answer).id
    assert len(requests(world, "POST", "/callback")) == 2
    assert_card_leads_to(world, generation, the_result(world))


async def test_an_answer_that_arrived_though_discord_said_otherwise_is_the_card(
    world: World, lose_answer: LoseAnswer
) -> None:
    lose_answer("POST", CALLBACK)
    answer = await ask(world)
    assert answer.followups == [], "the member was told of an error that was none"
    generation = await world.wait_for_delivery()
    assert generation.card_id == shown(answer).id, "the card that is shown is not the row's"
    assert len(requests(world, "POST", "/callback")) == 2
    assert len(requests(world, "GET", "/messages/@original")) == 1
    assert the_result(world).channel.id == generation.thread_id == generation.card_id
    assert_card_leads_to(world, generation, the_result(world))


async def test_a_card_that_discord_would_not_name_is_found_again(
    world: World, database_url: str, lose_answer: LoseAnswer
) -> None:
    lose_answer("POST", CALLBACK)
    refuse(world, "GET", "/webhooks/*/@original", 0, status=503, times=None)
    answer = await ask(world)
    assert not shown(answer).ephemeral
    assert (await rows(world))[0].card_id is None
    await make_due(world, database_url)
    generation = await world.wait_for_delivery()
    assert generation.card_id == shown(answer).id
    assert_card_leads_to(world, generation, the_result(world))
    assert world.provider.count("create") == 1


@pytest.mark.parametrize("status", UNCLEAR)
async def test_an_answer_of_unknown_fate_keeps_the_request(
    world: World, database_url: str, status: int
) -> None:
    refuse(world, "POST", CALLBACK, 0, status=status, times=2)
    answer = await ask(world)
    assert shown(answer).ephemeral
    assert shown(answer).content == (
        "Discord had trouble showing my answer, but I accepted your request. I'll post the "
        "video in this channel."
    )
    [row] = await rows(world)
    assert (row.status, row.card_id) == (Status.QUEUED, None)
    assert world.provider.count("create") == 0, "the work began before the answer's fate was known"
    await make_due(world, database_url)
    generation = await world.wait_for_delivery()
    assert generation.card_id is not None, "no card was posted in the answer's place"
    assert_card_leads_to(world, generation, the_result(world))
    assert the_result(world).attachments
    assert world.provider.count("create") == 1
