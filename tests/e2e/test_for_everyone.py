"""What the bot says can be read by everybody: without pictures, without embeds, without colours.

People go through what they do most, and every message that Discord was sent on the way is looked at.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.world import World
from tests.e2e.flows import FLOWS, Flow, the_use_of_the_server

SEEN = (".png", ".mp4")  # files that are looked at
WORD = re.compile(r"[^\W\d_]{2,}")
MARKUP = re.compile(r"<[@#:a-z][^>]*>|https?://\S+|`[^`]*`")


def messages(world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the path and the body of everything that became a message, or changed one."""
    for request in world.env.http_requests:
        match request.json:
            case {"data": {"content": _, **_others} as data}:
                yield request.path, data
            case {"content": _, **_others} as data if request.method in {"POST", "PATCH"}:
                yield request.path, data
            case _:
                pass


def parts(body: Any, kind: int) -> Iterator[dict[str, Any]]:
    """Yield the components of a kind, in Discord's numbers, wherever they are."""
    match body:
        case list():
            for part in body:  # pyright: ignore[reportUnknownVariableType]: JSON
                yield from parts(part, kind)
        case {"type": found, **rest}:
            if found == kind:
                yield body  # pyright: ignore[reportUnknownMemberType]: JSON
            yield from parts(rest.get("components", []), kind)
        case _:
            return


def seen_files(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the pictures and videos that a message brings."""
    return [file for file in body.get("attachments", []) if file.get("filename", "").endswith(SEEN)]


def words_of(text: str) -> list[str]:
    """Return the words of a text, without mentions, links and what is to be typed."""
    return WORD.findall(MARKUP.sub(" ", text))


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
async def test_everything_that_is_said_is_said_in_words(world: World, flow: Flow) -> None:
    await flow(world)
    said = list(messages(world))
    assert said, "nothing was said at all"
    for path, body in said:
        assert words_of(body["content"] or ""), f"only an embed or a file speaks: {path}: {body}"
        for line in (body["content"] or "").splitlines():
            if not line.startswith("> ") and not line.isascii():
                assert WORD.search(line), f"a sign without a word: {line!r}"
        for button in parts(body.get("components", []), 2):
            assert words_of(button.get("label") or ""), f"a button without a word: {button}"
        for file in seen_files(body):
            assert words_of(file.get("description") or ""), f"a picture or video without alt text: {file}"


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
async def test_what_an_embed_shows_begins_in_the_text(world: World, flow: Flow) -> None:
    await flow(world)
    for path, body in messages(world):
        for embed in body.get("embeds", []):
            text = str(embed.get("description", ""))
            assert text[:80] in body["content"] or embed.get("title"), f"{path}: only the embed says {text!r}"
            assert not embed.get("color"), "a colour that says something says it to some only"


async def test_the_flows_have_pictures_and_videos_in_them(world: World) -> None:
    await the_use_of_the_server(world)
    names = [file["filename"] for _path, body in messages(world) for file in seen_files(body)]
    assert {name.rsplit(".")[-1] for name in names} == {"png", "mp4"}, "there was nothing to describe"
