"""The create call's body is checked as strictly as the provider's schemas say."""

import base64
from typing import Any

import pytest

from bot.media.images import data_uri_of
from bot.provider.catalogue import ALL_MODELS, CATALOGUE, Model
from bot.provider.input_kinds import InputKind
from sandbox.offers import OFFERS
from sandbox.refusals import RefusalError
from sandbox.schema import check_body
from tests.bot.drawn import draw
from tests.sandbox.driver import BODY, TASKS, Client

DATA_URI = data_uri_of(draw())
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


async def test_a_field_that_no_schema_names_is_taken_and_said(client: Client) -> None:
    answer = await client.create(n=1, response_format="url")

    assert answer.status == 200, answer.body
    assert client.provider.generations.unnamed == ["n", "response_format"]


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


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.id)
async def test_every_field_of_every_model_is_accepted(client: Client, model: Model) -> None:
    fields: dict[str, Any] = {
        "aspect_ratio": "9:16",
        "negative_prompt": "rain",
        "seed": -1,
        "enhance_prompt": False,
        "generate_audio": False,
        "auto_fix": False,
    }
    resolution = model.option("resolution")
    assert resolution is not None
    options = {name: value for name, value in fields.items() if model.option(name)}
    duration = model.option("duration")
    assert duration is not None
    options |= {"resolution": resolution.choices[0], "duration": duration.choices[0]}
    images: dict[str, Any] = dict.fromkeys(model.kind.image_fields, DATA_URI)
    if model.kind is InputKind.REFERENCES:
        images = {"image_urls": [DATA_URI] * 3}
    answer = await client.create(model=model.provider_name, **options, **images)

    assert answer.status == 200, answer.body
    assert client.provider.generations.unnamed == []


IMAGE, FRAMES = "google/veo-3.0-i2v", "google/veo-3.1-first-last-image-to-video"
GIF = base64.b64encode(draw("GIF")).decode()
WRONG_IMAGES: list[object] = [
    None,
    7,
    "",
    "cat.png",
    "ftp://example.com/cat.png",
    "data:image/png;base64,",
    "data:image/png;base64,AAAA",
    "data:image/png;base64,!!!!",
    "data:image/png,abc",
    f"data:image/gif;base64,{GIF}",
    f"data:image/png;base64,{GIF}",
    f"data:text/html;base64,{GIF}",
    DATA_URI[:-100],
    DATA_URI.replace("image/png", "image/jpeg"),
]


@pytest.mark.parametrize("value", WRONG_IMAGES, ids=range(len(WRONG_IMAGES)))
async def test_what_is_no_image_is_refused_by_name(client: Client, value: object) -> None:
    answer = await client.create(model=IMAGE, image_url=value)

    assert_error_form(answer, 400)
    assert answer.json["message"].startswith("Body validation error! image_url: Expected ")


@pytest.mark.parametrize(
    ("model", "missing"), [(IMAGE, "image_url"), (FRAMES, "image_url"), (FRAMES, "last_image_url")]
)
async def test_every_image_is_required(client: Client, model: str, missing: str) -> None:
    images = {name: DATA_URI for name in ("image_url", "last_image_url") if name != missing}
    if model == IMAGE:
        images = {}

    answer = await client.create(model=model, **images)

    assert_error_form(answer, 400)
    assert answer.json["message"] == f"Body validation error! {missing}: Expected string, Received undefined"


@pytest.mark.parametrize(
    ("model", "field"), [("google/veo3", "image_url"), (IMAGE, "last_image_url"), (FRAMES, "seed")]
)
async def test_a_field_of_another_model_is_unknown(client: Client, model: str, field: str) -> None:
    needed = {IMAGE: ["image_url"], FRAMES: ["image_url", "last_image_url"]}.get(model, [])
    answer = await client.create(model=model, **dict.fromkeys(needed, DATA_URI), **{field: DATA_URI})

    assert_error_form(answer, 400)
    assert f"{field}: Unrecognized key" in answer.json["message"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"duration": 4}, 200),
        ({"duration": 4, "image_url": DATA_URI}, 200),
        ({"duration": 8, "image_url": DATA_URI, "last_image_url": DATA_URI}, 200),
        ({"duration": 4, "image_url": DATA_URI, "last_image_url": DATA_URI}, 400),
        ({"seed": 1}, 400),
        ({"image_url": 7}, 400),
    ],
    ids=range(6),
)
async def test_images_that_may_be_left_out_decide_what_else_is_taken(
    client: Client, fields: dict[str, Any], status: int
) -> None:
    answer = await client.create(model="google/veo-3-1-lite-generate-preview", **fields)

    assert answer.status == status, answer.body


