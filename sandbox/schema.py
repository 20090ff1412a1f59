"""Checks a create call's body as strictly as the provider's schemas, which the catalogue repeats.

Written apart from `Option.parse`, which forgives spelling: what the bot sends must be exact.
"""

import base64
import json
import re
from dataclasses import dataclass, replace
from io import BytesIO
from typing import cast

from PIL import Image

from bot.provider.catalogue import ALL_MODELS, Model, Option
from bot.provider.input_kinds import InputKind
from sandbox.refusals import RefusalError

MISSING = object()
LINK = re.compile(r"https?://\S+")
DATA_URI = re.compile(r"data:image/(png|jpeg|webp);base64,([A-Za-z0-9+/]+={0,2})")
VIDEO_URI = re.compile(r"data:video/mp4;base64,([A-Za-z0-9+/]+={0,2})")
# What the schema of some model names. Of other fields the documents say nothing, and the provider's own
# packages send some (`n`, `response_format`), so they are taken.
NAMED = frozenset({"model", "prompt"}).union(
    *({option.name for option in model.options} | {*model.kind.fields} for model in ALL_MODELS)
)
JSON_TYPES: dict[type, str] = {bool: "boolean", int: "integer", str: "string"}


@dataclass(frozen=True, slots=True)
class Order:
    """A create call that the schema allows, with the model's defaults filled in."""

    model: Model
    prompt: str
    duration: int  # seconds
    aspect_ratio: str
    resolution: str
    generate_audio: bool
    seed: int | None
    images: tuple[bytes, ...] = ()  # those that came in the body; links are not followed
    video: bytes | None = None  # the one that it goes on from, likewise
    unnamed: tuple[str, ...] = ()  # fields that no model's schema names: nothing says what becomes of them


def check_body(body: object) -> Order:
    """Return the order that `body` (decoded JSON) places.

    Raises:
        RefusalError: with 400, naming the field.
    """
    fields = fields_of(body)
    if not isinstance(body, dict):
        raise _invalid("body", "object", body)
    model = _check_model(fields)
    prompt = fields.get("prompt", MISSING)
    if not isinstance(prompt, str):
        raise _invalid("prompt", "string", prompt)
    images = _check_images(model, fields)
    video = _check_video(fields.get("video_url", MISSING)) if model.kind is InputKind.VIDEO else None
    for name, value in fields.items():
        if name in NAMED - {"model", "prompt", *model.kind.fields}:
            _check_field(model, name, value)
    unnamed = tuple(name for name in fields if name not in NAMED)
    order = _order(model, fields, tuple(image for image in images if image), unnamed)
    return replace(order, video=video)


def fields_of(body: object) -> dict[str, object]:
    """Return the fields of decoded JSON; none where it is no object."""
    return cast("dict[str, object]", body) if isinstance(body, dict) else {}


def _check_model(fields: dict[str, object]) -> Model:
    name = fields.get("model", MISSING)
    rows = [model for model in ALL_MODELS if model.provider_name == name]
    if not rows:
        names = dict.fromkeys(model.provider_name for model in ALL_MODELS)
        raise _invalid("model", " | ".join(map(json.dumps, names)), name)
    # Where images may be left out there is a row for each number of them.
    served = [model for model in rows if fields.keys() >= set(model.kind.image_fields)]
    return max(served or rows[:1], key=lambda model: len(model.kind.image_fields))


def _check_field(model: Model, name: str, value: object) -> None:
    option = model.option(name)
    if option is None:
        raise RefusalError(400, f"Body validation error! {name}: Unrecognized key(s) in object: '{name}'")
    # isinstance would let true pass as an integer.
    if type(value) is not option.type:
        raise _invalid(name, _expected(option), value)
    if option.choices and value not in option.choices:
        raise _invalid(name, _expected(option), value)


def _check_images(model: Model, fields: dict[str, object]) -> list[bytes | None]:
    """Return the model's images, in their order; None for a link."""
    if model.kind is not InputKind.REFERENCES:
        return [_check_image(name, fields.get(name, MISSING)) for name in model.kind.image_fields]
    (name,) = model.kind.image_fields
    value = fields.get(name, MISSING)
    # The prose says "up to 3"; that there must be one is a guess.
    found = cast("list[object]", value) if isinstance(value, list) else []
    if len(found) not in model.kind.counts:
        raise _invalid(name, "an array of 1 to 3 strings", fields.get(name, MISSING))
    return [_check_image(f"{name}.{index}", image) for index, image in enumerate(found)]


def _check_image(name: str, value: object) -> bytes | None:
    """Return the image in a data URI; None for a link."""
    if not isinstance(value, str):
        raise _invalid(name, "string", value)
    if LINK.fullmatch(value):
        return None
    found = DATA_URI.fullmatch(value)
    if found is None:
        raise _invalid(name, "uri", value)
    try:
        content = base64.b64decode(found[2], validate=True)
        with Image.open(BytesIO(content), formats=[found[1].upper()]) as image:
            image.load()
    except Exception as error:  # decoders raise whatever they like for a damaged file
        raise _invalid(name, f"an image of type {found[1]}", value) from error
    return content


def _check_video(value: object) -> bytes | None:
    """Return the video in a data URI; None for a link."""
    if not isinstance(value, str):
        raise _invalid("video_url", "string", value)
    if LINK.fullmatch(value):
        return None
    found = VIDEO_URI.fullmatch(value)
    if found is None:
        raise _invalid("video_url", "uri", value)
    content = base64.b64decode(found[1])
    if content[4:8] != b"ftyp":
        raise _invalid("video_url", "a video of type mp4", value)
    return content


def _expected(option: Option) -> str:
    choices = " | ".join(json.dumps(choice) for choice in option.choices)
    return choices or JSON_TYPES[option.type]


def _invalid(field: str, expected: str, received: object) -> RefusalError:
    shown = "undefined" if received is MISSING else json.dumps(received)[:100]
    return RefusalError(400, f"Body validation error! {field}: Expected {expected}, Received {shown}")


def _order(
    model: Model, fields: dict[str, object], images: tuple[bytes, ...], unnamed: tuple[str, ...]
) -> Order:
    defaults = {option.name: option.default for option in model.options}
    first = () if model.kind is InputKind.REFERENCES else images  # which only show who or what is in it
    resolved: dict[str, object] = {**defaults, **fields}
    seed = resolved.get("seed")
    return Order(
        model=model,
        prompt=str(resolved["prompt"]),
        duration=int(str(resolved["duration"])),
        aspect_ratio=_ratio(resolved.get("aspect_ratio"), first),
        resolution=str(resolved["resolution"]),
        generate_audio=resolved["generate_audio"] is True,
        seed=seed if isinstance(seed, int) else None,
        images=images,
        unnamed=unnamed,
    )


def _ratio(wish: object, images: tuple[bytes, ...]) -> str:
    return _ratio_of(images) if wish in {None, "auto"} else str(wish)


def _ratio_of(images: tuple[bytes, ...]) -> str:
    """Return the ratio that is nearer to the first image's."""
    if not images:
        return "16:9"
    with Image.open(BytesIO(images[0])) as image:
        return "9:16" if image.height > image.width else "16:9"
