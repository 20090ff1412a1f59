"""The create call's body is checked as strictly as the provider's schemas say."""

from typing import Any

import pytest

from bot.veo.catalogue import CATALOGUE
from sandbox.offers import OFFERS
from tests.sandbox.driver import BODY, TASKS, Client

WRONG_FIELDS: list[tuple[str, object]] = [
    ("duration", 5),
    ("duration", "8"),
    ("duration", 8.0),
    ("duration", True),
    ("duration", None),
    ("aspect_ratio", "4:3"),
    ("aspect_ratio", 16),
    ("resolution", "720p"),
    ("resolution", 720),
    ("negative_prompt", 1),
    ("seed", True),
    ("seed", "1"),
    ("seed", 1.5),
    ("enhance_prompt", "true"),
    ("enhance_prompt", 1),
    ("generate_audio", 0),
    ("prompt", 7),
    ("prompt", None),
    ("model", "google/veo2"),
    ("model", None),
    ("model", ["google/veo3"]),
]


def assert_error_form(answer: Any, status: int, path: str = TASKS) -> None:
    assert answer.status == status, answer.body
    assert set(answer.json) == {"message", "path", "requestId", "statusCode", "timestamp"}
    assert answer.json["statusCode"] == str(status)
    assert answer.json["path"] == path


@pytest.mark.parametrize(("field", "value"), WRONG_FIELDS)
async def test_a_wrong_value_is_refused_by_name(client: Client, field: str, value: Any) -> None:
    answer = await client.create(**{field: value})

    assert_error_form(answer, 400)
    message = answer.json["message"]
    assert message.startswith(f"Body validation error! {field}: Expected ")
    assert "Received" in message


async def test_an_unknown_field_is_refused_by_name(client: Client) -> None:
    answer = await client.create(fps=24)

    assert_error_form(answer, 400)
    assert "fps" in answer.json["message"]


@pytest.mark.parametrize("missing", ["model", "prompt"])
async def test_a_missing_field_is_refused(client: Client, missing: str) -> None:
    body = {name: value for name, value in BODY.items() if name != missing}

    answer = await client.call("POST", TASKS, json=body)

    assert_error_form(answer, 400)
    assert f"{missing}: Expected" in answer.json["message"]
    assert answer.json["message"].endswith("Received undefined")


@pytest.mark.parametrize("text", ["", "{", "[]", '"text"', "null", "\ufeff{}"])
async def test_a_body_that_is_no_object_is_refused(client: Client, text: str) -> None:
    answer = await client.call("POST", TASKS, data=text, headers={"Content-Type": "application/json"})

    assert_error_form(answer, 400)


@pytest.mark.parametrize("model", [model.id for model in CATALOGUE])
async def test_every_field_of_every_model_is_accepted(client: Client, model: str) -> None:
    answer = await client.create(
        model=model,
        aspect_ratio="9:16",
        resolution="720P",
        negative_prompt="rain",
        seed=-1,
        enhance_prompt=False,
        generate_audio=False,
    )

    assert answer.status == 200, answer.body


def test_every_model_of_the_catalogue_has_an_offer() -> None:
    assert set(OFFERS) == {model.id for model in CATALOGUE}


async def test_a_refused_body_creates_nothing(client: Client) -> None:
    await client.create(duration=5)

    logs = await client.call("GET", "/v2/logs", params={"period": "1h"})
    assert [row["status"] for row in logs.json["data"]] == ["failed"]
    assert logs.json["data"][0]["cost"] == {"usd": 0.0, "credits": 0}
