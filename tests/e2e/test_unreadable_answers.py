"""Discord takes the card and answers with something that cannot be read: the request goes on, unspoiled."""

import json
from typing import Any

import pytest

from bot.db.models import Status
from sandbox.world import World
from tests.e2e.conftest import GarbleAnswer
from tests.e2e.driver import SECONDS, ask, results, rows

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
    texts = [str(request.json) for request in world.env.http_requests[before:]]
    assert not [text for text in texts if "went wrong" in text], "the member was told to try again"
