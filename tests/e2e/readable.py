"""Tells whether everybody can read what the bot says: without images, without embeds, without colours."""

import re
from collections.abc import Iterator
from typing import Any

from sandbox.world import World

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
    """Return the images and videos that a message brings."""
    return [file for file in body.get("attachments", []) if file.get("filename", "").endswith(SEEN)]


def words_of(text: str) -> list[str]:
    """Return the words of a text, without mentions, links and what is to be typed."""
    return WORD.findall(MARKUP.sub(" ", text))


def assert_readable(path: str, body: dict[str, Any]) -> None:
    """Check that a message can be read without its signs, buttons, files and embeds."""
    text = body["content"] or ""
    assert words_of(text), f"only an embed or a file speaks: {path}: {body}"
    for line in text.splitlines():
        if not line.startswith("> ") and not line.isascii():
            assert WORD.search(line), f"a sign without a word: {line!r}"
    for button in parts(body.get("components", []), 2):
        assert words_of(button.get("label") or ""), f"a button without a word: {button}"
    for file in seen_files(body):
        assert words_of(file.get("description") or ""), f"an image or video without alt text: {file}"
    for embed in body.get("embeds", []):
        shown = str(embed.get("description", ""))
        assert shown[:80] in text or embed.get("title"), f"{path}: only the embed says {shown!r}"
        assert not embed.get("color"), "a colour that says something says it to some only"
