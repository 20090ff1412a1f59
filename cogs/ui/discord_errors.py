"""The meaning of Discord's refusals for a result that must arrive: the one mapping of its codes.

Source: Discord's "Opcodes and Status Codes"; a code that is not named here means "not here".
"""

import re
from enum import Enum, auto

import aiohttp
import discord

from bot.jobs.ports import DeliveryPostponedError

# Rate and write limits, overload, features switched off for a while.
PASSING_CODES = frozenset({130000, 20016, 20028, 20029, 40004, 40006, 40062})
# A file, or the request with it, is over the limit of the place.
SIZE_CODES = frozenset({40005, 50045})
# Discord cannot read the file, or this server takes no files now.
FILE_CODES = frozenset({50046, 50110, 50123, 50146, 400001})
# AutoMod or a link filter stopped the words.
FILTER_CODES = frozenset({200000, 200001, 240000})
# Discord finds the message malformed (50035): a fault of ours, but the plainest form may pass.
WORDS_CODES = FILTER_CODES | {50035}
THREAD_EXISTS = 160004
TOO_SLOW = 408  # HTTP's "Request Timeout"
# Also: a proxy's or Cloudflare's ways to say that the request took too long, or broke on the way to Discord.
BROKEN = frozenset({TOO_SLOW, 502, 504, 520, 522, 524})
TOO_MANY = 429  # HTTP's "Too Many Requests"
SERVER_ERROR = 500  # the lowest HTTP status of one
# No connection came about, so nothing was sent: it was refused, took too long, or found no name or no TLS.
NEVER_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")  # of the header Retry-After, where it is no date


class Remedy(Enum):
    """The next thing to do."""

    LATER = auto()  # the same again, after a while
    TOO_LARGE = auto()  # the same with a smaller file
    NOT_THE_FILE = auto()  # the same without the file
    NOT_THE_WORDS = auto()  # the same without the member's words
    ELSEWHERE = auto()  # another place


def classify_error(error: Exception) -> Remedy:
    """Return what `error`, raised by a call to Discord, means."""
    match error:
        case discord.HTTPException() if error.status == 413 or error.code in SIZE_CODES:
            return Remedy.TOO_LARGE
        case discord.HTTPException() if error.code in FILE_CODES:
            return Remedy.NOT_THE_FILE
        case discord.HTTPException() if error.code in WORDS_CODES:
            return Remedy.NOT_THE_WORDS
        case discord.HTTPException() if error.code in PASSING_CODES:
            return Remedy.LATER
        # 401: the token was reset. That says nothing about the destination, and a new token mends it.
        # 408: a proxy that stands before Discord took the upload for too slow.
        case discord.HTTPException() if error.status in {401, TOO_SLOW, TOO_MANY}:
            return Remedy.LATER
        case discord.HTTPException() if error.status >= SERVER_ERROR:
            return Remedy.LATER
        case discord.HTTPException():
            return Remedy.ELSEWHERE
        case _:
            return Remedy.LATER


def is_broken_connection(error: Exception) -> bool:
    """Whether the connection was there and broke, or was given up, before the answer came.

    aiohttp gives a request up after five minutes, in which a slow line does not carry every file.
    """
    if isinstance(error, NEVER_CONNECTED):
        return False
    if isinstance(error, discord.HTTPException):
        return error.status in BROKEN
    broken = (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError, ConnectionError, TimeoutError)
    return isinstance(error, broken)


def is_unclear(error: Exception) -> bool:
    """Whether the call may have been carried out all the same, or may be yet."""
    if isinstance(error, discord.HTTPException):
        return error.status >= SERVER_ERROR or error.status == TOO_SLOW
    return isinstance(error, (aiohttp.ClientError, OSError)) and not isinstance(error, NEVER_CONNECTED)


def says_thread_exists(error: Exception) -> bool:
    """Whether the thread that was to be made is there already."""
    return isinstance(error, discord.HTTPException) and error.code == THREAD_EXISTS


# What discord.py raises where an answer is not Discord's, as where another page stands in its place.
UNREADABLE = (AttributeError, LookupError, TypeError, ValueError)
# Everything that discord.py lets through when a request fails; `classify_error` knows what each means.
CALL_ERRORS = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError)


def retry_after(error: Exception) -> float | None:
    """Return how many seconds Discord, or a proxy before it, wants to be left alone; None: it says none."""
    if isinstance(error, discord.RateLimited):
        return error.retry_after
    if not isinstance(error, discord.HTTPException) or error.status != TOO_MANY:
        return None
    named: object = getattr(error.response, "headers", {}).get("Retry-After")
    return float(named) if isinstance(named, str) and SECONDS.fullmatch(named) else None


def postponed(error: Exception) -> DeliveryPostponedError:
    """Return the runner's word for an error that `classify_error` takes for passing."""
    return DeliveryPostponedError(str(error) or type(error).__name__, retry_after(error))
