"""Each body that is sent to the small Discord is measured by Discord's own schema."""

from collections.abc import AsyncIterator, Mapping

import aiohttp
import pytest

from tests.wire.bodies import Bodies
from tests.wire.reduce_schema import SCHEMA
from tests.wire_discord import WireDiscord

Json = Mapping[str, object]
POST = "POST /channels/{channel_id}/messages"
BUTTON = {"type": 2, "style": 1, "label": "Cancel", "custom_id": "cancel"}
LARGEST_FILE = 150_000  # bytes of the reduced schema


def row(*components: Json) -> Json:
    return {"components": [{"type": 1, "components": components}]}


def menu(options: int, value: str = "{}") -> Json:
    named = [{"label": "One", "value": value.format(number)} for number in range(options)]
    return {"type": 3, "custom_id": "menu", "options": named}


def many(count: int) -> Json:
    return {"embeds": [{"title": "One"}] * count}


# What Discord takes, what it refuses, and the field that it names.
LIMITS: dict[str, tuple[Json, Json, str]] = {
    "a text": ({"content": "x" * 2000}, {"content": "x" * 2001}, "content"),
    "a button's label": (
        row({**BUTTON, "label": "x" * 80}),
        row({**BUTTON, "label": "x" * 81}),
        "components.0.components.0.label",
    ),
    "a list of embeds": (many(10), many(11), "embeds"),
    "a menu's options": (row(menu(25)), row(menu(26)), "components.0.components.0.options"),
    "a row's buttons": (
        row(*({**BUTTON, "custom_id": f"{number}"} for number in range(5))),
        row(*({**BUTTON, "custom_id": f"{number}"} for number in range(6))),
        "components.0.components",
    ),
    "a button's id": (row(BUTTON), row(BUTTON, BUTTON), "components"),
    "a menu's values": (row(menu(2)), row(menu(2, "same")), "components"),
    "an embed's texts": (
        {"embeds": [{"description": "x" * 3000}] * 2},
        {"embeds": [{"description": "x" * 3000}, {"description": "x" * 3000, "footer": {"text": "x"}}]},
        "embeds",
    ),
    "a nonce": ({"content": "x", "nonce": "1" * 25}, {"content": "x", "nonce": "1" * 26}, "nonce"),
    "a mention": (
        {"content": "x", "allowed_mentions": {"parse": ["users"]}},
        {"content": "x", "allowed_mentions": {"parse": ["members"]}},
        "allowed_mentions.parse.0",
    ),
    "a file's description": (
        {"content": "x", "attachments": [{"id": 0, "description": "x" * 1024}]},
        {"content": "x", "attachments": [{"id": 0, "description": "x" * 1025}]},
        "attachments.0.description",
    ),
}


@pytest.fixture
async def session(wire: WireDiscord) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {wire.token}"}) as session:
        yield session


def address(wire: WireDiscord) -> str:
    return f"{wire.api_base}/channels/{wire.channel.id}/messages"


def form(body: Json) -> aiohttp.FormData:
    """Return a message with a file."""
    form = aiohttp.FormData()
    form.add_field("payload_json", aiohttp.JsonPayload(body))
    form.add_field("files[0]", b"video", filename="veo.mp4")
    return form


def named(errors: object) -> str:
    """Return the field that an answer names."""
    path: list[str] = []
    while isinstance(errors, dict) and "_errors" not in errors:
        name, errors = next(iter(errors.items()))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType, reportUnknownMemberType]: JSON
        path.append(str(name))  # pyright: ignore[reportUnknownArgumentType]: the same
    return ".".join(path)


@pytest.mark.parametrize("how", ["json", "form"])
@pytest.mark.parametrize("what", LIMITS)
async def test_a_wrong_body_is_refused_and_noticed(
    wire: WireDiscord, session: aiohttp.ClientSession, checked_bodies: Bodies, what: str, how: str
) -> None:
    right, wrong, field = LIMITS[what]
    for body in (right, wrong):
        is_form = how == "form" or "attachments" in body
        sent = form(body) if is_form else aiohttp.JsonPayload(body)
        async with session.post(address(wire), data=sent) as answer:
            said = await answer.json(content_type=None)
        if body is right:
            assert answer.status == 200, said
            checked_bodies.assert_right()
    assert (answer.status, said["code"], named(said["errors"])) == (400, 50035, field)
    with pytest.raises(AssertionError) as caught:
        checked_bodies.assert_right()
    assert str(caught.value).startswith(f"Discord would refuse {POST}: {field}: "), caught.value


async def test_a_body_of_an_operation_without_a_schema_is_noticed(checked_bodies: Bodies) -> None:
    assert checked_bodies.check("POST", "/guilds/1/channels", {"name": "films"})
    with pytest.raises(AssertionError, match="POST /guilds/1/channels: _: No schema"):
        checked_bodies.assert_right()


def test_the_schema_is_small_enough_to_be_kept() -> None:
    assert SCHEMA.stat().st_size < LARGEST_FILE
