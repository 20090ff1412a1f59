"""The provider's refusals: which error one means, in whose words, and how long it asks to wait. Pure."""

from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import isfinite
from typing import cast

from bot.clock import utc_now
from bot.provider.errors import VeoError, error_from_status
from bot.provider.models import aware
from bot.provider.reading import WRAPPERS, Fields, ids_in, read_json
from bot.provider.words import WordFilter, reason_in

LONGEST_RETRY_AFTER = 3600.0  # seconds
LONGEST_REQUEST_ID = 128  # characters
REQUEST_ID_NAMES = frozenset({"requestid", "request_id"})
REQUEST_ID_HEADERS = ("request-id", "requestid")  # how their names end
OUR_ID_HEADER = "x-client-request-id"  # our own name for the call, which it repeats
DEEPEST = 4  # an id in a list in an object in an error
PAGE = "<"  # how HTML begins, and XML
BROKEN = frozenset("{[")  # how JSON begins, though it could not be read
MAX_NOISE = 0.1  # of a text; more of it is no text
LONGEST_STATED = 64 * 1024  # bytes of an error


def stated_status(content: bytes) -> int | None:
    """Return the failure that the body of an answer states though its own status says success; None: none.

    What names a task, if only inside another object, was taken, whatever else it says.
    """
    try:
        body = read_json(content) if len(content) <= LONGEST_STATED else None
        fields = cast("Fields", body if isinstance(body, Mapping) else {})
        status = int(str(fields.get("statusCode")))
    except ValueError:
        return None
    is_failure = HTTPStatus.BAD_REQUEST <= status < 600
    inner = (cast("Fields", part) for part in map(fields.get, WRAPPERS) if isinstance(part, Mapping))
    return status if is_failure and not any(map(ids_in, (fields, *inner))) else None


def refusal_of(status: int, headers: Mapping[str, str], content: bytes, words: WordFilter) -> VeoError:
    """Return the error that an answer of status 300 or above means; its `words` are the provider's, cleaned.

    Source: "Errors" in the provider's documentation; the other forms of a reason are those of proxies, of
    validators, and of the services behind it.
    """
    try:
        body = read_json(content)
    except ValueError:
        body = _plain_text(content)
    said = words.clean(reason_in(body, with_fields=True))
    error = error_from_status(status, said or f"The video service answered {status}.", _retry_after(headers))
    error.words = said or None
    error.request_id = words.clean(_request_id(body, headers))[:LONGEST_REQUEST_ID] or None
    return error


def _plain_text(content: bytes) -> str:
    """Return a body that is no JSON, unless it is a page, half an answer, or no text at all."""
    text = content.decode(errors="replace").strip()
    if text.startswith(PAGE) or text[:1] in BROKEN:
        return ""
    noise = sum(char == "\ufffd" or not (char.isprintable() or char.isspace()) for char in text)
    return "" if noise > len(text) * MAX_NOISE else text


def _request_id(body: object, headers: Mapping[str, str]) -> str:
    """Return the provider's name for the call, which its support asks for."""
    named = [*_named_in(body, DEEPEST)]
    named += (text for name, text in headers.items() if _names_call(name.lower()) and text)
    return next(iter(named), "")


def _named_in(body: object, depth: int) -> Iterator[str]:
    """Yield the names that JSON of whatever form gives, the outer ones first."""
    if not depth or not isinstance(body, Mapping | list):
        return
    parts = cast("list[object]", body)
    if isinstance(body, Mapping):
        fields = cast("Fields", body)
        parts = list(fields.values())
        for name, part in fields.items():
            if name.lower() in REQUEST_ID_NAMES and part and isinstance(part, str | int):
                yield str(part)
    for part in parts:
        yield from _named_in(part, depth - 1)


def _names_call(header: str) -> bool:
    return header.endswith(REQUEST_ID_HEADERS) and header != OUR_ID_HEADER


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds the provider asks us to wait."""
    told = headers.get("Retry-After", "")
    try:
        seconds = float(told)
    except ValueError:
        seconds = _seconds_until(told, headers.get("Date", ""))
    if seconds is None or not isfinite(seconds):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _seconds_until(told: str, now: str) -> float | None:
    """Return the seconds until a date, by the clock of who tells it; a proxy may tell one."""
    try:
        until = aware(parsedate_to_datetime(told))
        return (until - (aware(parsedate_to_datetime(now)) if now else utc_now())).total_seconds()
    except ValueError:
        return None
