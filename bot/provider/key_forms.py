"""Our API key as somebody else may write it: escaped, encoded, in pieces, in another case. Pure."""

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from urllib.parse import unquote

SHORTEST_SECRET = 16  # letters and digits; a shorter one in pieces could be any words
BETWEEN = r"[\W_]{0,4}"  # what may stand between two of its letters: spaces, line ends, dashes, quotes
UNICODE_ESCAPES = re.compile(r"\\+u00([\da-fA-F]{2})")
BITS_OF_BYTE, BITS_OF_LETTER = 8, 6  # of Base64


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