REFERENCES = "google/veo-3.1-reference-to-video"
WRONG_REFERENCES: list[tuple[dict[str, object], str]] = [
    ({}, "image_urls: Expected an array of 1 to 3 strings, Received undefined"),
    ({"image_urls": []}, "image_urls: Expected an array of 1 to 3 strings, Received []"),
    ({"image_urls": [DATA_URI] * 4}, "image_urls: Expected an array of 1 to 3 strings"),
    ({"image_urls": DATA_URI}, "image_urls: Expected an array of 1 to 3 strings"),
    ({"image_urls": [DATA_URI, 7]}, "image_urls.1: Expected string, Received 7"),
    ({"image_urls": [DATA_URI], "image_url": DATA_URI}, "image_url: Unrecognized key"),
    ({"image_urls": [DATA_URI], "aspect_ratio": "16:9"}, "aspect_ratio: Unrecognized key"),
    ({"image_urls": [DATA_URI], "duration": 4}, "duration: Expected 8, Received 4"),
    ({"model": IMAGE, "image_url": DATA_URI, "image_urls": [DATA_URI]}, "image_urls: Unrecognized key"),
]


@pytest.mark.parametrize(("fields", "refusal"), WRONG_REFERENCES, ids=range(len(WRONG_REFERENCES)))
async def test_references_are_one_to_three_images_and_nothing_else(
    client: Client, fields: dict[str, Any], refusal: str
) -> None:
    body: dict[str, Any] = {"model": REFERENCES, "duration": 8, **fields}
    answer = await client.create(**body)

    assert_error_form(answer, 400)
    assert answer.json["message"].startswith(f"Body validation error! {refusal}")


def test_references_come_in_their_order_and_leave_the_length_and_the_ratio_alone() -> None:
    uris = [data_uri_of(draw(size=size)) for size in ((720, 1280), (1280, 720))]
    order = check_body({"model": REFERENCES, "prompt": "a dragon", "image_urls": uris})
    assert [data_uri_of(image) for image in order.images] == uris
    assert (order.duration, order.aspect_ratio, order.resolution) == (8, "16:9", "1080p")


async def test_a_link_is_an_image_too(client: Client) -> None:
    answer = await client.create(model=IMAGE, image_url="https://example.com/cat.png")

    assert answer.status == 200, answer.body


def test_every_model_of_the_catalogue_has_an_offer() -> None:
    assert set(OFFERS) == {model.provider_name for model in ALL_MODELS}


VIDEO = b"\0\0\0\x18ftypmp42"
LINK = "https://x.example/a.mp4"
EXTENSION = {"model": "google/veo3-1-extend-video", "prompt": "a dragon lands"}


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, "video_url: Expected string, Received undefined"),
        ({"video_url": "a video"}, "video_url: Expected uri"),
        ({"video_url": "data:video/mp4;base64,QUJD"}, "video_url: Expected a video of type mp4"),
        ({"video_url": "https://x.example/a.mp4", "duration": 8}, "duration: Expected 7"),
        (
            {"video_url": "https://x.example/a.mp4", "image_url": "https://x.example/a.png"},
            "image_url: Unrec",
        ),
    ],
)
def test_an_extension_needs_a_video_and_nothing_else(body: dict[str, object], refusal: str) -> None:
    with pytest.raises(RefusalError, match=refusal):
        check_body({**EXTENSION, **body})


def test_an_extension_goes_on_from_the_video_in_its_body() -> None:
    link = f"data:video/mp4;base64,{base64.b64encode(VIDEO).decode()}"
    order = check_body({**EXTENSION, "video_url": link})
    assert (order.video, order.duration, order.resolution, order.aspect_ratio) == (VIDEO, 7, "720p", "16:9")


async def test_a_refused_body_creates_nothing(client: Client) -> None:
    await client.create(duration=5)

    logs = await client.call("GET", "/v2/logs", params={"period": "1h"})
    assert [row["status"] for row in logs.json["data"]] == ["failed"]
    assert logs.json["data"][0]["cost"] == {"usd": 0.0, "credits": 0}
