"""The provider's words: found wherever an answer has them, and fit to be shown, stored and logged. Pure.

Whatever it says in prose goes through `WordFilter`: fields of the answers by their type `Said`, and what is
said of a refusal in `bot.provider.refusals`.
"""

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from http import HTTPStatus
from typing import Annotated, cast
from urllib.parse import unquote

from pydantic import BeforeValidator, ValidationInfo

from bot.provider.reading import Fields, read_json
from bot.provider.repeated_words import hide_words
from bot.provider.safety import tells_of_safety

SHORTEST_SECRET = 16  # letters and digits; a shorter one in pieces could be any words
BETWEEN = r"[\W_]{0,4}"  # what may stand between two of its letters: spaces, line ends, dashes, quotes
UNICODE_ESCAPES = re.compile(r"\\+u00([\da-fA-F]{2})")
BITS_OF_BYTE, BITS_OF_LETTER = 8, 6  # of Base64
REASON_MAX_LENGTH = 500  # characters of what the provider says that are worth keeping
MAX_READ = 20_000  # characters that are looked at; what is longer is no message but a file
MAX_PIECES = 5  # of a reason that comes in several
DEEPEST = 6  # a reason within a reason within a reason
SHORTEST_PIECE_OF_KEY = 8  # characters; a key that is told in part is told too

IMAGES = re.compile(  # data URIs
    r"data:[\w.+-]+/[\w.+-]+(?:;(?!base64,)[\w.=+-]+)*(?:;base64,[\w+/=%-]*|,[^\s\"'<>)]*)", re.IGNORECASE
)
BASE64 = re.compile(r"[A-Za-z\d/+]{200,}={0,2}")  # a file without such a beginning
KEYS = re.compile(
    r"\bBearer\s+[\w.~+/=*-]{8,}"
    r"|\b(?:sk|pk|rk)[-_](?=[\w*-]{0,64}[\d*])[\w*-]{8,}"  # as most services make them; may be starred out
    r"|\bAIza[\w-]{20,}"  # Google's
    r"|\beyJ[\w-]{8,300}\.[\w-]+(?:\.[\w-]*)?"  # JSON web tokens
    r"|\b(?=[A-Za-z_]*\d)(?=[\d_]*[A-Za-z])\w{32,}",  # this provider's: 32 digits and letters in a row
    re.ASCII | re.IGNORECASE,
)
TOKENS = re.compile(rf"[\w-]{{{SHORTEST_PIECE_OF_KEY},}}")

PHRASES = frozenset(status.phrase.casefold() for status in HTTPStatus)
# What holds a reason, or objects and lists that do; the first ones say it best.
REASONS = (
    *("message", "msg", "reason", "description", "error_description", "error_message", "errormessage"),
    *("title", "error", "errors", "detail", "details", "meta", "issues", "cause"),
)
NAMES = ("name", "code", "type")
# What is wrapped around reasons, and no field of the request.
WRAPPERS = frozenset({"data", "response", "body", "result", "reasons", "messages"})
# What stands in place of a reason where there is none, and what a template has.
NO_REASON = re.compile(r"null|none|nil|undefined|<[\w ]*>", re.IGNORECASE)
# What stands beside a reason and is none.
BESIDE = frozenset(
    {"path", "loc", "input", "ctx", "url", "documentation_url", "requestid", "request_id", "statuscode"}
    | {"timestamp", "usage", "stack", "received", "expected", "location", "status", *NAMES}
)


def hide_key(text: str, key: str, instead: str) -> str:
    """Return a text with something else instead of a key, in whatever form it stands there."""
    text = text.replace(key, instead)
    forms = _forms_of(key)
    if forms is None:
        return text
    # Escapes are kept where there is nothing to hide: they may be a part of an address.
    plain = next((plain for plain in _unescaped(text) if forms.search(plain)), None)
    return text if plain is None else forms.sub(instead, plain)


def _unescaped(text: str) -> Iterator[str]:
    yield text
    yield unquote(text)
    yield unescape(text)
    yield UNICODE_ESCAPES.sub(lambda escape: chr(int(escape[1], 16)), text)


@lru_cache(maxsize=8)
def _forms_of(key: str) -> re.Pattern[str] | None:
    letters = [letter for letter in key if letter.isalnum()]
    if len(letters) < SHORTEST_SECRET:
        return None
    in_pieces = BETWEEN.join(map(re.escape, letters))
    encoded = "|".join(map(re.escape, _in_base64(key.encode())))
    return re.compile(f"(?i:{in_pieces}|{key.encode().hex()})|{encoded}")


