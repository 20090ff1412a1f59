"""Discord refuses edits of the card: the video comes all the same, and the card becomes final if it can."""

import pytest

from sandbox.world import World
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import (
    accept_all,
    ask,
    ask_for_video,
    assert_card_leads_to,
    card_of,
    case,
    eventually,
    held_with_thread,
    refuse,
    requests,
    results,
    rows,
    the_result,
)

EDITS = "/channels/*/messages/*"
# An edit limit, an outage, a refused token; `tests/cogs/ui/test_discord_errors.py` has all that passes.
PASSING = [(30046, 429), (0, 503), (0, 401)]


async def test_a_card_that_cannot_be_edited_does_not_keep_the_video_back(world: World) -> None:
    # The last state may overtake the one before it, which is not sent then.
    for code, status, edits in ((10008, 404, 2), (50001, 403, 1)):
        world.found_server()
        before = len(requests(world, "PATCH", ""))
        refuse(world, "PATCH", EDITS, code, status=status, times=None)
        with case(code):
            await ask_for_video(world)
            assert the_result(world).attachments
            made = len(requests(world, "PATCH", "")) - before
            assert 1 <= made <= edits, "a card was edited again and again"
        accept_all(world)


@pytest.mark.nightly
async def test_a_card_that_cannot_be_edited_for_too_long_is_left_as_it_is(open_world: OpenWorld) -> None:
    async with open_world({"card_window": 0.2}) as world:
        refuse(world, "PATCH", EDITS, 0, status=503, times=None)
        generation = await ask_for_video(world)
        assert the_result(world).attachments
        assert len(requests(world, "POST", "/messages")) == 1, "the video was posted again with every try"
        assert "**In the queue.**" in card_of(world, generation)


@pytest.mark.nightly
async def test_the_last_edit_is_repeated_until_the_card_is_final(world: World) -> None:
    await held_with_thread(world)
    for code, status in PASSING:
        refuse(world, "PATCH", EDITS, code, status=status)
    world.provider.release()
    generation = await world.wait_for_delivery()
    edits = len(requests(world, "PATCH", "")) - len(PASSING)
    assert edits in {1, 2}, "one that lasts, perhaps after one while it was made"
    assert len(requests(world, "POST", "/messages")) == 1, "the video was posted twice"
    assert_card_leads_to(world, generation, the_result(world))


async def test_the_video_does_not_wait_for_its_card(world: World) -> None:
    refuse(world, "PATCH", EDITS, 0, status=503, times=None)
    await ask(world)
    await eventually("the video", lambda: bool(results(world)))
    [row] = await rows(world)
    assert row.delivered_at is None, "the card was given up at once"
    accept_all(world)
    generation = await world.wait_for_delivery()
    assert_card_leads_to(world, generation, the_result(world))
    assert len(requests(world, "POST", "/messages")) == 1


@pytest.mark.nightly
async def test_a_restart_before_the_last_edit_posts_nothing_again(world: World) -> None:
    refuse(world, "PATCH", EDITS, 0, status=503, times=None)
    await ask(world)
    await eventually("the video", lambda: bool(results(world)))
    await world.wait_for(lambda row: row.result_id is not None)
    await world.restart()
    accept_all(world)
    generation = await world.wait_for_delivery()
    assert_card_leads_to(world, generation, the_result(world))
    assert world.provider.count("cdn") == 1
