"""Reading answers leniently: what nobody needs must not spoil what somebody does. Pure."""

import json
import re
from collections.abc import Mapping
from typing import Annotated, cast
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

Fields = Mapping[str, object]  # a JSON object

LONGEST_ADDRESS = 4096  # characters; signed ones have about a thousand
LONGEST_NUMBER = 400  # digits; a longer one is as good as endless
NOISE = "\ufeff\ufffd\0 \t\r\n"  # before and after JSON
DEEPEST = 6  # a list within an object within a list
# Where an object has its address; case and underscores make no difference.
IN_OBJECTS = (
    *("url", "uri", "urls", "videourl", "downloadurl", "fileurl", "href", "src", "video", "videos"),
    *("output", "file", "files", "generatedvideos", "generatevideoresponse", "generatedsamples"),
)
WRAPPERS = ("data", "task", "generation", "result", "response")  # what a task may stand in
SCHEMES = frozenset({"http", "https"})

# All escapes one after the other, so that no backslash is taken for the beginning of one.
ESCAPES = re.compile(
    r"\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(u[dD][89a-fA-F][\da-fA-F]{2})|.)",
    re.DOTALL,
)


def is_same_name(one: str, other: str) -> bool:
    """Whether two names are one model's: some are told with their maker's name, and some without."""
    one, other = one.casefold(), other.casefold()
    (maker, _, bare), (other_maker, _, other_bare) = one.rpartition("/"), other.rpartition("/")
    return one == other or (bare == other_bare and not (maker and other_maker))


class ForeignAnswerError(ValueError):
    """The answer is about another task than the one that was asked about."""


def read_json(content: bytes) -> object:
    """Return what JSON says; bytes that are no UTF-8 and halves of characters are replaced.

    Raises:
        ValueError: it is no JSON, or cut off.
    """
    text = content.decode(errors="replace").strip(NOISE)
    if "\\u" in text:
        text = ESCAPES.sub(lambda escape: "\\ufffd" if escape[1] else escape[0], text)
    try:
        return json.loads(text, strict=False, parse_int=_number)
    except RecursionError as error:
        raise ValueError("too deep") from error


def ids_in(task: Fields) -> list[str]:
    """Return the ids that an answer names: `id`, and `generation_id`, as some models' create has it."""
    named = (task.get("id"), task.get("generation_id"))
    return [str(name) for name in named if name and isinstance(name, str | int) and name is not True]


def unwrapped(answer: object) -> object:
    """Return the task in an answer: the only one of a list, or what stands in another object."""
    items = cast("list[object]", answer) if isinstance(answer, list) else [answer]
    if len(items) != 1 or not isinstance(items[0], Mapping):
        return items
    fields = cast("Fields", items[0])
    if ids_in(fields):
        return fields
    for part in map(fields.get, WRAPPERS):
        if isinstance(part, Mapping) and "status" in part and ids_in(cast("Fields", part)):
            return {**fields, **cast("Fields", part)}
    return fields


def about(answer: object, task_id: str) -> Fields:
    """Return a task's answer with the id that was asked about, which it need not repeat.

    Raises:
        ForeignAnswerError: it is about another one.
        ValueError: it is about none.
    """
    answer = unwrapped(answer)
    if not isinstance(answer, Mapping):
        raise ValueError("no object")  # noqa: TRY004 a bad answer, not a fault of the caller
    task = cast("Fields", answer)
    ids = ids_in(task)
    if ids and task_id not in ids:
        raise ForeignAnswerError
    if not (ids or isinstance(task.get("status"), str) or address_in(task.get("video"))):
        raise ValueError("no task")
    return {**task, "id": task_id}


def address_in(value: object, depth: int = DEEPEST) -> str | None:
    """Return the first usable address: of a text, an object (`IN_OBJECTS`), or a list of these."""
    if isinstance(value, str):
        return value.strip() if is_address(value.strip()) else None
    parts: list[object] = []
    if depth and isinstance(value, Mapping):
        fields = {plain_name(name): part for name, part in cast("Fields", value).items()}
        parts = [fields.get(name) for name in IN_OBJECTS]
    elif depth and isinstance(value, list):
        parts = cast("list[object]", value)
    return next((found for part in parts if (found := address_in(part, depth - 1))), None)


def plain_name(name: str) -> str:
    """Return a field's name in the one spelling: `video_url` and `videoUrl` are the same."""
    return name.replace("_", "").lower()


def is_address(text: str) -> bool:
    """Whether it can be an address of a file."""
    if len(text) > LONGEST_ADDRESS or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) < LONGEST_NUMBER else float(digits)


class Wire(BaseModel):
    """Base of all answers: unknown fields are allowed, since the provider adds some at times."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def none_if_odd(value: object, validate: ValidatorFunctionWrapHandler) -> object:
    """Take an odd detail for a missing one: it must not hide that a paid video is ready."""
    try:
        return validate(value)
    except ValidationError:
        return None


class Versioned(Wire):
    """An answer that the provider need not send again while it hasn't changed; `etag`: its version."""

    etag: Annotated[str | None, WrapValidator(none_if_odd)] = None
