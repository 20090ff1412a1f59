"""The keys of the account: the bot's, and one of another program, whose calls only the bill shows to both."""

import secrets
from collections.abc import Callable

from aiohttp import web

BOTS_KEY = web.AppKey[Callable[[], str]]("BOTS_KEY")  # it may be replaced at any time


def sent_key(request: web.Request) -> bytes:
    """Return the key that came with a request."""
    # As bytes: texts are compared only if they're ASCII.
    return request.headers.get("Authorization", "").encode(errors="surrogateescape").removeprefix(b"Bearer ")


def is_bots_key(request: web.Request) -> bool:
    """Whether a request came with the bot's key."""
    return secrets.compare_digest(sent_key(request), request.app[BOTS_KEY]().encode())
