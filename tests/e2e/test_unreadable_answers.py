"""Discord takes the card and answers with something that cannot be read: the request goes on, unspoiled."""

import json
from typing import Any

import pytest

from bot.db.models import Status
from sandbox.world import World
from tests.e2e.conftest import GarbleAnswer, LoseAnswer
from tests.e2e.driver import SECONDS, ask, card_of, case, held_with_thread, requests, results, rows
from tests.e2e.quoting import GENERATE, ask_first, now_shown, offered

CALLBACK = "/interactions/*/*/callback"
# What stands in the answer to our callback.
UNREADABLE: dict[str, Any] = {
    "a page": "<html>Welcome</html>",
    "nothing": None,
    "no object": [],
    "no interaction": {},
    "no id": {"interaction": {"type": 2}},
    "a message without an author": {
        "interaction": {"id": "1", "type": 2, "response_message_id": "5"},
        "resource": {"type": 4, "message": {"id": "5"}},
    },
    "half of it": json.JSONDecodeError("Unterminated string", '{"inter', 7),
}


@pytest.mark.parametrize("instead", UNREADABLE.values(), ids=UNREADABLE)
async def test_the_request_is_served_and_nobody_is_told_to_try_again(
    world: World, garble_answer: GarbleAnswer, instead: object
) -> None:
    garble_answer("POST", CALLBACK, instead)
    before = len(world.env.http_requests)
    await ask(world)
    generation = await world.wait_for_delivery(seconds=SECONDS)

    assert generation.status is Status.SUCCEEDED
    assert generation.card_id is not None, "the card was lost sight of"
    assert len(await rows(world)) == len(results(world)) == 1
    assert_unspoiled(world, before)


def assert_unspoiled(world: World, before: int) -> None:
    texts = [str(request.json) for request in world.env.http_requests[before:]]
    assert not [text for text in texts if "went wrong" in text], "the member was told to try again"


async def test_what_was_answered_is_not_called_wrong(world: World, garble_answer: GarbleAnswer) -> None:
    for name, instead in UNREADABLE.items():
        before = len(world.env.http_requests)
        garble_answer("POST", CALLBACK, instead)
        with case(name):
            await world.alice.slash(world.channel, "usage")
            assert_unspoiled(world, before)
            assert len(world.env.http_requests) == before + 1, "more was said than the answer"


async def test_what_was_clicked_is_done(world: World, garble_answer: GarbleAnswer) -> None:
    generation = await held_with_thread(world)
    [card] = [message for message in world.channel.history() if message.id == generation.card_id]
    before = len(world.env.http_requests)
    garble_answer("POST", CALLBACK, UNREADABLE["half of it"])
    await world.alice.click(card, label="Cancel")
    await world.wait_for(lambda row: row.status is Status.CANCELLED)
    assert_unspoiled(world, before)
    await world.wait_for_delivery(seconds=SECONDS)
    assert "cancelled" in card_of(world, generation)


@pytest.mark.parametrize("name", ["a page", "half of it"])
async def test_an_offer_that_was_agreed_to_is_made(
    world: World, garble_answer: GarbleAnswer, name: str
) -> None:
    await ask_first(world)
    offer = await offered(world)
    before = len(world.env.http_requests)
    garble_answer("POST", CALLBACK, UNREADABLE[name])
    await world.alice.click(offer, label=GENERATE)
    await world.wait_for_delivery(seconds=SECONDS)
    assert_unspoiled(world, before)
    assert "**Requested.**" in now_shown(world, offer)


# Calls of which Discord says something unreadable, though it did what was asked.
CALLS = [
    ("POST", "/channels/*/messages/*/threads"),
    ("POST", "/channels/*/messages"),
    ("PATCH", "/channels/*/messages/*"),
]


@pytest.mark.parametrize("name", ["a page", "nothing", "no interaction", "half of it"])
async def test_a_search_that_cannot_be_read_is_made_again(
    world: World, garble_answer: GarbleAnswer, lose_answer: LoseAnswer, name: str
) -> None:
    lose_answer("POST", "/channels/*/messages")
    garble_answer("GET", "/channels/*/messages", UNREADABLE[name])
    await ask(world)
    await world.wait_for_delivery(seconds=SECONDS)
    assert len(results(world)) == 1, "the video was posted twice"


@pytest.mark.parametrize("name", ["a page", "no interaction", "half of it"])
@pytest.mark.parametrize(("method", "path"), CALLS, ids=["thread", "result", "card"])
async def test_a_video_arrives_once(
    world: World, garble_answer: GarbleAnswer, method: str, path: str, name: str
) -> None:
    garble_answer(method, path, UNREADABLE[name])
    await ask(world)
    generation = await world.wait_for_delivery(seconds=SECONDS)
    assert generation.status is Status.SUCCEEDED
    assert len(results(world)) == 1, "the video was posted twice, or never"
    assert generation.result_channel_id == generation.card_id, "the video is not in its thread"
    assert len(requests(world, "POST", "/threads")) <= 2