def _in_base64(key: bytes) -> Iterator[str]:
    """Yield the letters that are the key's alone, whatever stands before and behind it."""
    for before in range(3):
        start = -(-before * BITS_OF_BYTE // BITS_OF_LETTER)
        end = (before + len(key)) * BITS_OF_BYTE // BITS_OF_LETTER
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(bytes(before) + key)[start:end].decode()


@dataclass(frozen=True, slots=True)
class WordFilter:
    """The one filter for what the provider says.

    Attributes:
        key: our API key, which it may repeat.
        private: a member's words, which it may repeat, too; the prompt first.
    """

    key: str = ""
    private: Sequence[str] = ()

    def __repr__(self) -> str:
        """Return a form without the key."""
        return "WordFilter()"

    def clean(self, text: str) -> str:
        """Return a text without keys, images, a member's words and what no database takes, and cut it."""
        text = hide_words(text[:MAX_READ], self.private, self._tells_of_safety)
        text = text.encode(errors="replace").decode().replace("\0", "")
        text = BASE64.sub(_without_file, IMAGES.sub("the image", text))
        if self.key:
            text = hide_key(text, self.key, "the key")
            text = TOKENS.sub(self._without_piece, text)
        return KEYS.sub("a key", text).strip()[:REASON_MAX_LENGTH].strip()

    def _tells_of_safety(self, text: str) -> bool:
        return tells_of_safety(text[:REASON_MAX_LENGTH], next(iter(self.private), ""))

    def holds_key(self, text: str) -> bool:
        """Whether our key stands in it."""
        return bool(self.key) and hide_key(text, self.key, "") != text

    def _without_piece(self, token: re.Match[str]) -> str:
        return "the key" if token[0] in self.key else token[0]


def clean_words(value: object, info: ValidationInfo) -> str:
    """Return a field's words, cleaned; what is no text says nothing."""
    words = info.context if isinstance(info.context, WordFilter) else WordFilter()
    return words.clean(value) if isinstance(value, str) else ""


def clean_reason(value: object, info: ValidationInfo) -> str:
    """Return the reason in a field of whatever form, cleaned; empty where it gives none."""
    return clean_words(reason_in(value), info)


Said = Annotated[str, BeforeValidator(clean_words)]
SaidReason = Annotated[str, BeforeValidator(clean_reason)]


def reason_in(value: object, *, with_fields: bool = False) -> str:
    """Return the reason that JSON of whatever form gives, or an empty text.

    `with_fields`: with the field of the request that each piece is about.
    """
    found = list[str]()
    for piece in _pieces(value, DEEPEST, with_fields=with_fields):
        if not any(piece in earlier for earlier in found):
            found.append(piece)
        if len(found) == MAX_PIECES:
            break
    # "Bad Request" says nothing beside a reason.
    pieces = [piece for piece in found if piece.casefold() not in PHRASES] or found
    return _joined(pieces) or _name_in(value)


def _joined(pieces: list[str]) -> str:
    ends = [" " if piece.endswith(tuple(".!?:;,")) else "; " for piece in pieces]
    return "".join(piece + end for piece, end in zip(pieces, ends, strict=True)).rstrip(" ;")


def _pieces(value: object, depth: int, *, with_fields: bool) -> Iterator[str]:
    if isinstance(value, str):
        yield from _pieces_of_text(value.strip(), depth, with_fields=with_fields)
    if depth and isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _pieces(item, depth - 1, with_fields=with_fields)
    if depth and isinstance(value, Mapping):
        fields = cast("Fields", value)
        field = f"{field}: " if with_fields and (field := _field_of(fields)) else ""
        for name, part in _reasons_of(fields):
            is_field = with_fields and name not in REASONS and name not in WRAPPERS
            where = f"{name}: " if is_field else field
            for piece in _pieces(part, depth - 1, with_fields=with_fields):
                yield piece if where in piece else where + piece


def _pieces_of_text(text: str, depth: int, *, with_fields: bool) -> Iterator[str]:
    """Yield a text, or the reasons in it where it is JSON, as of a service behind the provider's."""
    inside = list[str]()
    if depth and text.startswith(("{", "[")):
        with suppress(ValueError):
            inside += _pieces(read_json(text.encode()), depth - 1, with_fields=with_fields)
    if inside:
        yield from inside
    elif text and not NO_REASON.fullmatch(text):
        yield text


def _reasons_of(fields: Fields) -> list[tuple[str, object]]:
    """Return the parts of an object that may say why; of one that names none, all that are texts."""
    lowered = {name.lower(): part for name, part in fields.items()}
    found = [(name, lowered[name]) for name in REASONS if lowered.get(name)]
    return found or [(name, part) for name, part in fields.items() if name.lower() not in BESIDE]


def _field_of(issue: Fields) -> str:
    """Return the field of the request that an issue is about: zod's `path`, FastAPI's `loc`."""
    path = issue.get("path") or issue.get("loc")
    names = [str(part) for part in cast("list[object]", path)] if isinstance(path, list) else []
    return ".".join(name for name in names if name != "body")


def _name_in(value: object, depth: int = DEEPEST) -> str:
    """Return the name or the number of an error that says nothing else."""
    if depth and isinstance(value, list):
        named = (_name_in(item, depth - 1) for item in cast("list[object]", value))
        return next(filter(None, named), "")
    if not depth or not isinstance(value, Mapping):
        return ""
    fields = cast("Fields", value)
    for part in (fields.get(name) for name in NAMES):
        if name := (_number(part) or _text(part)):
            return name
    return _name_in(fields.get("error"), depth - 1)


def _number(value: object) -> str:
    return str(value) if value and isinstance(value, int) and not isinstance(value, bool) else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) and not NO_REASON.fullmatch(value.strip()) else ""


def _without_file(run: re.Match[str]) -> str:
    """Return a run of letters and digits, unless it looks like a file: without a digit it may be a word."""
    return "the image" if any(map(str.isdigit, run[0])) else run[0]
