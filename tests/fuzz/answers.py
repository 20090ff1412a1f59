"""What a provider or a file server may answer: right answers changed a little, and plain nonsense."""

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

KEY = "sk-fuzzed-0123456789abcdef"

# Right answers of every kind, to be changed.
RIGHT: list[Any] = [
    {"id": "df43b636:veo3", "status": "queued"},
    {"id": "df43b636:veo3", "status": "generating", "meta": {"usage": {"credits_used": 12}}},
    {
        "id": "df43b636:veo3",
        "status": "completed",
        "video": {"url": "https://cdn.example.com/v.mp4"},
        "meta": {"usage": {"credits_used": 4_160_000}},
    },
    {"id": "df43b636:veo3", "status": "error", "error": {"name": "Oh", "message": f"no {KEY}"}},
    {
        "generation_id": "df43b636:veo3",
        "status": "succeeded",
        "video": ["https://cdn.example.com/v.mp4", KEY],
    },
    {"id": "df43b636:veo3", "status": "error", "error": {"detail": [{"loc": ["x"], "msg": f"no {KEY}"}]}},
    {"message": f"The key {KEY} is not valid", "statusCode": 401},
    {"current_balance": 12.5},
    {"data": [], "pagination": {"has_more": False}},
    {
        "data": [
            {
                "created": "2026-01-01T00:00:00Z",
                "status": "succeeded",
                "inference_id": "df43b636:veo3",
                "client_request_id": "ours",
            }
        ],
        "pagination": {"has_more": True},
    },
    {
        "data": [
            {
                "id": "google/veo3",
                "pricing": {"units": [{"name": "second", "price": 1.0, "conditions": {"duration": 4}}]},
            }
        ]
    },
]

ODD_TEXTS = [
    "", "\0", "\ud800", "x" * 5000, KEY, "@everyone <@1>", "𝕏" * 300, "http://169.254.169.254/", "file:///etc/passwd",
    "-1", "NaN", "1e999", "2026-13-45T99:99:99Z", "../../x", "completed", "error",
]  # fmt: skip
ODD_NUMBERS = [0, -1, 2**31, 2**63, -(2**63), 10**30, 1e308, -0.0, 0.1]
ODD: list[Any] = [*ODD_TEXTS, *ODD_NUMBERS, None, True, False, [], {}, [[]], {"": ""}]

leaves = st.sampled_from(ODD) | st.text(max_size=40) | st.integers() | st.floats(allow_nan=True)
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every part of a JSON value."""
    found = [path]
    if isinstance(value, dict | list):
        keys: Any = value if isinstance(value, dict) else range(len(value))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]: JSON
        for key in keys:
            found += paths_of(value[key], (*path, key))
    return found


def replaced(value: Any, path: tuple[Any, ...], part: Any) -> Any:
    """Return a copy with another part; `Ellipsis`: without it."""
    if not path:
        return None if part is ... else part
    copy = dict(value) if isinstance(value, dict) else list(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]: JSON
    if len(path) == 1 and part is ...:
        del copy[path[0]]
    else:
        copy[path[0]] = replaced(copy[path[0]], path[1:], part)
    return copy  # pyright: ignore[reportUnknownVariableType]: JSON


@st.composite
def changed(draw: st.DrawFn, right: st.SearchStrategy[Any], most: int = 3) -> Any:
    """Draw a right JSON value with up to `most` parts replaced or taken away."""
    value = draw(right)
    for _ in range(draw(st.integers(0, most))):
        path = draw(st.sampled_from(paths_of(value)))
        value = replaced(value, path, draw(st.just(...) | leaves | anything))
    return value


def as_bytes(value: Any) -> bytes:
    """Return a value as JSON; NaN, endless numbers and halves of characters stay in it."""
    return json.dumps(value).encode()


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as it goes over the wire."""

    raw: bytes


STATUSES = [
    200,
    201,
    204,
    206,
    301,
    302,
    304,
    307,
    400,
    401,
    402,
    403,
    404,
    408,
    409,
    410,
    418,
    422,
    425,
    429,
    451,
    499,
    500,
    502,
    503,
    504,
    520,
    599,
    0,
    99,
    600,
    999,
]
HEADERS = [
    ("Retry-After", "5"),
    ("Retry-After", "-1"),
    ("Retry-After", "nan"),
    ("Retry-After", "inf"),
    ("Retry-After", "1e400"),
    ("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"),
    ("Retry-After", "９"),
    ("Retry-After", ""),
    ("Content-Encoding", "gzip"),
    ("Content-Encoding", "br"),
    ("Content-Encoding", "deflate"),
    ("Content-Encoding", "x"),
    ("Content-Type", "text/html; charset=utf-99"),
    ("Content-Type", "application/json"),
    ("Content-Type", ""),
    ("Content-Length", "0"),
    ("Content-Length", "7"),
    ("Content-Length", "99999999"),
    ("Content-Length", "-1"),
    ("Content-Length", "x"),
    ("Transfer-Encoding", "chunked"),
    ("Transfer-Encoding", "gzip"),
    ("Location", ""),
    ("Location", "http://169.254.169.254/latest"),
    ("Location", "//"),
    ("Location", "http://[::"),
    ("Location", "javascript:1"),
    ("Location", "/elsewhere"),
    ("Set-Cookie", "a=b; Domain=.example.com"),
    ("Set-Cookie", "\u00ff=;;;="),
    ("Connection", "keep-alive"),
    ("X", "y" * 9000),
    ("", ""),
    ("A b", "c"),
    ("Upgrade", "websocket"),
]

bodies = (
    changed(st.sampled_from(RIGHT)).map(as_bytes)
    | anything.map(as_bytes)
    | st.binary(max_size=200)
    | st.sampled_from([b"", b"[" * 100_000, b"<html>", b"\xff\xfe", b'{"id":', b"\0" * 5000, b'{"a":' * 5000])
)


@st.composite
def answers(draw: st.DrawFn, bodies: st.SearchStrategy[bytes] = bodies) -> Answer:
    """Draw an answer: mostly HTTP, at times anything."""
    if draw(st.integers(0, 19)) == 0:
        return Answer(draw(st.binary(max_size=300)))
    status, body = draw(st.sampled_from([200] * 20 + STATUSES)), draw(bodies)
    headers = draw(st.lists(st.sampled_from(HEADERS), max_size=2))
    if not any(name in {"Content-Length", "Transfer-Encoding"} for name, _ in headers):
        headers.append(("Content-Length", str(len(body))))
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers), "", ""]
    return Answer("\r\n".join(lines).encode() + body)
