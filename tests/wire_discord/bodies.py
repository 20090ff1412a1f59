"""Request bodies: JSON, or `multipart/form-data` with `payload_json` and `files[n]` ("Uploading Files")."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import BodyPartReader, web

from tests.wire_discord import refusals
from tests.wire_discord.state import Json

FILE_FIELD = re.compile(r"files\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as it arrived; `name` is the part's own file name."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Body:
    """A request's body: `json` is None where there was none, `uploads` has files by their number."""

    json: object
    uploads: Mapping[int, Upload] = field(default_factory=dict[int, Upload])

    @property
    def form(self) -> Json:
        """The body as an object.

        Raises:
            RefusalError: 50035; it is something else.
        """
        if not isinstance(self.json, dict):
            raise refusals.invalid_form("_", "Only dictionaries may be used in a DictType")
        return self.json  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]: JSON's keys are strings


BODY = web.RequestKey("BODY", Body)


async def read_body(request: web.Request) -> Body:
    """Read the whole body.

    Raises:
        RefusalError: 50109; what should be JSON is none.
    """
    if request.content_type == "multipart/form-data":
        return await _read_parts(request)
    return Body(_parse(await request.read()))


async def _read_parts(request: web.Request) -> Body:
    uploads: dict[int, Upload] = {}
    content: object = None
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        data = bytes(await part.read())
        number = FILE_FIELD.fullmatch(part.name or "")
        if number:
            uploads[int(number[1])] = Upload(part.filename or "unknown", data)
        elif part.name == "payload_json":
            content = _parse(data)
    return Body(content, uploads)


def _parse(data: bytes) -> object:
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError:
        raise refusals.RefusalError(400, 50109, "The request body contains invalid JSON.") from None
